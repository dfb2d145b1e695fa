"""The command that lets a shell complete digest's commands, options and values."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from digest.cli.group import cli, command
from digest.cli.session import Session, user_folder
from digest.errors import UsageError, quoted

_SHELLS = ("bash", "zsh", "fish")
_DATA = ("XDG_DATA_HOME", ".local/share")
_MARK = "# Written by `digest completion --install`, which renews a file that has this line."


@command()
@click.argument("shell", metavar="[bash|zsh|fish]", type=click.Choice(_SHELLS), required=False)
@click.option("--install", is_flag=True, help="Write it where the shell looks for it, instead of printing it.")
def completion(session: Session, shell: str | None, *, install: bool) -> int:
    """Complete commands in your shell.

    Prints what your shell (by $SHELL, if you name none) needs to complete commands, options, categories, views and
    dates. --install puts it into your own folder of completions, and says where that is; a file there that is not
    digest's stays as it is. It takes effect in new shells.

    \b
    Examples:
      digest completion --install
      digest completion zsh --install
      eval "$(digest completion bash)"
    """
    shell = shell or _shell_of_the_user(session)
    script = _script(shell)
    if not install:
        session.console.answer({"shell": shell, "script": script}, script.splitlines())
        return 0
    folder, name = _place(session, shell)
    is_new = _install(folder, name, script)
    lines = [f"{'wrote' if is_new else 'up to date:'} {folder / name}", _needs(shell, folder)]
    session.console.answer({"shell": shell, "path": str(folder / name), "written": is_new}, lines)
    return 0


def _shell_of_the_user(session: Session) -> str:
    shell = session.environment.get("SHELL", "")
    name = os.path.basename(shell)  # noqa: PTH119 - of a word
    if name not in _SHELLS:
        raise UsageError(f"expected bash, zsh or fish; $SHELL is {quoted(shell)}, so name one")
    return name


def _script(shell: str) -> str:
    known = get_completion_class(shell)
    if known is None:
        raise UsageError(f"this version of click knows no completion for {shell}")
    first, _, rest = known(cli, {}, "digest", "_DIGEST_COMPLETE").source().strip().partition("\n")
    # zsh wants its own line first.
    return f"{first}\n{_MARK}\n{rest}\n" if first.startswith("#compdef") else f"{_MARK}\n{first}\n{rest}\n"


def _place(session: Session, shell: str) -> tuple[Path, str]:
    """Return the user's own folder of completions of a shell, and the name of digest's there.

    Source: the README of bash-completion, and the manuals of zsh (there is no folder, but this one is usual) and fish.
    """
    environment = session.environment
    match shell:
        case "bash":
            if (own := Path(environment.get("BASH_COMPLETION_USER_DIR", ""))).is_absolute():
                return own / "completions", "digest"
            return user_folder(environment, *_DATA) / "bash-completion/completions", "digest"
        case "zsh":
            return user_folder(environment, *_DATA) / "zsh/site-functions", "_digest"
        case _:
            return user_folder(environment, "XDG_CONFIG_HOME", ".config") / "fish/completions", "digest.fish"


def _install(folder: Path, name: str, script: str) -> bool:
    """Write a script; return False if it is there already.

    Raises:
        UsageError: somebody's own file is in its place.
        StoreError: it cannot be written.
    """
    from digest.disk.files import Folder

    there = Folder(folder)
    known = there.read(name)
    if known is not None and _MARK.encode() not in known:
        raise UsageError(f"{folder / name}: it is not digest's, and stays as it is; move it away first")
    return there.write(name, script.encode())


def _needs(shell: str, folder: Path) -> str:
    """Return what else it takes for the shell to find the script."""
    match shell:
        case "bash":
            return "bash loads it if the package bash-completion is set up, as it mostly is; open a new shell"
        case "zsh":
            return f"zsh loads it if ~/.zshrc has this line above that of compinit:  fpath=({folder} $fpath)"
        case _:
            return "fish loads it; open a new shell"
