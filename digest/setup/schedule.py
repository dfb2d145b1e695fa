"""One command as cron's and systemd's files have it. Each unquotes in its own way before the command begins."""

import re
import shlex
from collections.abc import Sequence

_BY_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@"')
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def cron_command(words: Sequence[str]) -> str:
    r"""Return a command for a crontab, which a shell gets after cron has made \% a % (crontab(5)).

    Some crons make \\ a backslash, too, and others do not: no backslash of a word stands before either here.
    """
    # Inside the single quotes of shlex, '' ends one quoted part and begins the next.
    return " ".join(shlex.quote(word).replace("\\", "\\''").replace("%", r"\%") for word in words)


def systemd_command(words: Sequence[str]) -> str:
    """Return a command for ExecStart= after a colon, by which no $ in it is replaced (systemd.service(5))."""
    # Of the program's own name, systemd takes no quotes and no backslash, however they are quoted.
    through_shell = _BY_SHELL if set(words[0]) & set("\"'\\") else ()
    return " ".join(map(_systemd_word, (*through_shell, *words)))


def _systemd_word(word: str) -> str:
    word = word.replace("%", "%%")
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
