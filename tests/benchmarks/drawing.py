"""Growth, drawn: CPU seconds and memory of what was measured at several sizes, as one SVG file."""

import html
import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

from tests.benchmarks.measuring import Row

_SIZED = re.compile(r"(?P<what>.+?)[:,] (?P<days>[0-9]+) days")
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#e377c2", "#7f7f7f")
_WIDTH, _HEIGHT, _LEFT, _TOP, _LABELS = 250, 260, 56, 40, 230

Series = Mapping[str, Sequence[tuple[int, float]]]
"""Figures by what was measured: each at a number of days."""


def drawn(rows: Sequence[Row], title: str) -> str:
    """Return an SVG of two charts, both scales logarithmic: what keeps its cost is a level line."""
    cpu: dict[str, list[tuple[int, float]]] = {}
    memory: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if match := _SIZED.fullmatch(row.name):
            days, what = int(match["days"]), match["what"].replace("`", "")
            cpu.setdefault(what, []).append((days, statistics.median(one.cpu for one in row.ours)))
            memory.setdefault(what, []).append((days, statistics.median(one.peak for one in row.ours)))
    panel = _LEFT + _WIDTH + _LABELS
    box = f"0 0 {2 * panel} {_TOP + _HEIGHT + 44}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        *_panel(cpu, f"{title}: CPU seconds", 0),
        *_panel(memory, "peak memory, MiB", panel),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _panel(series: Series, title: str, at: int) -> Iterator[str]:
    figures = [figure for points in series.values() for _, figure in points]
    days = sorted({day for points in series.values() for day, _ in points})
    low, high = 10 ** math.floor(math.log10(min(figures))), 10 ** math.ceil(math.log10(max(figures)))

    def x(day: float) -> float:
        return at + _LEFT + _WIDTH * math.log(day / days[0]) / math.log(days[-1] / days[0])

    def y(figure: float) -> float:
        return _TOP + _HEIGHT * (1 - math.log(figure / low) / math.log(high / low))

    yield f'<text x="{at + _LEFT}" y="20" font-size="13" font-weight="bold">{html.escape(title)}</text>'
    power = low
    while power <= high:
        yield f'<line x1="{x(days[0])}" x2="{x(days[-1])}" y1="{y(power):.1f}" y2="{y(power):.1f}" stroke="#ddd"/>'
        yield f'<text x="{at + _LEFT - 8}" y="{y(power) + 4:.1f}" text-anchor="end">{power:g}</text>'
        power *= 10
    for day in days:
        yield f'<text x="{x(day):.1f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{day:,}</text>'
    yield f'<text x="{at + _LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 36}" text-anchor="middle">stored days</text>'
    # Labels stand beside the ends of their lines, and none on another.
    lowest = float(_TOP + _HEIGHT + 14)
    for (what, points), colour in sorted(
        zip(series.items(), cycle(_COLOURS), strict=False), key=lambda item: item[0][1][-1][1]
    ):
        line = " ".join(f"{x(day):.1f},{y(figure):.1f}" for day, figure in points)
        lowest = min(y(points[-1][1]) + 4, lowest - 14)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        label = f"{what}: {points[0][1]:.3g} to {points[-1][1]:.3g}"
        yield f'<text x="{x(days[-1]) + 8:.1f}" y="{lowest:.1f}" fill="{colour}">{html.escape(label)}</text>'
