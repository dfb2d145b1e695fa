"""What services are sent: in their own markup, within their own limits. They are apprise's, their servers are ours."""

import html
import json
import re
from collections.abc import Iterator

import pytest
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.rocketchat import NotifyRocketChat
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

from digest.notify import Address
from digest.notify.channels import Channels
from digest.notify.messages import Item, Message
from tests.receiver import Receiver, mail_to, post_office, receiving

TITLE = "Gaussian *Splatting* of a_b _c_ [x](https://evil.example) `d` <b>e</b> @everyone :smile: \\$f\\$ &lt;"
UNSEEN = "\u200b"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes messages."""
    with receiving() as one:
        yield one


@pytest.fixture
def services(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Addresses of services by name; each is served by the receiver, as fast as it can."""
    here = f"http://127.0.0.1:{receiver.port}"
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{here}/hook")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{here}/bot")
    monkeypatch.setattr(NotifySlack, "webhook_url", f"{here}/hook")
    for plugin in (NotifyDiscord, NotifyTelegram, NotifySlack, NotifyMattermost, NotifyRocketChat):
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)
    receiver.answer = b"ok"  # Slack looks for it
    local = f"127.0.0.1:{receiver.port}"
    return {
        "discord": "discord://123456789012345678/abcdefghijk-abcdefghijkabcdefghijk/",
        "telegram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "mattermost": f"mmost://{local}/3ccdd113474722377935511fc85d3dd4",
        "rocket": f"rocket://{'a' * 24}/{'b' * 48}@{local}/#c",
        "json": f"json://{local}/hook",
        "html": f"json://{local}/hook?format=html",
    }


def message(count: int, title: str = TITLE) -> Message:
    """Return a message with papers of a title."""
    papers = tuple(
        Item(f"{title} {number}", f"https://arxiv.org/abs/2503.{number:05d}", 'keyword "splat*"', number)
        for number in range(1, count + 1)
    )
    return Message("arXiv cs.CV, Wed, 5 Mar 2025: 12 new", ((Item("cs.CV: 12 new"),), papers))


def bodies(receiver: Receiver) -> list[str]:
    """Return the texts that a service was sent, by whichever name it has for them."""
    found = []
    for one in receiver.taken:
        sent = json.loads(one.body)
        sent = (sent.get("attachments") or [sent])[0]
        found.append(next(sent[key] for key in ("content", "text", "message") if sent.get(key)))
    return found


def sent(receiver: Receiver, address: str, what: Message) -> list[str]:
    """Send a message; return the texts that came."""
    fates = Channels([Address("env:A", address)]).deliver(what)
    assert [fate.failure for fate in fates.values()] == [""]
    return bodies(receiver)


