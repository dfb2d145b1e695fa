"""Foreign text that means harm: it stays text."""
