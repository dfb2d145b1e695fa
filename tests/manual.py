r"""The manual page, made of the help: ``python -m tests.manual`` writes docs/digest.1 anew.

click-man makes a page a command, without the commands that are loaded when they are called, and lets their examples run
into one line; this is one page, in which everything can be searched for.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from digest.cli.console import Console
from digest.cli.group import COMMANDS, cli

PAGE = Path(__file__).parents[1] / "docs/digest.1"

_END = r"""
.SH EXIT STATUS
.TP
.B 0
Done, or nothing to do.
.TP
.B 1
A bug.
.TP
.B 2
The command line or the configuration is wrong.
.TP
.B 3
Another run is at work.
.TP
.B 4
A listing is overdue and missing, or what was asked for is not stored.
.TP
.B 5
A page was refused: it does not prove itself.
.TP
.B 6
The database or the disk cannot be read or written, or something is damaged.
.TP
.B 7
git or a notification failed; the archive here is whole.
.TP
.B 75
arXiv cannot be reached, or wants to be asked later.
.SH ENVIRONMENT
.TP
.B DIGEST_CONFIG
The configuration file, if
.B \-\-config
names none.
.TP
.BI DIGEST_ SECTION _ KEY
Goes over a key of the configuration file.
.TP
.B PAGER
What shows a list that is longer than the screen; by default less. "" or cat: nothing does.
.TP
.B NO_COLOR
If set, there are no colours and no links.
.TP
.B FORCE_HYPERLINK
1 if your terminal opens links that it is given by OSC 8, 0 if not; by default, digest knows some that do.
.TP
.B XDG_STATE_HOME
In whose folder digest it is remembered what you have read.
.SH FILES
.TP
.I config.toml
The configuration: in this folder, else in that of your own configurations.
.TP
.I ~/.local/state/digest/
What you have read of each archive, for
.BR "digest show \-\-unread" .
"""


def manual() -> str:
    """Return the page."""
    context = click.Context(cli, info_name="digest", obj=Console())
    lines = [
        r".\" Made of the help by python -m tests.manual.",
        '.TH DIGEST 1 "" digest "User Commands"',
        ".SH NAME",
        r"digest \- keep a daily digest of arXiv's listings that never loses a day",
        ".SH SYNOPSIS",
        ".B digest",
        *_usage(cli, context),
        ".SH DESCRIPTION",
        *_help(cli),
        ".SH OPTIONS",
        *_options(cli, context),
        ".SH COMMANDS",
    ]
    for title, commands in COMMANDS.items():
        lines.append(f".SS {_text(title)}")
        for place, name in enumerate(commands):
            command = cli.get_command(context, name)
            assert command is not None
            inner = click.Context(command, info_name=name, parent=context)
            lines += [
                *([".PP"] if place else []),
                f".B digest {_text(name)}",
                *_usage(command, inner),
                ".RS",
                *_help(command),
            ]
            lines += [*_options(command, inner), ".RE"]
    return "\n".join(lines) + _END


def _text(text: str) -> str:
    """Return a text that roff shows as it is."""
    shown = text.replace("\\", r"\e").replace("-", r"\-")
    shown = "".join(one if one.isascii() else rf"\[u{ord(one):04X}]" for one in shown)
    return rf"\&{shown}" if shown.startswith((".", "'")) else shown


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _text(" ".join(command.collect_usage_pieces(context)))


def _help(command: click.Command) -> Iterator[str]:
    for place, paragraph in enumerate(re.split(r"\n\s*\n", cleandoc(command.help or ""))):
        first, _, rest = paragraph.partition("\n")
        yield from [".PP"] if place else []
        if first != "\b":
            yield from map(_text, paragraph.splitlines())
        elif rest.partition("\n")[0].endswith(":"):
            yield from (".nf", *map(_text, rest.splitlines()), ".fi")
        else:
            yield "\n.br\n".join(map(_text, rest.splitlines()))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


if __name__ == "__main__":
    PAGE.write_text(manual(), encoding="utf-8")
