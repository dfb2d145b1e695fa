"""The command that lets programs read an archive: a server of the Model Context Protocol over stdin and stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from digest import __version__
from digest.cli import answers
from digest.cli.console import Console, Level
from digest.cli.group import command
from digest.cli.session import Session
from digest.errors import DigestError, UsageError, quoted

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.types import CallToolResult, Tool

_LONGEST = 1000  # characters of an argument
_KINDS: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}


@dataclass(frozen=True)
class Argument:
    """An argument of a tool: its kind in JSON, its meaning, what it is where it is left out (None: it is needed)."""

    kind: str
    words: str
    default: str | int | bool | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """It, as JSON Schema."""
        bounds: dict[str, Any] = {"string": {"maxLength": _LONGEST}, "integer": {"minimum": 1, "maximum": answers.MOST}}
        default = {} if self.default is None else {"default": self.default}
        return {"type": self.kind, "description": self.words, **bounds.get(self.kind, {}), **default}

    def read(self, name: str, value: object) -> object:
        """Return what was given.

        Raises:
            UsageError: it is of another kind, or out of its bounds.
        """
        is_of_kind = type(value) is _KINDS[self.kind]
        if self.kind == "integer" and not (is_of_kind and isinstance(value, int) and 1 <= value <= answers.MOST):
            raise UsageError(f"{name}: expected a whole number from 1 to {answers.MOST}, found {quoted(str(value))}")
        if not is_of_kind or (isinstance(value, str) and len(value) > _LONGEST):
            expected = f"a text of at most {_LONGEST} characters" if self.kind == "string" else "true or false"
            raise UsageError(f"{name}: expected {expected}, found {quoted(str(value))}")
        return value


@dataclass(frozen=True)
class Offer:
    """A tool that is offered: what it does, what it takes, what answers."""

    words: str
    ask: Callable[[Session, answers.Arguments], answers.Answer]
    takes: Mapping[str, Argument] = field(default_factory=dict)

    def read(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return all arguments.

        Raises:
            UsageError: one is missing, unknown or wrong.
        """
        if unknown := sorted(given.keys() - self.takes):
            raise UsageError(f"unknown argument {quoted(unknown[0])}; known: {', '.join(self.takes) or 'none'}")
        read: dict[str, object] = {}
        for name, argument in self.takes.items():
            value = given.get(name)
            if value is None and argument.default is None:
                raise UsageError(f"{name}: expected {argument.words}, found nothing")
            read[name] = argument.default if value is None else argument.read(name, value)
        return read


_DATE = "YYYY-MM-DD, today or yesterday (in New York), or latest, the newest that is stored"
_PAGES = {
    "limit": Argument("integer", "how many at most", 20),
    "cursor": Argument("string", "the next_cursor of the answer before, for what comes after it", ""),
}
_ABSTRACTS = Argument("boolean", "with abstracts and comments", default=True)

OFFERS: Mapping[str, Offer] = {
    "search": Offer(
        "Search titles, authors, abstracts and comments of the stored papers; each is found once, the newest first.",
        answers.search,
        {
            "query": Argument(
                "string",
                'words that a paper has to have; "a phrase"; segment* for beginnings; -without; OR and brackets; '
                "title: author: abstract: in:2021-10 or in:FROM..TO category:cs.RO has:code",
            ),
            "rank": Argument("boolean", "the most suitable papers first, instead of the newest", default=False),
            **_PAGES,
        },
    ),
    "day": Offer(
        "List the papers that arXiv announced on a date, numbered as in the digest.",
        answers.day,
        {
            "date": Argument("string", _DATE, "latest"),
            "category": Argument("string", "one that is kept here, such as cs.CV; all if none is named", ""),
            "section": Argument("string", "new, cross or replacement; those of the digest if none is named", ""),
            "abstracts": _ABSTRACTS,
            **_PAGES,
        },
    ),
    "paper": Offer(
        "Tell a paper's history over the stored days: when it was announced, and what changed.",
        answers.paper,
        {"id": Argument("string", "an arXiv id such as 2110.10101, or the address of its page"), **_PAGES},
    ),
    "view": Offer(
        "List the papers that a view of the user's shows on a date, and why; status names the views.",
        answers.view,
        {
            "name": Argument("string", "the name of a view"),
            "date": Argument("string", _DATE, "latest"),
            "abstracts": _ABSTRACTS,
            **_PAGES,
        },
    ),
    "recommend": Offer(
        "List the papers of a date that matter most to the user, by a model of those that the user marked, and why.",
        answers.recommend,
        {
            "date": Argument("string", _DATE, "latest"),
            "view": Argument(
                "string", "a view that has marks; the first such one, or all papers, if none is named", ""
            ),
            "abstracts": _ABSTRACTS,
            **_PAGES,
        },
    ),
    "status": Offer("Tell which listing dates are stored, provisional, missing or lost.", answers.status),
}
"""The tools by their names."""


