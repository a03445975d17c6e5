# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Rows of the benchmark on a GPU as Markdown tables."""

from gpu_pictures import STAGES
from report import number, table

TOLERANCES = {"f16": 2e-2, "f32": 1e-3}  # of the largest value: dozens of roundings to 11 bits; orders of additions
RATIOS = "best other / mobilenet.cpp"


def side_by_side(rows, keys, key, extra=()):
    """A line for each group, in which `keys` are the same, a column for each contestant, the best in bold."""
    groups, titles = {}, {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in keys), {})[row["peer"]] = row
        titles[row["peer"]] = row["title"]
    lines = []
    for group in groups.values():
        values = {peer: row[key] for peer, row in group.items() if key in row}
        cells = []
        for peer in titles:
            text = number(values[peer]) if peer in values else "failed" if "failed" in group.get(peer, {}) else ""
            cells.append(f"**{text}**" if peer in values and values[peer] == min(values.values()) else text)
        first, ours = next(iter(group.values())), group.get("ours", {})
        spread = "{ratio:.2f} ({ratio_least:.2f} .. {ratio_most:.2f})".format_map(ours) if "ratio" in ours else ""
        heads = [STAGES[first[name]] if name == "stage" else first[name] for name in keys]
        lines.append([*heads, *cells, spread, *(number(ours.get(name)) for name in extra)])
    named = {"what": "network", "batch": "batch", "stage": "what is timed"}
    return table([*(named[name] for name in keys), *titles.values(), RATIOS,
                  *("pictures a second, mobilenet.cpp" for _ in extra)], lines)


def off(value):
    return "" if value is None else f"{value:.1e}"


def share(value):
    return "" if value is None else f"{value:.2%}"


def every_number(rows):
    lines = []
    for row in rows:
        begin = [row["what"], row["batch"], row["title"]]
        if "failed" in row:
            lines.append([*begin, row["failed"], *[""] * 7])
            continue
        lines.append([*begin, *(number(row.get(key)) for key in ("median_us", "p10_us", "p90_us",
                                                                 "pictures_per_second")),
                      off(row.get("difference")), share(row.get("same_best")), off(row.get("difference_from_ours")),
                      share(row.get("same_best_as_ours"))])
    return table(["network", "batch", "by", "median", "p10", "p90", "pictures a second", "difference",
                  "same best class", "difference from ours", "same best class as ours"], lines)


def answers(rows, precision):
    limit = TOLERANCES[precision]
    wrong = [f"{row['title']} ({row['what']}, batch {row['batch']})" for row in rows
             if not row.get("difference", 0) <= limit]
    return f"Answers within {limit:g} of the largest value of float32: " + (
        f"not held by {', '.join(wrong)}." if wrong else "held by all.")


def same_pictures(rows):
    said = []
    for row in rows:
        ours = next((other.get("best_five") for other in rows if other["peer"] == "ours"
                     and (other["stage"], other["batch"]) == (row["stage"], row["batch"])), None)
        if ours and row.get("best_five") not in (None, ours):
            said.append(f"{row['title']} (batch {row['batch']})")
    return "Other best five classes of the JPEG than mobilenet.cpp's: " + ", ".join(said) + "." if said else \
        "All name the same best five classes of the JPEG." if any(row.get("best_five") for row in rows) else ""


def report(rows, precision):
    speed, pictures = ([row for row in rows if row["part"] == part] for part in ("speed", "pictures"))
    text = []
    if speed:
        text += ["### The network alone, microseconds of a batch", "",
                 "Inputs and outputs on the GPU; bursts of runs back to back, between two events. Ratios are of single "
                 "rounds: median (least .. most).", ""]
        text += side_by_side(speed, ("what", "batch"), "median_us", ("pictures_per_second",))
        text += [answers(speed, precision), "", "### Every number", "",
                 "Differences are of the largest value, from PyTorch in float32 and from ours; the best class is that "
                 "of every picture, box or pixel.", ""]
        text += every_number(speed)
    if pictures:
        text += ["### With what lies around it, milliseconds of one picture", "",
                 "From the host's memory to the host's memory, of the wall clock.", ""]
        text += side_by_side(pictures, ("what", "batch", "stage"), "median_ms")
        text += [same_pictures(pictures), ""]
    failed = {f"{row['title']}, {row['what']}, batch {row['batch']}: {row['failed']}" for row in rows
              if "failed" in row}
    return "\n".join(text + sorted(f"- failed: {line}" for line in failed))
