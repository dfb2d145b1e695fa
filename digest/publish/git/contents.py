"""What is in the last commit."""

from pathlib import Path

from digest.publish.git.program import Program


def is_committed(file: Path) -> bool:
    """Whether ``file`` is in the last commit as it is now.

    Raises:
        GitError: git cannot be run.
    """
    git = Program(file.parent)
    is_there = git.answer("cat-file", "-e", f"HEAD:./{file.name}").code == 0
    return is_there and git.answer("diff", "--quiet", "HEAD", "--", file.name).code == 0
