"""What is told and when, in which words, and how it is noted: decided on values."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest.calendar import heading_date, is_overdue
from digest.config.resources import read_calendar
from digest.errors import (
    DamageError,
    DigestError,
    FormatTooNewError,
    GitError,
    MissingError,
    NotifyError,
    PageRefusedError,
    TryLaterError,
)
from digest.model import LISTINGS, Alert, Announcement, DaySummary, Hit, Reach, Section, Source, State, Told, Trouble
from digest.notify.due import Listing, Turn, due_alert, is_nothing_due, is_ripe, opened, reach, recent_dates
from digest.notify.markup import MOST_PARTS, Form, parts
from digest.notify.messages import Item, Message, alert_message, listing_message, recovery_message, view_message
from digest.records.notices import parse_notices, render_notices
from tests.days import WHEN, paper, summary_of

CATEGORIES = ("cs.CV",)
NOW = datetime(2025, 3, 6, 2, 0, tzinfo=UTC)
EVENING = datetime(2025, 3, 5, 1, 0, tzinfo=UTC)
NOON = datetime(2025, 3, 5, 17, 0, tzinfo=UTC)
"""When the listing of Wednesday, 5 March 2025 goes out, and when it is overdue, in New York's winter time."""

UNSEEN = "\u200b"


# --- listing dates ----------------------------------------------------------------------------------


def test_the_dates_of_a_week_may_be_told() -> None:
    """The newest expected listing and those of the seven days up to it; weekends have none."""
    found = recent_dates(read_calendar(), EVENING)
    assert [str(when) for when in found] == ["2025-02-27", "2025-02-28", "2025-03-03", "2025-03-04", "2025-03-05"]


def test_a_holiday_is_not_told_of() -> None:
    """ArXiv made no announcement on 19 January 2025: there is no listing of Tuesday, 21 January 2025."""
    found = recent_dates(read_calendar(), datetime(2025, 1, 22, 2, 0, tzinfo=UTC))
    assert date(2025, 1, 21) not in found
    assert found[-1] == date(2025, 1, 22)


def _days(**states: State | None) -> Mapping[str, DaySummary | None]:
    return {name: None if state is None else summary_of(WHEN, name, state, new=1) for name, state in states.items()}


@pytest.mark.parametrize(
    ("days", "given_up", "before_noon", "at_noon"),
    [
        (_days(a=State.COMPLETE, b=State.EMPTY), [], True, True),
        (_days(a=State.COMPLETE, b=None), [], False, True),
        (_days(a=State.COMPLETE, b=State.PROVISIONAL), [], False, True),
        (_days(a=State.COMPLETE, b=None), ["b"], True, True),
        (_days(a=None, b=None), [], False, False),
        (_days(a=None, b=None), ["b"], False, False),
        (_days(a=State.PROVISIONAL), [], False, True),
    ],
)
def test_a_date_is_told_when_it_is_proven_or_at_noon(
    days: Mapping[str, DaySummary | None], given_up: list[str], *, before_noon: bool, at_noon: bool
) -> None:
    """All categories have it, or it is overdue and some have something."""
    for now, expected in ((NOON - timedelta(seconds=1), before_noon), (NOON, at_noon)):
        assert is_ripe([Listing(days, given_up)], is_late=is_overdue(WHEN, now)) is expected


def test_a_date_that_all_gave_up_is_no_news() -> None:
    """Nothing will come of it; a category that is only missing may still have it."""
    assert Listing(_days(a=None, b=None), ["a", "b"]).is_void
    assert not Listing(_days(a=None, b=None), ["a"]).is_void
    assert not Listing(_days(a=None, b=State.COMPLETE), ["a", "b"]).is_void


def test_a_new_subject_begins_with_the_newest_date() -> None:
    """What was told of others stays; what nobody wants to hear of any more is forgotten."""
    dates = [date(2025, 3, day) for day in (3, 4, 5)]
    before = Told({LISTINGS: frozenset(dates[:1]), "gone": frozenset(dates)})
    turn = Turn(dates, dates[-1])
    told = opened(before, {LISTINGS: turn, "mine": turn})
    assert told.dates == {LISTINGS: {dates[0]}, "mine": {*dates[:2]}}