@command()
def mcp(session: Session) -> int:
    """Let programs read the archive, over MCP.

    That is the Model Context Protocol of assistants and editors. One of them starts it, and it answers on stdin and
    stdout until its input ends: search, day, paper, view, recommend and status. It reads this archive alone, writes
    nothing and asks nobody. docs/AGENTS.md tells how to set it up. Needs the extra "mcp"; recommend needs "rank", too.

    \b
    Examples:
      digest mcp
      claude mcp add arxiv -- digest --config ~/arxiv/config.toml mcp
    """
    session.config  # noqa: B018 - what is wrong with it is said now, and not to each question
    if sys.stdin is None:
        raise UsageError("mcp: expected messages on the standard input, found it closed")
    try:
        server = new_server(session)
    except ImportError as error:
        words = "mcp needs the package mcp 2, which is not installed"
        raise UsageError(f"{words}: install the extra \"mcp\" (pip install 'arxiv-listing-digest[mcp]')") from error
    import asyncio
    import signal

    # A thread waits for the next line and hears of nothing else; whoever only reads leaves nothing undone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdin.isatty():
        session.console.say("expecting messages of an MCP client; docs/AGENTS.md tells how to set one up; Ctrl-C ends")
    try:
        asyncio.run(_serve(server))
    except BaseExceptionGroup as group:
        # A client that went away, or a closed output: what other commands would meet.
        cause: BaseException = group
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        raise cause from group
    return 0


async def _serve(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def new_server(session: Session) -> Server[Any]:
    """Return a server that answers from the archive of ``session``.

    Raises:
        ImportError: the package is not installed.
    """
    import asyncio

    from mcp.server.lowlevel import Server
    from mcp.types import CallToolRequestParams, ListToolsResult, PaginatedRequestParams

    one_at_a_time = asyncio.Lock()

    async def list_tools(_context: object, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(name, offer) for name, offer in OFFERS.items()])

    async def call_tool(_context: object, params: CallToolRequestParams) -> CallToolResult:
        async with one_at_a_time:
            return await asyncio.to_thread(call, session, params.name, params.arguments or {})

    return Server(
        "digest",
        version=__version__,
        instructions=f"A local archive of arXiv's daily listings, only to be read. {answers.NOTICE}",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _tool(name: str, offer: Offer) -> Tool:
    from mcp.types import Tool, ToolAnnotations

    schema = {
        "type": "object",
        "properties": {each: argument.schema for each, argument in offer.takes.items()},
        "required": [each for each, argument in offer.takes.items() if argument.default is None],
        "additionalProperties": False,
    }
    hints = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    return Tool(name=name, description=f"{offer.words} {answers.NOTICE}", input_schema=schema, annotations=hints)


class _Told(Console):
    """Keeps what a command would say of what is wrong, for the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def say(
        self, message: str, level: Level = "info", fields: Mapping[str, object] | None = None, traceback: str = ""
    ) -> None:
        """Keep one line."""
        del fields, traceback
        if level in ("warning", "error"):
            self.told.append(answers.visible(self._clean(message)))

    def shown(self, error: DigestError) -> str:
        """Return what went wrong, without secrets."""
        return answers.visible(self._clean(str(error)), 2000)


def _offer(name: str) -> Offer:
    if name not in OFFERS:
        raise UsageError(f"unknown tool {quoted(name)}; known: {', '.join(OFFERS)}")
    return OFFERS[name]


def call(session: Session, name: str, given: Mapping[str, object]) -> CallToolResult:
    """Return the answer of a tool; what goes wrong is told in the words of the command line.

    The archive is opened for each: a night may have come in between.
    """
    told = _Told()
    anew = Session(told, session.config_path, session.later, environment=session.environment, only_reads=True)
    try:
        offer = _offer(name)
        answer = offer.ask(anew, offer.read(given))
    except DigestError as error:
        return _result({"error": type(error).__name__, "exit_code": error.exit_code}, told.shown(error))
    except Exception as error:  # noqa: BLE001 - a bug is told like one, and the next question is answered
        import traceback

        lines = "".join(traceback.format_exception(error))
        words = f"this is a bug in digest {__version__}, please report it: {type(error).__name__}"
        session.console.say(words, "error", {"error": type(error).__name__, "exit_code": 1}, lines)
        return _result({"error": type(error).__name__, "exit_code": 1}, words)
    warnings = {"warnings": told.told} if told.told else {}
    return _result({"notice": answers.NOTICE, **warnings, **answer})


def _result(data: Mapping[str, Any], failure: str = "") -> CallToolResult:
    """Return an answer, or (``failure``) what went wrong, as text and as data."""
    import json

    from mcp.types import CallToolResult, TextContent

    text = failure or json.dumps(data, ensure_ascii=False)
    content = TextContent(type="text", text=text)
    return CallToolResult(content=[content], structured_content=dict(data), is_error=bool(failure))
