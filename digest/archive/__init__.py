"""One archive with its edges: what is known of it, days in and out, the files that it should have, the commit."""