def test_all_is_told_once_no_subject_has_a_date_left() -> None:
    """An alert that is open is to be told of when it is over."""
    told = Told({LISTINGS: frozenset({WHEN}), "mine": frozenset()})
    turn = Turn([WHEN], WHEN)
    assert is_nothing_due(told, {LISTINGS: turn})
    assert not is_nothing_due(told, {LISTINGS: turn, "mine": turn})
    assert not is_nothing_due(told, {"unheard of": turn})
    assert not is_nothing_due(Told(told.dates, Alert((), NOW, NOW)), {LISTINGS: turn})
    assert not is_nothing_due(replace(told, reached={("gone", WHEN): Reach(frozenset("a"), NOW)}), {LISTINGS: turn})


@pytest.mark.parametrize(
    ("now", "weeks", "newest"),
    [
        ("2025-03-06T02:00Z", ["2025-02-28"], "2025-03-07"),
        ("2025-03-07T00:59Z", ["2025-02-28"], "2025-03-07"),
        ("2025-03-07T01:00Z", ["2025-03-07"], "2025-03-07"),
        ("2025-03-10T00:01Z", ["2025-03-07"], "2025-03-14"),
    ],
)
def test_a_week_has_its_turn_when_its_last_listing_is_expected(now: str, weeks: list[str], newest: str) -> None:
    """Friday's goes out on Thursday evening; somebody new hears of the week that runs, and of none before."""
    turn = Turn.of("week", read_calendar(), datetime.fromisoformat(now))
    assert [*map(str, turn.dates)] == weeks
    assert str(turn.newest) == newest


def test_a_week_is_told_when_all_of_it_is_proven_or_late() -> None:
    """A date that nothing is expected of holds up no other; with nothing at all stored there is nothing to tell."""
    good, open_, gone = (Listing(_days(a=state)) for state in (State.COMPLETE, State.PROVISIONAL, None))
    assert is_ripe([good, good], is_late=False)
    assert is_ripe([good, Listing(_days(a=None), ["a"])], is_late=False)
    assert not is_ripe([good, open_], is_late=False)
    assert not is_ripe([good, gone], is_late=False)
    assert is_ripe([good, gone], is_late=True)
    assert not is_ripe([gone, gone], is_late=True)


# --- alerts -----------------------------------------------------------------------------------------


def _told_of(*about: tuple[int, str], hours: float = 1.0) -> Alert:
    then = NOW - timedelta(hours=hours)
    return Alert(tuple(Trouble(*one) for one in about), NOW - timedelta(days=3), then)


def test_trouble_is_told_by_code_and_subject() -> None:
    """What failed and how; that the words differ from night to night is no change."""
    failures = [PageRefusedError("cs.CV: expected 30 entries, found 29"), GitError("push: refused")]
    plan = due_alert(None, failures, CATEGORIES, NOW)
    assert plan.alert == Alert((Trouble(5, "cs.CV"), Trouble(7, "push")), NOW, NOW)
    assert plan.message == alert_message(CATEGORIES, 5, list(map(str, failures)), NOW)
    again = [GitError("push: refused twice"), PageRefusedError("cs.CV: expected 30 entries, found 28")]
    assert due_alert(plan.alert, again, CATEGORIES, NOW + timedelta(hours=23, minutes=59)).message is None
    daily = due_alert(plan.alert, again, CATEGORIES, NOW + timedelta(hours=24))
    assert daily.message == alert_message(CATEGORIES, 5, list(map(str, again)), NOW)


@pytest.mark.parametrize(
    ("known", "since"), [(_told_of((4, "cs.CV"), (4, "cs.LG")), timedelta(days=3)), (_told_of((6, "x")), timedelta())]
)
def test_a_change_is_told_at_once(known: Alert, since: timedelta) -> None:
    """Less of the same trouble lasts since it began; other trouble begins now."""
    plan = due_alert(known, [MissingError("cs.CV: overdue")], CATEGORIES, NOW)
    assert plan.message == alert_message(CATEGORIES, 4, ["cs.CV: overdue"], NOW - since)


@pytest.mark.parametrize("known", [None, _told_of((4, "cs.CV"))])
def test_try_later_is_neither_trouble_nor_its_end(known: Alert | None) -> None:
    """The run did what it could."""
    plan = due_alert(known, [TryLaterError("cs.CV: throttled")], CATEGORIES, NOW)
    assert (plan.alert, plan.message) == (known, None)


def test_try_later_beside_trouble_is_not_told() -> None:
    """It comes and goes with the hours: it makes no change."""
    plan = due_alert(
        None, [MissingError("cs.CV: overdue"), TryLaterError("2025-03-03: no request left")], CATEGORIES, NOW
    )
    assert plan.message == alert_message(CATEGORIES, 4, ["cs.CV: overdue"], NOW)


