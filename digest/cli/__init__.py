"""The command line: arguments → one job → message and exit code.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""

from digest.cli.program import main

__all__ = ["main"]
