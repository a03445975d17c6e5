# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Takes turns and makes rows: all contestants of one network, precision and number of threads, round after round.

Other work changes a machine's speed by the minute, so contestants are compared within rounds only: a ratio is of two
turns of one round, and its spread over the rounds says what it is worth.
"""

import statistics

import numpy as np

from contestants import Failed

F32_TOLERANCE = 1e-3  # of the largest value: other orders of float additions


class Group:
    """Contestants that do the same; rows of those that cannot say why."""

    def __init__(self, about, contestants):
        self.about, self.contestants, self.failed, self.rounds = about, contestants, {}, []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for contestant in self.contestants:
            contestant.close()

    def each(self, body, turned=0):
        """{name: what `body` gives} of those that are still in; `turned` says who begins."""
        given, order = {}, [c for c in self.contestants if c.name not in self.failed]
        turned = turned % len(order) if order else 0
        for contestant in order[turned:] + order[:turned]:
            try:
                given[contestant.name] = body(contestant)
            except Failed as error:
                self.failed[contestant.name] = str(error)
        return given

    def take_turns(self, rounds, body):
        for turn in range(rounds):
            self.rounds.append(self.each(body, turn))

    def turns_of(self, name):
        return [turn[name] for turn in self.rounds if name in turn]

    def ratio(self, key):
        """The best rival by its median over the rounds, and (median, least, most) of its time divided by ours."""
        medians = {c.name: statistics.median(turn[key] for turn in self.turns_of(c.name)) for c in self.contestants
                   if c.name not in self.failed and self.turns_of(c.name)}
        rivals = {name: value for name, value in medians.items() if name != "ours"}
        if not rivals or "ours" not in medians:
            return {}
        best = min(rivals, key=rivals.get)
        ratios = [turn[best][key] / turn["ours"][key] for turn in self.rounds if best in turn and "ours" in turn]
        return {"best": best, "ratio": statistics.median(ratios), "ratio_least": min(ratios), "ratio_most": max(ratios)}

    def rows(self, part, keys, ratio_of, extra=None):
        """A row for each contestant: medians over the rounds of `keys`, the least of the first, and `extra[name]`."""
        ratio, rows = self.ratio(ratio_of), []
        for contestant in self.contestants:
            row = {"part": part, **self.about, "peer": contestant.name, "title": contestant.title}
            turns = self.turns_of(contestant.name)
            if contestant.name in self.failed:
                row["failed"] = self.failed[contestant.name]
            elif turns:
                for key in keys:
                    values = [turn[key] for turn in turns if turn.get(key) is not None]
                    row[key] = statistics.median(values) if values else None
                row["least_ms"] = min(turn[ratio_of] for turn in turns)
                row.update((extra or {}).get(contestant.name, {}))
                row.update(ratio if contestant.name == "ours" else {})
            rows.append(row)
        return rows


def difference(outputs, reference):
    """The largest difference of any output, of that output's largest value; infinite where shapes differ or a
    number is none."""
    if len(outputs) != len(reference):
        return float("inf")
    worst = 0.0
    for values, right in zip(outputs, reference):
        if values.size != right.size:
            return float("inf")
        right = right.astype(np.float64)
        off = np.abs(values.reshape(right.shape) - right).max() / max(np.abs(right).max(), 1e-30)
        worst = max(worst, float(off)) if np.isfinite(off) else float("inf")  # max() would drop a NaN
    return worst


def speed(group, reference, rounds, seconds):
    """Rows of the network alone. `reference`: its answer in float, or None for that of the first of the others."""
    answers = group.each(lambda contestant: contestant.answer())
    if reference is None:
        reference = next((answer for name, answer in answers.items() if name != "ours"), None)
    off = {name: {"difference": difference(answer, reference)} for name, answer in answers.items()
           if reference is not None}
    group.take_turns(rounds, lambda contestant: contestant.turn(seconds))
    return group.rows("speed", ("median_ms", "p10_ms", "p90_ms", "busy_cores"), "median_ms", off)


def first_results(group, starts):
    group.each(lambda contestant: contestant.first())  # the file and the libraries now lie in memory
    group.take_turns(starts, lambda contestant: contestant.first())
    return group.rows("first", ("first_ms", "memory_mb"), "first_ms")


def pictures(group, path, rounds, seconds):
    group.take_turns(rounds, lambda contestant: contestant.pictures(path, seconds))
    best = {name: {"best_five": turn["best"]} for name, turn in (group.rounds[-1] if group.rounds else {}).items()}
    return group.rows("pictures", ("median_ms",), "median_ms", best)


def answers_not_held(rows):
    """Rows of float answers that are not the same."""
    return [row for row in rows if row["part"] == "speed" and row["precision"] == "f32"
            and not row.get("difference", 0) <= F32_TOLERANCE]