def test_the_end_of_trouble_is_told_once() -> None:
    """With what it was and since when."""
    known = _told_of((4, "cs.CV"))
    plan = due_alert(known, [], CATEGORIES, NOW)
    assert plan.message == recovery_message(CATEGORIES, known.about, known.since)
    assert due_alert(None, [], CATEGORIES, NOW).message is None


def test_of_channels_that_fail_nothing_is_told_through_channels() -> None:
    """That is what the exit code and a health check are for; other trouble is over all the same."""
    assert due_alert(None, [NotifyError("env:A: refused")], CATEGORIES, NOW).message is None
    plan = due_alert(_told_of((4, "cs.CV")), [NotifyError("env:A: refused")], CATEGORIES, NOW)
    assert plan.message is not None
    assert plan.message.kind == "success"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("/home/ada/archive/data/state.json: damaged", "state.json"),
        ("https://example.org/list/cs.CV/new: refused", "new"),
        ("cs.CV 2025-03-05: overdue", "cs.CV 2025-03-05"),
        ("no colon at all", "no colon at all"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_subject_tells_of_no_folder(text: str, subject: str) -> None:
    """It may be committed, and read by everybody."""
    plan = due_alert(None, [DigestError(text)], CATEGORIES, NOW)
    assert plan.alert is not None
    assert plan.alert.about == (Trouble(1, subject),)


@pytest.mark.parametrize(
    ("failures", "about"),
    [
        ([], [(4, "cs.LG")]),
        ([PageRefusedError("cs.CV: expected 30 entries, found 29")], [(4, "cs.LG"), (5, "cs.CV")]),
        ([TryLaterError("cs.CV: throttled")], [(4, "cs.LG"), (7, "push")]),
    ],
)
def test_the_trouble_of_a_category_that_was_left_out_goes_on(
    failures: list[DigestError], about: list[tuple[int, str]]
) -> None:
    """What the run did see, such as its push, is over or changed; of the rest nothing is told again."""
    known = _told_of((4, "cs.LG"), (7, "push"), hours=48)
    plan = due_alert(known, failures, ("cs.CV", "cs.LG"), NOW, left_out=["cs.LG"])
    assert plan.alert is not None
    assert [(trouble.exit_code, trouble.subject) for trouble in plan.alert.about] == about
    assert plan.alert.since == known.since
    assert (plan.message is not None) == (len(about) == 2 and about[1] == (5, "cs.CV"))


@pytest.mark.parametrize(
    ("hours", "refused", "have"),
    [
        (0, ["a", "b"], "t"),
        (24, ["a", "b"], "t"),
        (48, ["a"], "ta"),
        (48, ["a", "b"], None),
        (48, [], "t"),
        (168, [], None),
    ],
)
def test_what_is_refused_is_given_up_on_the_third_night(hours: int, refused: list[str], have: str | None) -> None:
    """Each channel for itself, and what it will never take; after a week all. Since when it is tried stays."""
    found = reach(Reach(frozenset("t"), NOW), [], ["a", "b"], refused, NOW + timedelta(hours=hours))
    assert found == (None if have is None else Reach(frozenset(have), NOW))


def test_a_message_has_come_everywhere_once_all_took_it() -> None:
    """Until then it is noted who has it."""
    assert reach(None, ["a", "b"], [], [], NOW) is None
    assert reach(Reach(frozenset("a"), NOW), ["b"], [], [], NOW) is None
    assert reach(None, ["a"], ["b"], [], NOW) == Reach(frozenset("a"), NOW)


def test_the_end_of_trouble_goes_on_to_those_who_lack_it() -> None:
    """Until they have it; new trouble before that is new to all, and begins then."""
    reached = Reach(frozenset("a"), NOW)
    known = replace(_told_of((4, "cs.CV")), is_over=True, reach=reached)
    plan = due_alert(known, [], CATEGORIES, NOW)
    assert (plan.alert, plan.message, plan.reach) == (
        known,
        recovery_message(CATEGORIES, known.about, known.since),
        reached,
    )
    plan = due_alert(known, [MissingError("cs.CV: overdue")], CATEGORIES, NOW)
    assert (plan.alert, plan.reach) == (Alert((Trouble(4, "cs.CV"),), NOW, NOW), None)


def test_trouble_goes_on_to_those_who_lack_it() -> None:
    """Within the day, to them alone; after it, or changed, to all."""
    known = replace(_told_of((4, "cs.CV")), reach=Reach(frozenset("a"), NOW))
    failures = [MissingError("cs.CV: overdue")]
    plan = due_alert(known, failures, CATEGORIES, NOW)
    assert (plan.alert, plan.reach) == (known, known.reach)
    assert plan.message == alert_message(CATEGORIES, 4, ["cs.CV: overdue"], known.since)
    daily = due_alert(known, failures, CATEGORIES, NOW + timedelta(hours=24))
    assert (daily.message is not None, daily.reach) == (True, None)


# --- words ------------------------------------------------------------------------------------------


def _in(form: Form, message: Message) -> str:
    """Return the body of a message for a channel without bounds."""
    (body,) = parts(message, form, lambda *_: True)
    return body


def _shown(message: Message) -> str:
    """Return the words that a reader of markdown sees, without the characters that nobody sees."""
    tokens = [token for block in MarkdownIt().parse(_in(Form.MARKDOWN, message)) for token in block.children or []]
    return " ".join(token.content for token in tokens if token.type == "text").replace(UNSEEN, "")


def test_a_listing_is_told_with_numbers_and_papers() -> None:
    """Each category with its state, what is missing in the title, each paper with a link."""
    days = {
        "cs.CV": summary_of(WHEN, "cs.CV", new=1, cross=1, replacement=1),
        "cs.LG": None,
        "cs.RO": summary_of(WHEN, "cs.RO", State.PROVISIONAL, new=20),
        "cs.AI": summary_of(WHEN, "cs.AI", State.EMPTY),
        "cs.CL": None,
    }
    message = listing_message(WHEN, days, frozenset({"cs.CL"}), [paper("2503.00001")], {})
    assert (
        message.title == "arXiv cs.CV, cs.LG, cs.RO and 2 more, Wed, 5 Mar 2025: 21 new, 1 cross-list; missing: cs.LG"
    )
    assert _in(Form.TEXT, message) == (
        "cs.CV: 1 new, 1 cross-list, 1 replacement\n"
        "cs.LG: missing\n"
        "cs.RO: 20 new (provisional)\n"
        "cs.AI: nothing new\n"
        "cs.CL: given up\n\n"
        "1. A title of 2503.00001\n"
        "   https://arxiv.org/abs/2503.00001"
    )
    html = MarkdownIt().render(_in(Form.MARKDOWN, message))
    assert (html.count("<li>"), html.count("<br />")) == (1, 4)
    assert '<a href="https://arxiv.org/abs/2503.00001">A title of 2503.00001</a>' in html


def _told_of_title(title: str) -> Message:
    days = {"cs.CV": summary_of(WHEN, new=1)}
    return listing_message(WHEN, days, frozenset(), [paper("2503.00001", title=title)], {})


@pytest.mark.parametrize(
    "title",
    [
        "@everyone look",
        "<!channel> look",
        "<@U0123> look",
        "@here",
        "a @ b",
        "mail@example.org",
        "<https://x.example|y>",
    ],
)
def test_no_chat_finds_anybody_to_call(title: str) -> None:
    """In no form; what is read is the same."""
    message = _told_of_title(title)
    for form in (_in(form, message) for form in Form):
        assert "@e" not in form
        assert "@h" not in form
        assert "<!" not in form
        assert "<@" not in form
        assert "<h" not in form
        assert "x.example|" not in form or UNSEEN in form
    assert title in _in(Form.TEXT, message).replace(UNSEEN, "")
    assert title in _shown(message)


_FORGED = [
    "[x](https://evil.example)",
    "**bold** _it_ `code` ~~gone~~",
    "![i](https://evil.example/i.png)",
    "]( https://evil.example ) [",
    "<b>bold</b> &lt;i&gt; <a href='https://evil.example'>x</a>",
    "https://evil.example is www.evil.example",
    "# heading",
    "> quote",
    "\\](https://evil.example) \\`code\\`",
]


@pytest.mark.parametrize("title", _FORGED)
def test_a_title_stays_a_title(title: str) -> None:
    """Markup in it is text: the message has one link, to arXiv, and what is read is the title."""
    markdown = MarkdownIt("gfm-like", {"linkify": False}).enable("strikethrough")
    html = markdown.render(_in(Form.MARKDOWN, _told_of_title(title)))
    for found in (html, _in(Form.HTML, _told_of_title(title))):
        assert re.findall(r'<a href="(.*?)"', found) == ["https://arxiv.org/abs/2503.00001"]
        assert not re.search(r"<(img|strong|b|em|i|code|s|del|h\d|blockquote)\b", found)
    assert title in _shown(_told_of_title(title))
    text = _in(Form.TEXT, _told_of_title(title))
    assert "](" not in text
    assert "http" not in text.replace("https://arxiv.org/abs/2503.00001", "").replace(f"https:{UNSEEN}//", "")


def test_a_chat_finds_no_emoji_in_a_title() -> None:
    """What stands between colons is no picture; times and ratios stay as they are."""
    for form in Form:
        found = _in(form, _told_of_title("A :smile: at 10:20, 4:3"))
        assert ":smile:" not in found
        assert "10:20, 4:3" in found


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("limit", [140, 500, 2000, 4096])
def test_a_message_fits_its_channel(form: Form, limit: int) -> None:
    """In at most five parts, split between entries; what is left out is counted, with the address of all of it."""
    found = tuple(
        Hit(
            Announcement(
                "cs.CV",
                WHEN,
                State.COMPLETE,
                Source.LISTING,
                Section.NEW,
                1,
                paper(f"2503.{n:05d}", title="wörd \U0001f600 [x] " * 20),
            ),
            ("keyword",),
        )
        for n in range(1, 11)
    )
    address = "https://example.org/views/all/2025/03/2025-03-05.md"
    message = view_message("all", heading_date(WHEN), found, address)
    made = parts(message, form, lambda _, text: len(text.encode("utf-16-le")) // 2 <= limit)
    assert max(len(part.encode("utf-16-le")) // 2 for part in made) <= limit
    assert len(made) <= MOST_PARTS
    ids = [number for part in made for number in re.findall(r"^(\d+)\. ", part, re.MULTILINE)]
    assert ids == [str(number) for number in range(1, len(ids) + 1)]
    assert len(set(re.findall(r"https://arxiv\.org/abs/[\d.]+", "\n".join(made)))) == len(ids)
    if len(ids) < 10:
        assert f"… {11 - len(ids)} more are lef" in made[-1]
    assert address in made[-1]
    assert limit < 4096 or len(ids) == 10


def test_an_entry_is_cut_only_where_a_part_has_no_room_for_it() -> None:
    """It loses its note and the end of its words, and keeps its link; without room for that, it is words."""
    one = Item("A title of some length", "https://arxiv.org/abs/2503.00001", "why", 1)
    message = Message("title", ((one,),))
    assert parts(message, Form.TEXT, lambda _, text: len(text) <= 68) == [
        "1. A title of some length\n   why\n   https://arxiv.org/abs/2503.00001"
    ]
    assert parts(message, Form.TEXT, lambda _, text: len(text) <= 50) == [
        "1. A title of…\n   https://arxiv.org/abs/2503.00001"
    ]
    assert parts(message, Form.TEXT, lambda _, text: len(text) <= 12) == ["A title of…"]


def test_where_a_digest_is_published_its_message_leads_to_it() -> None:
    """Each category to its own."""
    days = {"cs.CV": summary_of(WHEN, new=1), "cs.LG": None}
    message = listing_message(WHEN, days, frozenset(), (), {"cs.CV": "https://example.org/cs.CV.md"})
    assert _in(Form.TEXT, message) == "cs.CV: 1 new\n   https://example.org/cs.CV.md\ncs.LG: missing"


def test_a_message_is_short() -> None:
    """A title of any length takes one line, cut."""
    message = _told_of_title("word " * 200 + "\n# heading\r\x1b[31m")
    (title,) = [line for line in _in(Form.TEXT, message).splitlines() if line.startswith("1. ")]
    assert len(title) <= len("1. ") + 150
    assert title.endswith("…")


def test_a_view_says_why() -> None:
    """The reasons of each paper stand beside it, in both forms."""
    one = Announcement("cs.CV", WHEN, State.COMPLETE, Source.LISTING, Section.NEW, 1, paper("2503.00001"))
    message = view_message("nerfs", heading_date(WHEN), [Hit(one, ('keyword "nerf*" in the title', "author A. B."))])
    assert message.title == "nerfs, Wed, 5 Mar 2025: 1 paper"
    assert '   keyword "nerf*" in the title; author A. B.\n' in _in(Form.TEXT, message)
    assert 'keyword "nerf*" in the title; author A. B.' in _shown(message)


def test_an_alert_repeats_what_the_errors_say() -> None:
    """Each with its way out, ten at most, none longer than a paragraph."""
    failures = ("cs.CV: overdue; `digest accept 2025-03-05` settles it", *(f"{n}: {'x' * 900}" for n in range(11)))
    message = alert_message(CATEGORIES, 4, failures, NOW)
    assert message.kind == "failure"
    assert "`digest accept 2025-03-05` settles it" in _in(Form.TEXT, message)
    assert "digest accept 2025-03-05" in _shown(message)
    assert "… and 2 more" in _in(Form.TEXT, message)
    assert "Since 2025-03-06 02:00 UTC" in _in(Form.TEXT, message)
    assert max(map(len, _in(Form.TEXT, message).splitlines())) <= 500


def test_a_recovery_tells_what_is_over() -> None:
    """Each subject once."""
    about = (Trouble(4, "cs.CV"), Trouble(5, "cs.CV"), Trouble(7, "push"))
    message = recovery_message(CATEGORIES, about, NOW)
    assert _in(Form.TEXT, message) == "What failed since 2025-03-06 02:00 UTC is over: cs.CV, push"


# --- notices.json -----------------------------------------------------------------------------------

_MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as asked
_DATES = st.frozensets(st.dates(date(2000, 1, 1), date(2100, 1, 1)), max_size=10)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_REACHES = st.builds(Reach, st.frozensets(_TEXTS, max_size=3), _MOMENTS)
_ALERTS = st.builds(
    Alert,
    st.lists(st.builds(Trouble, st.integers(1, 99), _TEXTS), max_size=3).map(tuple),
    _MOMENTS,
    _MOMENTS,
    st.booleans(),
    st.none() | _REACHES,
)


_REACHED = st.tuples(_TEXTS | st.just(LISTINGS), st.dates(date(2000, 1, 1), date(2100, 1, 1)))


@given(
    st.builds(
        Told,
        st.dictionaries(_TEXTS | st.just(LISTINGS), _DATES, max_size=3),
        st.none() | _ALERTS,
        st.dictionaries(_REACHED, _REACHES, max_size=3),
    )
)
def test_what_was_told_is_read_as_it_was_noted(told: Told) -> None:
    """Whatever the names of views; the same gives the same bytes."""
    data = render_notices(told)
    assert parse_notices(data) == told
    assert render_notices(parse_notices(data)) == data


def test_the_notes_stay_small() -> None:
    """The newest ten dates of each subject, in their order."""
    dates = [date(2025, 3, 1) + timedelta(days=number) for number in range(20)]
    told = Told().adding(LISTINGS, *dates).adding("mine", dates[0])
    assert json.loads(render_notices(told)) == {
        "format": 1,
        "told": {"listings": [str(when) for when in dates[-10:]], "views": {"mine": ["2025-03-01"]}},
        "alert": None,
    }


def test_notes_of_a_newer_digest_are_told_from_damaged_ones() -> None:
    """They say to upgrade."""
    with pytest.raises(FormatTooNewError, match="expected format 1, found 2; upgrade digest"):
        parse_notices(b'{"format": 2}')


_EMPTY = '"told": {"views": {}}'
_SINCE = '"since": "2025-03-05T02:00:00+00:00"'
_TOLD_AT = '"told_at": "2025-03-05T02:00:00+00:00"'


@pytest.mark.parametrize(
    "text",
    [
        '{"format": 0}',
        '{"format": "2"}',
        f'{{"format": 1, {_EMPTY}, "alert": {{"about": [[Infinity, "cs.CV"]], {_SINCE}, {_TOLD_AT}}}}}',
        f'{{"format": 1, {_EMPTY}, "alert": {{"about": [[4, "\\ud800"]], {_SINCE}, {_TOLD_AT}}}}}',
        f'{{"format": 1, {_EMPTY}, "alert": {{"about": [], "since": "0001-01-01T00:00:00+14:00", {_TOLD_AT}}}}}',
        '{"format": 1, "told": {"views": {"\\ud800": []}}, "alert": null}',
        f'{{"format": 1, {_EMPTY}, "alert": null, "reached": [1]}}',
        f'{{"format": 1, {_EMPTY}, "alert": null, "reached": [{{"date": "2025-03-05", "channels": [7], {_SINCE}}}]}}',
    ],
)
def test_notes_that_cannot_be_are_damaged(text: str) -> None:
    """Numbers beyond all bounds, times before all times, halves of characters."""
    with pytest.raises(DamageError, match="found it damaged"):
        parse_notices(text.encode())
