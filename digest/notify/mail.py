"""Mails of two parts, as alternatives: HTML and our own plain text.

apprise makes the plain part of a mail from its HTML, without the addresses of links, and takes none of ours. So it
prepares the mail, its plain part is replaced, and apprise's connection sends it.
"""

from __future__ import annotations

import email
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from apprise.plugins.base import NotifyBase
    from apprise.plugins.email.base import NotifyEmail

_WHOSE = ("from_addr", "cc", "bcc", "reply_to", "smtp_host", "names")
_HOW = ("port", "secure_mode", "user", "password", "verify_certificate", "socket_connect_timeout")

log = logging.getLogger(__name__)


def sender(plugin: NotifyBase) -> Callable[[str, str, str], bool] | None:
    """Return what sends subject, HTML and plain text by a service; None if that is not SMTP, or takes no such mail.

    An address may ask for text alone, and what is to be signed or encrypted is made by apprise as a whole.
    """
    from apprise.plugins.email.base import PGP_MODE_DEFAULT, NotifyEmail  # noqa: PLC0415 - heavy, and an extra

    if not isinstance(plugin, NotifyEmail) or plugin.pgp_mode != PGP_MODE_DEFAULT:
        return None
    return partial(_send, plugin) if plugin.resolve_format().value == "html" else None


def _send(plugin: NotifyEmail, subject: str, html: str, text: str) -> bool:
    """Send a mail to each recipient; return whether anybody took it: who did would get it again with every try."""
    from apprise import NotifyFormat  # noqa: PLC0415 - as above
    from apprise.plugins.email.smtp import AppriseSMTPController  # noqa: PLC0415 - as above

    whose, how = _of(plugin, _WHOSE), _of(plugin, _HOW)
    prepared = plugin.prepare_emails(
        subject=subject,
        body=html,
        to=plugin.targets,
        notify_format=NotifyFormat.HTML,
        headers={"Auto-Submitted": "auto-generated", **plugin.headers},
        **whose,
    )
    with AppriseSMTPController(host=plugin.smtp_host, **how) as smtp:
        taken = [smtp.sendmail(str(plugin.from_addr[1]), one.to_addrs, _with_text(one.body, text)) for one in prepared]
    if any(taken) and not all(taken):
        log.warning("a mail did not reach %d of %d recipients", taken.count(False), len(taken))
    return any(taken)


def _of(plugin: NotifyEmail, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(plugin, name) for name in names}


def _with_text(mail: str, text: str) -> str:
    """Return a mail with ``text`` for its plain part."""
    made = email.message_from_string(mail)
    plain = next(part for part in made.walk() if part.get_content_type() == "text/plain")
    del plain["Content-Transfer-Encoding"]
    plain.set_payload(text, "utf-8")
    return made.as_string()
