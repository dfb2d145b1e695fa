"""Measurements, as ratios taken in one run. They are no tests: nothing here passes or fails."""
