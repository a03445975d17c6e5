# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""A chart of ratios as SVG: how many times as long the best other runtime takes, a bar a network and precision.

Colours have enough contrast on white and on near black, because a page that shows an SVG as a picture does not say
which of the two it is.
"""

from xml.sax.saxutils import escape

from catalogue import PRECISIONS
from report import groups_of

INK, LINE = "#7a7d80", "#9a9da0"
COLOURS = {"f32": "#3f83d6", "bf16": "#9a6bd0", "int8": "#cf7a1c"}
LEFT, WIDTH, RIGHT, ROW, GAP, TOP = 165, 370, 165, 15, 8, 42


def text(x, y, content, anchor="start", colour=INK):
    return f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(content)}</text>'


def ratio_chart(rows, threads, titles):
    """The SVG of the rows with this number of threads; `titles` names peers."""
    networks = {}
    for (network, precision, count), group in groups_of(rows, "speed").items():
        if count == threads and "ratio" in group["ours"]:
            networks.setdefault(network, {})[precision] = group["ours"]
    most = max([1.5] + [row["ratio_most"] for bars in networks.values() for row in bars.values()])
    scale, marks, y = WIDTH / most, [], TOP
    for bars in networks.values():
        first = next(iter(bars.values()))
        middle = y + len(bars) * ROW / 2 + 4
        marks.append(text(LEFT - 8, middle, first["what"], "end"))
        for precision, row in bars.items():
            length, least, largest = (row[key] * scale for key in ("ratio", "ratio_least", "ratio_most"))
            marks.append(f'<rect x="{LEFT}" y="{y + 1:.1f}" width="{length:.1f}" height="{ROW - 3}" rx="2" '
                         f'fill="{COLOURS[precision]}"/>')
            marks.append(f'<path d="M{LEFT + least:.1f} {y + ROW / 2 - .5:.1f}H{LEFT + largest:.1f}" stroke="{INK}"/>')
            best = titles.get(row["best"], row["best"])
            # Behind the line of equal times, which would cross it.
            marks.append(text(LEFT + max(length, largest, scale) + 5, y + 11, f"{row['ratio']:.2f}x {best}"))
            y += ROW
        y += GAP
    one, height = LEFT + scale, y + 22
    legend, x = [], LEFT
    for precision in [p for p in COLOURS if any(p in bars for bars in networks.values())]:
        legend.append(f'<rect x="{x}" y="{y + 5}" width="10" height="10" rx="2" fill="{COLOURS[precision]}"/>')
        legend.append(text(x + 14, y + 14, PRECISIONS[precision]))
        x += 80
    title = f"time of the fastest other runtime / mobilenet.cpp, {threads} thread{'s' if threads > 1 else ''}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" '
        'font-family="system-ui, sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>", text(LEFT, 12, title), *marks,
        f'<path d="M{one:.1f} {TOP - 6}V{y}" stroke="{LINE}" stroke-dasharray="3 3"/>',
        text(one, TOP - 8, "equal", "middle"), *legend, "</svg>", ""])