@pytest.mark.parametrize(
    ("name", "limit"), [("discord", 2000), ("telegram", 4096), ("mattermost", 4000), ("rocket", 1000), ("slack", 35000)]
)
@pytest.mark.parametrize("count", [3, 12, 60])
def test_a_service_is_sent_what_it_takes(
    services: dict[str, str], receiver: Receiver, name: str, limit: int, count: int
) -> None:
    """Its limit holds with the title in it; no entry is split; the first has the number 1, the others follow."""
    found = sent(receiver, services[name], message(count))
    assert all(len(text.encode("utf-16-le")) // 2 <= limit for text in found)
    assert len(found) <= 5
    numbers = [int(one) for text in found for one in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    for text in found:
        assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) == len(set(re.findall(r"abs/(2503\.\d+)", text)))
    is_whole = len(numbers) == count
    assert is_whole != (f"… {count - len(numbers)} more are left out" in found[-1])


def test_only_the_first_part_has_the_title_where_it_stands_in_the_text(
    services: dict[str, str], receiver: Receiver
) -> None:
    """It says how many parts there are."""
    found = sent(receiver, services["rocket"], message(12))
    assert [text.count("Wed, 5 Mar 2025: 12 new") for text in found] == [1] + [0] * (len(found) - 1)
    assert f"(1/{len(found)})" in found[0]


@pytest.mark.parametrize("name", ["discord", "mattermost", "rocket"])
def test_a_chat_of_markdown_shows_a_title_as_it_is(services: dict[str, str], receiver: Receiver, name: str) -> None:
    """What its markdown knows is escaped; GitHub's own elements are nowhere."""
    (text,) = sent(receiver, services[name], message(1))
    assert r"a_b \_c\_ \[x\]" in text
    assert r"Gaussian \*Splatting\*" in text
    assert r"\`d\`" in text
    assert re.findall(r"\]\((.*?)\)", text) == ["https://arxiv.org/abs/2503.00001"]
    assert not re.search(r"<(span|a|b)\b|@everyone|:smile:|https://evil", text)


def test_telegram_gets_its_html(services: dict[str, str], receiver: Receiver) -> None:
    """Of all markup only the link to arXiv, and apprise's title, are live."""
    (text,) = sent(receiver, services["telegram"], message(1))
    assert re.findall(r"<(?!/)(.*?)>", text) == ["b", 'a href="https://arxiv.org/abs/2503.00001"']
    assert TITLE in html.unescape(text).replace(UNSEEN, "")


def test_slack_gets_its_own_links(services: dict[str, str], receiver: Receiver) -> None:
    """A title makes none, and calls nobody."""
    (text,) = sent(receiver, services["slack"], message(1))
    assert re.findall(r"<([^>|]*)\|", text) == ["https://arxiv.org/abs/2503.00001"]
    assert "<!" not in text
    assert "@everyone" not in text


def test_plain_text_has_addresses(services: dict[str, str], receiver: Receiver) -> None:
    """Written out, and a title as it is read."""
    (text,) = sent(receiver, services["json"], message(1))
    assert "\n   https://arxiv.org/abs/2503.00001" in text
    assert f"1. {TITLE}" in text.replace(UNSEEN, "")
    assert "](" not in text


@pytest.mark.parametrize("key", ["title_maxlen", "body_maxlen"])
def test_a_service_may_have_no_room_for_a_title_and_any_for_a_text(
    services: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The title stands in the text then."""
    monkeypatch.setattr(NotifyJSON, key, 0)
    (text,) = sent(receiver, services["json"], message(60))
    assert "60. " in text


def test_a_service_may_take_few_lines(
    services: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a desktop: a paper and its address are two."""
    monkeypatch.setattr(NotifyJSON, "body_max_line_count", 2)
    found = sent(receiver, services["json"], message(3))
    assert max(text.count("\n") for text in found) == 1
    assert [re.findall(r"abs/(\S+)", text) for text in found[1:]] == [[f"2503.0000{n}"] for n in (1, 2, 3)]


def test_an_sms_has_the_address(services: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 140 characters, title and all: the words are cut, the address is not."""
    monkeypatch.setattr(NotifyJSON, "body_maxlen", 140)
    monkeypatch.setattr(NotifyJSON, "title_maxlen", 0)
    found = sent(receiver, services["json"], message(12))
    assert max(map(len, found)) <= 140
    assert len(found) == 5
    for text in found[1:-1]:
        assert re.search(r"…\n   https://arxiv\.org/abs/2503\.0000\d$", text)
    assert "… 9 more are left out" in found[-1]


def test_an_address_may_ask_for_a_format(services: dict[str, str], receiver: Receiver) -> None:
    """As apprise lets it."""
    (text,) = sent(receiver, services["html"], message(1))
    assert '<a href="https://arxiv.org/abs/2503.00001">https://arxiv.org/abs/2503.00001</a>' in text
    assert "&lt;\u200bb&gt;" in text


def test_a_mail_reads_well_as_text() -> None:
    """Its plain part has the addresses; its other part has links, and no markup of a title's."""
    with post_office() as (port, mails):
        fates = Channels([Address("env:A", mail_to(port))]).deliver(message(2))
        assert [fate.failure for fate in fates.values()] == [""]
    (mail,) = mails
    texts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    plain = texts["text/plain"].replace(UNSEEN, "")
    assert f"1. {TITLE} 1\n" in re.sub(r"\n[ \t]+", "\n", plain.replace("\r", ""))
    assert re.findall(r"https://arxiv\S+", plain) == [f"https://arxiv.org/abs/2503.0000{n}" for n in (1, 2)]
    assert re.findall(r'href="(.*?)"', texts["text/html"])[-2:] == re.findall(r"https://arxiv\S+", plain)
    assert "<b>e" not in texts["text/html"]
