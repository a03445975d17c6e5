# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""soak.py [--frames N] [--program build/developer/bin/runner_tests] [--chart FILE.svg]

Frames of random sizes and orientations from four callers through a Runner (RunnerSoak of tests/live), once where
callers wait and once where frames are dropped. Prints what the tests say: that no frame is lost, frames a second,
latency; and the memory of the process, which it looks at all the time and draws. Needs nothing but Python.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time
from xml.sax.saxutils import escape

SOAKS = {"callers wait": "NoFrameIsLostWhereCallersWait", "the oldest frame is dropped": "EveryFrameIsAnsweredOrDropped"}
PERIOD = 0.02  # seconds
POINTS = 200  # of a line; each is the most of its part
INK, LINE, COLOURS = "#7a7d80", "#9a9da0", ("#3f83d6", "#cf7a1c")  # as in ../compare/chart.py
LEFT, WIDTH, RIGHT, TOP, HEIGHT = 60, 560, 80, 58, 180


def resident_megabytes(process):
    """None when it is over."""
    try:
        pages = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 or None


def soak(program, frames, test):
    """[(seconds, megabytes)] while frames come, and the line that the test prints."""
    process = subprocess.Popen([program, f"--gtest_filter=RunnerSoak.{test}"], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "MOBILENET_SOAK_FRAMES": str(frames)})
    start, samples = time.monotonic(), []
    while process.poll() is None:
        memory = resident_megabytes(process)
        if memory:
            samples.append((time.monotonic() - start, memory))
        time.sleep(PERIOD)
    said = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"RunnerSoak.{test} failed:\n{said}")
    over = samples[-1][0] * 0.98  # then all is given back
    return [sample for sample in samples if sample[0] < over], next(line for line in said.splitlines() if " frames: " in line)


def text(x, y, content, anchor="start", colour=INK):
    return f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(content)}</text>'


def memory_chart(lines, frames):
    """The SVG of {name: (samples, what the test said)}: memory of the process over the part of its time that is over."""
    most = max(memory for samples, _ in lines.values() for _, memory in samples)
    step = next(step for step in (5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if most / step <= 6)
    top = step * (int(most / step) + 1)
    place = lambda memory: TOP + HEIGHT * (1 - memory / top)
    title = f"memory of the process during {frames:,} frames from four callers, MB"
    marks = [text(LEFT, 12, title)]
    for level in range(0, top + 1, step):
        marks.append(f'<path d="M{LEFT} {place(level):.1f}H{LEFT + WIDTH}" stroke="{LINE}" stroke-opacity=".3"/>')
        marks.append(text(LEFT - 6, place(level) + 4, str(level), "end"))
    for number, (name, (samples, said)) in enumerate(lines.items()):
        colour, end = COLOURS[number], samples[-1][0]
        marks.append(text(LEFT, 28 + 14 * number, f"{name}: {said[said.index('latency'):].split('; ')[0]}", colour=colour))
        parts = {}
        for seconds, memory in samples:
            part = min(int(seconds / end * POINTS), POINTS - 1)
            parts[part] = max(parts.get(part, 0), memory)
        points = "L".join(f"{LEFT + WIDTH * part / (POINTS - 1):.1f} {place(memory):.1f}"
                          for part, memory in sorted(parts.items()))
        marks.append(f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        marks.append(text(LEFT + WIDTH + 6, place(samples[-1][1]) + 4, f"{end:.0f} s", colour=colour))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {TOP + HEIGHT + 24}" '
        'font-family="system-ui, sans-serif" font-size="11">', f"<title>{escape(title)}</title>", *marks,
        text(LEFT, TOP + HEIGHT + 16, "start"), text(LEFT + WIDTH, TOP + HEIGHT + 16, "end", "end"), "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--program", default="build/developer/bin/runner_tests")
    parser.add_argument("--chart", type=pathlib.Path, metavar="FILE.svg")
    words = parser.parse_args()
    lines = {name: soak(words.program, words.frames, test) for name, test in SOAKS.items()}
    for name, (samples, said) in lines.items():
        half = [memory for seconds, memory in samples if seconds > samples[-1][0] / 2]
        print(f"{name}: {said}\n  memory of the second half: {min(half):.1f} to {max(half):.1f} MB")
    if words.chart:
        words.chart.write_text(memory_chart(lines, words.frames))


main()
