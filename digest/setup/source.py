"""From where a machine without a disk installs digest: in a form that neither YAML nor a shell can misread."""

import re
from importlib.metadata import PackageNotFoundError, metadata

from digest import __version__
from digest.errors import UsageError
from digest.git.remote import has_secret

_PROJECT = "arxiv-listing-digest"
# The names by which projects call the place of their source ("Well-known Project URLs" of the packaging guide).
_LABELS = ("source", "repository", "sourcecode", "github", "homepage")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9._, -]*\])?"
_VERSION = r"(?:===?|~=|!=|<=?|>=?) ?v?[0-9][A-Za-z0-9.*+!_-]*"
_REQUIREMENT = rf"{_NAME}(?: ?{_VERSION}(?: ?, ?{_VERSION})*)?"
_ADDRESS = rf"(?:{_NAME} ?@ ?)?(?:[A-Za-z][A-Za-z0-9+.-]*://|\.{{0,2}}/)[A-Za-z0-9._~/:@=%+,#\[\]-]+"
_SOURCE = re.compile(f"{_REQUIREMENT}|{_ADDRESS}")


def source(wanted: str) -> str:
    """Return what pip should install: ``wanted``, or this version from the project's own address.

    Raises:
        UsageError: it is nothing that can be written down safely; or nothing is wanted, and no address known.
    """
    if not wanted:
        return _own_source()
    if has_secret((wanted,)):
        raise UsageError("--from: expected an address without a name or password: everybody can read the workflow")
    if not _SOURCE.fullmatch(wanted):
        expected = f"a requirement or address for pip, such as '{_PROJECT}==1.2' or git+https://HOST/PATH@v1.2"
        raise UsageError(f"--from: expected {expected}, without quotes and signs of the shell, found {wanted!r}")
    return wanted


def _own_source() -> str:
    try:
        entries = metadata(_PROJECT).get_all("Project-URL") or []
    except PackageNotFoundError:
        entries = []
    pairs = (entry.partition(",")[::2] for entry in entries)
    known = {re.sub(r"[\W_]", "", label).lower(): address.strip().rstrip("/") for label, address in pairs}
    for address in (known[label] for label in _LABELS if label in known):
        own = f"git+{address}@v{__version__}"
        if address.startswith("https://") and _SOURCE.fullmatch(own) and not has_secret((own,)):
            return own
    words = "this installation does not know where digest is published"
    raise UsageError(
        f"{words}: say what pip should install there with --from, such as git+https://HOST/PATH@v{__version__}"
    )
