"""Messages and the health check: whether their addresses are there, and never what they are."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec

from digest.doctor.case import Case, Finding
from digest.doctor.schedule import given_by
from digest.errors import NotifyError
from digest.notify import read_addresses
from digest.notify.channels import Channels
from digest.notify.messages import Entry, Message

_OTHERS = 0o044


def check_channels(case: Case) -> Iterator[Finding]:
    """Look for the address of each channel, and for the library that sends."""
    urls = case.config.notify.urls
    if not urls:
        yield Finding("no channel for messages ([notify] urls is empty)")
        return
    if find_spec("apprise") is None:
        yield Finding("no message can be sent", "pip install 'arxiv-listing-digest[notify]'", NotifyError.exit_code)
    for place in urls:
        yield from _place(case, "messages", place)


def check_delivery(case: Case) -> Iterator[Finding]:
    """Send each channel a message, and tell what became of it."""
    addresses = []
    for place in case.config.notify.urls:
        with suppress(NotifyError):  # "check_channels" tells of it
            addresses += read_addresses(place, case.environment, case.config.folder)
    if not addresses:
        advice = "see above" if case.config.notify.urls else "name the address of a channel in [notify] urls"
        yield Finding("no test message was sent", advice)
        return
    name, categories = case.path.parent.name, ", ".join(case.config.arxiv.categories)
    words = f"This is a test, sent by `digest doctor --notify` for the archive {name} of {categories}. All is well."
    fates = Channels(addresses).deliver(Message("A test of digest", ((Entry(words),),)))
    for channel, fate in fates.items():
        if fate.failure:
            yield Finding(fate.failure, "see to its address, and to the service", NotifyError.exit_code)
        else:
            yield Finding(f"{channel} took a test message; look whether it came")


def check_health(case: Case) -> Iterator[Finding]:
    """Look for the address of the health check."""
    if case.config.notify.health:
        yield from _place(case, "health check", case.config.notify.health)


def _place(case: Case, what: str, place: str) -> Iterator[Finding]:
    kind, _, name = place.partition(":")
    try:
        found = len(read_addresses(place, case.environment, case.config.folder))
    except NotifyError as error:
        if kind == "env" and (by := given_by(case, name)):
            yield Finding(f"{what}: {place} is not set here, but for the runs of {by}")
            return
        advice = "set this variable where digest runs" if kind == "env" else "write the address into this file"
        yield Finding(f"{what}: {error}", advice, error.exit_code)
        return
    yield Finding(f"{what}: {place} has {found} address{'' if found == 1 else 'es'}")
    file = case.config.folder / name
    if kind == "file" and file.stat().st_mode & _OTHERS:
        yield Finding(f"{what}: others can read {file}", f"chmod 600 {file}")
