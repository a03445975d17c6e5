# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Rows as Markdown tables."""

from catalogue import PRECISIONS
from measure import F32_TOLERANCE, answers_not_held


def number(value):
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|",
            *("| " + " | ".join(map(str, line)) + " |" for line in lines), ""]


def groups_of(rows, part):
    """{(network, precision, threads): {peer: row}} in order of measurement."""
    groups = {}
    for row in rows:
        if row["part"] == part:
            groups.setdefault((row["network"], row["precision"], row["threads"]), {})[row["peer"]] = row
    return groups


def side_by_side(rows, part, key):
    """A line for each group, a column for each contestant; the best in bold. Times have a column of ratios, too."""
    groups = groups_of(rows, part)
    titles = {row["peer"]: row["title"] for group in groups.values() for row in group.values()}
    lines = []
    for (_, precision, threads), group in groups.items():
        values = {peer: row[key] for peer, row in group.items() if row.get(key) is not None}
        cells = []
        for peer in titles:
            if peer in values:
                text = number(values[peer])
                cells.append(f"**{text}**" if values[peer] == min(values.values()) else text)
            else:
                cells.append("failed" if "failed" in group.get(peer, {}) else "")
        ours = group["ours"]
        line = [ours["what"], PRECISIONS[precision], threads, *cells]
        if key.endswith("_ms"):
            spread = "{ratio:.2f} ({ratio_least:.2f} .. {ratio_most:.2f})"
            line.append(spread.format_map(ours) if "ratio" in ours else "")
        lines.append(line)
    ratio_head = ["best other / mobilenet.cpp"] if key.endswith("_ms") else []
    return table(["network", "precision", "threads", *titles.values()] + ratio_head, lines)


def every_number(rows):
    keys = ["median_ms", "least_ms", "p10_ms", "p90_ms", "busy_cores"]
    lines = []
    for row in rows:
        if row["part"] != "speed":
            continue
        off = f"{row['difference']:.1e}" if "difference" in row else ""
        numbers = [row["failed"]] + [""] * 5 if "failed" in row else [*(number(row.get(key)) for key in keys), off]
        lines.append([row["what"], PRECISIONS[row["precision"]], row["threads"], row["title"], *numbers])
    return table(["network", "precision", "threads", "by", "median", "least turn", "p10", "p90", "busy cores",
                  "difference"], lines)


def same_pictures(rows):
    """Whether all name the same best five classes as our program."""
    said = []
    for (_, precision, _), group in groups_of(rows, "pictures").items():
        ours = group["ours"].get("best_five")
        others = [row["title"] for row in group.values() if ours and row.get("best_five") not in (None, ours)]
        if others:
            said.append(f"{group['ours']['what']}, {PRECISIONS[precision]}: {', '.join(others)}")
    return "Other best five classes than mobilenet.cpp's: " + "; ".join(said) + "." if said else \
        "All name the same best five classes."


def report(rows):
    text = []
    if groups_of(rows, "speed"):
        text += ["### The network alone, milliseconds", "", "Medians of the turns' medians; ratios are of single "
                 "rounds: median (least .. most).", ""]
        text += side_by_side(rows, "speed", "median_ms")
        wrong = answers_not_held(rows)
        named = ", ".join(f"{row['title']} ({row['what']})" for row in wrong)
        if any("difference" in row and row["precision"] == "f32" for row in rows):
            text += [f"Answers in float32, within {F32_TOLERANCE:g} of the largest value: "
                     + (f"not held by {named}." if wrong else "held by all."), ""]
        text += ["### Every number", "", "Differences are to the answer in float32 (of a file: to the first of the "
                 "others), relative to its largest value.", ""]
        text += every_number(rows)
    if groups_of(rows, "first"):
        text += ["### From the file to the first answer, milliseconds", "", "Fresh processes, the file in the disk's "
                 "cache. Of mobilenet.cpp the process of `run`, which writes its outputs to a file, too, less that of "
                 "`--version`; of the others from after their import.", ""]
        text += side_by_side(rows, "first", "first_ms")
        text += ["### Memory, MB at most", "", "Of mobilenet.cpp beyond the process of `--version`, of the others "
                 "beyond Python and their import.", ""]
        text += side_by_side(rows, "first", "memory_mb")
    if groups_of(rows, "pictures"):
        text += ["### From a JPEG to five classes, milliseconds", "", "Decoded, resized without keeping proportions, "
                 "classified; the others read and resize with Pillow.", ""]
        text += side_by_side(rows, "pictures", "median_ms")
        text += [same_pictures(rows), ""]
    failed = {f"{row['title']}, {row['what']}, {PRECISIONS[row['precision']]}: {row['failed']}" for row in rows
              if "failed" in row}
    return "\n".join(text + sorted(f"- failed: {line}" for line in failed))
