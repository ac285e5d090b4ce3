"""plot - lines over logarithmic or plain axes, as SVG"""

# SPDX-License-Identifier: Apache-2.0
import math
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 36, 52
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#d68910", "#566573", "#117a65", "#a93226")


class Axis:
    """A range of values on so many pixels."""

    def __init__(self, values, start, end, log, ticks=None, names=None):
        self.log, self.start, self.end = log, start, end
        if log:
            self.low, self.high = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))))
            self.high = max(self.high, self.low + 1)
            self.ticks = ticks or [10.0**e for e in range(self.low, self.high + 1)]
        else:
            step = 10 ** math.floor(math.log10(max(values) or 1))
            step = next(s for s in (step / 5, step / 2, step, step * 2) if max(values) / s <= 8)
            self.low, self.high = 0, math.ceil(max(values) / step) * step
            self.ticks = ticks or [i * step for i in range(int(round(self.high / step)) + 1)]
        self.names = names or {}

    def at(self, value):
        value = math.log10(value) if self.log else value
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def name(self, tick):
        return self.names.get(tick) or (f"{tick:,.0f}" if tick >= 1 else f"{tick:g}")


def text(x, y, words, anchor="middle", size=12, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {more}>{escape(words)}</text>'


def draw(path, title, x_title, y_title, lines, x_log=True, y_log=True, x_ticks=None, x_names=None):
    """lines: name to points (x, y); points of a logarithmic axis that are not above 0 are left out."""
    lines = {
        name: [(x, y) for x, y in points if (x > 0 or not x_log) and (y > 0 or not y_log)]
        for name, points in lines.items()
    }
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return False
    every = [point for points in lines.values() for point in points]
    xs = Axis([p[0] for p in every], LEFT, WIDTH - RIGHT, x_log, x_ticks, x_names)
    ys = Axis([p[1] for p in every], HEIGHT - BOTTOM, TOP, y_log)
    if x_ticks and x_log:
        xs.low, xs.high = math.log10(min(x_ticks)), math.log10(max(x_ticks))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(LEFT, 20, title, "start", 15),
    ]
    for tick in ys.ticks:
        y = ys.at(tick)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(text(LEFT - 6, y + 4, ys.name(tick), "end"))
    for tick in xs.ticks:
        x = xs.at(tick)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        out.append(text(x, HEIGHT - BOTTOM + 16, xs.name(tick)))
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title))
    out.append(
        text(
            16,
            (TOP + HEIGHT - BOTTOM) / 2,
            y_title,
            more=f'transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"',
        )
    )
    for i, (name, points) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = " ".join(f"{xs.at(x):.1f},{ys.at(y):.1f}" for x, y in sorted(points))
        out.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{xs.at(x):.1f}" cy="{ys.at(y):.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
        y = TOP + 10 + 18 * i
        out.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="12" height="4" fill="{colour}"/>')
        out.append(text(WIDTH - RIGHT + 32, y, name, "start"))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")
    return True


def tail(curve):
    """A distribution for draw: how rare a value is, 1 in so many, and the value."""
    return [(1 / (1 - share), value) for share, value in curve if share < 1]


TAIL_TICKS = [1.0, 2.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0]
TAIL_NAMES = {
    1.0: "min",
    2.0: "p50",
    10.0: "p90",
    100.0: "p99",
    1000.0: "p99.9",
    10000.0: "p99.99",
    100000.0: "p99.999",
}
