"""The state of an archive in words: a table for people, JSON for machines."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from typing import Any

from digest.archive.report import day_fields
from digest.archive.snapshot import CategoryStatus
from digest.calendar import Calendar, expected_at, today
from digest.decide import counted, in_reach_until, in_short
from digest.errors import how_many
from digest.model import Extent, RunSummary, State
from digest.model.annotations import Failure
from digest.terms import Section

_MOST_DAYS = 10  # so that several categories fit on a screen
_ID_SHOWN = 8  # characters of a run id, as the log shows it


@dataclass(frozen=True)
class ArchiveStatus:
    """All that a status tells, as of ``now``."""

    categories: Sequence[CategoryStatus]
    runs: Sequence[RunSummary]
    calendar: Calendar
    now: datetime
    gathered: Mapping[str, Extent | None] = field(default_factory=dict)
    """Of each category, how much of its metadata came; None where `backfill` was never used."""
    left: Sequence[Failure] = ()
    """The papers about which programs of the user's own are not asked any more."""


def status_data(status: ArchiveStatus) -> dict[str, object]:
    """Return all stored days, the missing and lost dates and the last runs as machines read them."""
    calendar = status.calendar
    newest = calendar.newest_expected(status.now)
    return {
        "now": status.now.isoformat(),
        "calendar": {
            "newest_expected": newest.isoformat(),
            "expected_at": expected_at(newest).isoformat(),
            "known_until": calendar.last_year,
            "guess": calendar.is_guess(newest),
            "corrections": {day.isoformat(): has for day, has in calendar.surprises.items()},
        },
        "categories": {
            item.category: _category_data(item, status.now) | _harvested(status.gathered.get(item.category))
            for item in status.categories
        },
        "runs": [
            {
                "run_id": run.run_id or None,
                "command": run.command,
                "started_at": run.started_at.isoformat(),
                "finished_at": run.finished_at.isoformat() if run.finished_at else None,
                "seconds": _seconds(run),
                "exit": run.exit_code,
                "requests": run.requests,
            }
            for run in status.runs
        ],
        "unanswered": [
            {
                "name": one.name,
                "date": one.date.isoformat(),
                "id": one.arxiv_id,
                "tries": one.tries,
                "problem": one.problem,
            }
            for one in status.left
        ],
    }


def _category_data(item: CategoryStatus, now: datetime) -> dict[str, Any]:
    def acceptance(day: date) -> dict[str, Any]:
        decision = item.accepted.get(day)
        return {"accepted": decision and {"at": decision.decided_at.isoformat(), "note": decision.note}}

    def in_reach(day: date) -> dict[str, Any]:
        until = in_reach_until(day)
        return {"date": day.isoformat(), "served_until": until.isoformat(), "days_left": (until - today(now)).days}

    return {
        "days": [day_fields(day) | acceptance(day.date) for day in item.days],
        "missing": [in_reach(day) for day in item.missing],
        "lost": [{"date": day.isoformat()} | acceptance(day) for day in item.lost],
        "overdue": [day.isoformat() for day in item.overdue],
        "provisional": [in_reach(day) for day in item.provable],
        "provisional_for_good": [day.isoformat() for day in item.stuck],
        "counts": _counts(item),
        "reconstructed": _unfiled_data(item),
    }


def _harvested(extent: Extent | None) -> dict[str, bool | None]:
    """Return whether all metadata of a category came, and whether some of it could not be read."""
    if extent is None:
        return {"harvested": None, "unread": None}
    return {"harvested": extent is not Extent.PART, "unread": extent is Extent.BUT_UNREAD}


def _unfiled_data(item: CategoryStatus) -> dict[str, Any] | None:
    """Return what is told of the days that the database alone has; None without any."""
    if item.unfiled is None:
        return None
    number, first, last = item.unfiled
    filled = [day.isoformat() for day in item.filled]
    return {"days": number, "first": first.isoformat(), "last": last.isoformat(), "in_gaps": filled}


def _counts(item: CategoryStatus) -> dict[str, int]:
    """Return how many dates are in each state, those that are missing and lost included."""
    # Each state is there, 0 times perhaps: a monitor need not ask whether a key exists.
    states = Counter(day.state for day in item.days)
    gaps = {"missing": len(item.missing), "lost": len(item.lost)}
    return {state.value: states[state] for state in State} | gaps


def _seconds(run: RunSummary) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def status_text(status: ArchiveStatus) -> str:
    """Return each category's newest days, missing and lost dates, and the last runs, as text for people."""
    lines: list[str] = []
    calendar = status.calendar
    for item in status.categories:
        lines.append(f"{item.category}: {_summary(item)}")
        lines += _days_table(item) if item.days else ()
        lines += _open_ends(item, status.now)
        extent = status.gathered.get(item.category)
        if extent is Extent.PART:
            lines.append("not harvested to the end: no day of it is reconstructed until `digest backfill` has gone on")
        elif extent is Extent.BUT_UNREAD:
            lines.append("harvested, but for records that cannot be read: `digest backfill` named them")
    rows = []
    for run in status.runs:
        seconds = _seconds(run)
        took = "" if seconds is None else f"{seconds:.1f}"
        ended = "unfinished" if run.exit_code is None else str(run.exit_code)
        began = f"{run.started_at:%Y-%m-%d %H:%M}"
        rows.append([run.command, run.run_id[:_ID_SHOWN], began, took, str(run.requests), ended])
    if rows:
        lines += _table(["run", "id", "started (UTC)", " seconds", " requests", "exit"], rows)
    lines += _unanswered(status.left)
    if calendar.is_guess(calendar.newest_expected(status.now)):
        lines.append(
            f"the calendar is guessing: arXiv's deferrals are known from {calendar.first_year} to "
            f"{calendar.last_year} only; upgrade digest, or add later ones to [calendar] deferred"
        )
    return "\n".join(lines)


def _unanswered(left: Sequence[Failure]) -> Iterator[str]:
    for name in sorted({one.name for one in left}):
        its = [one for one in left if one.name == name]
        last = max(its, key=lambda one: one.failed_at)
        words = f"{name}: {how_many(len(its), 'paper')} left without an answer after {last.tries} tries"
        yield f"{words} (the last: {last.arxiv_id} of {last.date}: {last.problem})"
        yield f"  `digest annotate {_span(sorted({one.date for one in its}))} --name {shlex.quote(name)}` asks again"


def _summary(item: CategoryStatus) -> str:
    if not item.days:
        return "nothing stored yet" + (f"; {len(item.missing) + len(item.lost)} missing" if item.overdue else "")
    found = _counts(item)
    states = ", ".join(f"{found[state.value]} {state.value}" for state in State if found[state.value])
    missing = f"{len(item.missing)} missing" if item.missing else "none missing"
    lost = f", {len(item.lost)} lost" if item.lost else ""
    overdue = f" ({len(item.overdue)} overdue)" if item.overdue else ""
    return f"{item.days[0].date} to {item.days[-1].date}: {states}; {missing}{lost}{overdue}"


def _open_ends(item: CategoryStatus, now: datetime) -> Iterator[str]:
    """Yield what is not as it should be, each with the way out."""
    if item.missing:
        soonest = item.missing[0]
        left = (in_reach_until(soonest) - today(now)).days
        days = {0: "until tonight", 1: "until tomorrow"}.get(left, f"for another {left} days")
        yield f"missing: {in_short(item.missing)}"
        yield f"  arXiv serves {soonest} {days}: `digest fetch --missing`"
    if item.provable:
        first = item.provable[0]
        yield f"provisional: {in_short(item.provable)}"
        yield f"  arXiv can prove {first} until {in_reach_until(first)}: each `digest run` asks for it"
    if item.stuck:
        yield f"provisional for good: {in_short(item.stuck)}"
        yield f"  arXiv can prove no more; settle it with `digest accept {_span(item.stuck)}`"
    if short := [day for day in item.days if day.shortage]:
        entries = sum(day.shortage for day in short)
        more = "1 entry" if entries == 1 else f"{entries} entries"
        yield f"short for good: {in_short([day.date for day in short])}"
        yield f"  arXiv counts {more} there that it lists nowhere; nothing is missing"
    if lost := [day for day in item.lost if day not in item.accepted]:
        yield f"lost: {in_short(lost)}"
        yield "  arXiv's catchup pages no longer have them: take in saved pages with `digest import`,"
        yield f"  settle them with `digest accept {_span(lost)}`, or let [store] start be later"
    if item.unfiled:
        number, first, last = item.unfiled
        yield f"reconstructed: {how_many(number, 'day')} from {first} to {last}, in the database alone"
        if item.filled:
            yield f"  in place of lost ones: {in_short(item.filled)}"
    given_up = [day for day in item.lost if day in item.accepted]
    for day in sorted(given_up, reverse=True)[:_MOST_DAYS]:
        decision = item.accepted[day]
        note = f": {decision.note}" if decision.note else ""
        yield f"lost: {day}, accepted on {decision.decided_at:%Y-%m-%d}{note}"


def _span(dates: Sequence[date]) -> str:
    return str(dates[0]) if len(dates) == 1 else f"{dates[0]}..{dates[-1]}"


def _days_table(item: CategoryStatus) -> list[str]:
    """Return the newest listing dates, those that are not here among them."""
    rows: dict[date, Sequence[str]] = {}
    for day in item.days[-_MOST_DAYS:]:
        rows[day.date] = [day.state.value, *(counted(day, section) for section in Section), day.source.value]
    first = min(rows)  # gaps before the oldest day shown are named below, and would push it out of the table
    for state, absent in (("missing", item.missing), ("lost", item.lost)):
        rows |= {when: [state] for when in absent if when >= first}
    newest = sorted(rows, reverse=True)[:_MOST_DAYS]
    titles = ["date", "state", " new", " cross-lists", " replacements", "source"]
    return _table(titles, ([str(when), *rows[when]] for when in newest))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; a column whose title begins with a blank is aligned to the right.

    A row may end early. rich would draw it as well, and takes longer to load than a status takes.
    """
    aligned = []
    for title, cells in zip(titles, zip_longest([title.strip() for title in titles], *rows, fillvalue=""), strict=True):
        width = max(map(len, cells))
        aligned.append([cell.rjust(width) if title.startswith(" ") else cell.ljust(width) for cell in cells])
    return ["  ".join(line).rstrip() for line in zip(*aligned, strict=True)]
