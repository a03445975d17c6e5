#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Times pictures and masks: this library in turns with Pillow, on pictures of noise and blobs.

    benchmarks/pictures/compare_pillow.py [--threads 1,2] [--before PROGRAM] [--quick] BUILD/bin/pictures_and_masks

Answers are compared first: resized bytes equal Pillow's, masks those of --before (another build of the same program).
Milliseconds are the median over the rounds of the best of five runs, one after the other in turns: of one thread, and of
Pillow, those that it had a processor, of more threads those that passed.
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (4032, 3024)]
FILTERS = {"nearest": Image.NEAREST, "box": Image.BOX, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC,
           "lanczos": Image.LANCZOS}
TURNS = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270,
         8: Image.Transpose.ROTATE_90}
ROUNDS, RUNS = 3, 5


class Program:
    """One build of pictures_and_masks, kept running."""

    def __init__(self, path, folder, name, threads=None):
        command = [path] + ([str(threads)] if threads else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = folder / name

    def say(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def time(self, *words):
        self.say(*words, self.out)
        return float(self.process.stdout.readline())

    def answer(self):
        return np.fromfile(self.out, np.uint8)


def best(body):
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        body()
        times.append((time.process_time() - begin) * 1000)
    return min(times)


def noisy_picture(width, height, channels):
    random = np.random.default_rng(width)
    coarse = random.integers(0, 256, (height // 40 + 1, width // 40 + 1, channels), np.uint8)
    fine = random.integers(0, 64, (height, width, channels), np.uint8)
    return (coarse.repeat(40, 0).repeat(40, 1)[:height, :width] // 2 + fine).astype(np.uint8)


def row(title, columns):
    print(f"| {title} | " + " | ".join(columns) + " |", flush=True)


def in_turns(programs, words, pillow=None):
    """Median milliseconds of every program, and of Pillow's function first where there is one."""
    times = [[] for _ in range(len(programs) + (pillow is not None))]
    for _ in range(ROUNDS):
        if pillow is not None:
            times[0].append(best(pillow))
        for i, program in enumerate(programs):
            times[i - len(programs)].append(program.time(*words))
    return [statistics.median(t) for t in times]


def compare_pictures(programs, names, folder, cases):
    row("picture", ["Pillow"] + names)
    row("---", ["---"] * (1 + len(names)))
    written = {}
    for (width, height), form, name, size, turn, elements in cases:
        channels = {"grey": 1, "rgba": 4}.get(form, 3)
        file = folder / f"{width}x{height}.{channels}"
        if file not in written:
            written[file] = noisy_picture(width, height, channels)
            written[file].tofile(file)
        for program in programs:
            program.say("picture", file, form, width, height, turn)
            program.say("input", name, size, elements)
        pillow = None
        if name in FILTERS:
            picture = Image.fromarray(written[file][:, :, :3].squeeze())
            def pillow():
                turned = picture if TURNS[turn] is None else picture.transpose(TURNS[turn])
                return turned.resize((size, size), FILTERS[name])
        times = in_turns(programs, ["run"], pillow)
        answers = [program.answer() for program in programs]
        if pillow and elements == "u8":
            expected = np.asarray(pillow())
            answers.append((expected if expected.ndim == 3 else expected[:, :, None].repeat(3, 2)).ravel())
        if any(not np.array_equal(answers[0], answer) for answer in answers):
            raise SystemExit(f"{width}x{height} {form} {name} {size}: not equal")
        first = f"{times[0]:.2f}" if pillow else "-"
        own = times[1:] if pillow else times
        columns = [first] + [f"{t:.2f}" + (f" ({times[0] / t:.1f}x)" if pillow else "") for t in own]
        turned = f", turned ({turn})" if turn != 1 else ""
        row(f"{width}x{height} {form}{turned}, {name} to {size} {elements}", columns)


def compare_masks(programs, names, folder):
    print()
    row("mask", names)
    row("---", ["---"] * len(names))
    for width, height in [(1280, 720), (1920, 1080), (3840, 2160)]:
        for kind, cells in [("regions", 65), ("regions", 33), ("noise", 65)]:
            random = np.random.default_rng(7)
            scores = random.normal(0, 1, (cells, cells, 21)).astype(np.float32)
            if kind == "regions":  # a few discs on a background
                y, x = np.mgrid[0:cells, 0:cells] / cells
                scores[:, :, 0] += 6
                for c, (cy, cx, r) in enumerate([(0.4, 0.3, 0.2), (0.6, 0.7, 0.25), (0.2, 0.8, 0.1)], 1):
                    scores[:, :, c] += 12 * ((y - cy) ** 2 + (x - cx) ** 2 < r * r)
            file = folder / "scores"
            scores.tofile(file)
            times = in_turns(programs, ["mask", width, height, cells, 21, file])
            answers = [program.answer() for program in programs]
            if any(not np.array_equal(answers[0], answer) for answer in answers):
                raise SystemExit(f"mask {width}x{height} {kind}: not equal")
            row(f"{width}x{height} of {cells}x{cells} cells, {kind}", [f"{t:.2f}" for t in times])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--before", help="another build, on one thread")
    parser.add_argument("--quick", action="store_true", help="the bilinear filter to 224 alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        programs, names = [], []
        if arguments.before:
            programs.append(Program(arguments.before, folder, "before"))
            names.append("before")
        for threads in arguments.threads.split(","):
            programs.append(Program(arguments.program, folder, f"threads{threads}", threads))
            names.append("1 thread" if threads == "1" else f"{threads} threads")
        cases = [(size, "rgb", "bilinear", 224, 1, "u8") for size in SIZES]
        if not arguments.quick:
            cases += [(size, "rgb", name, 224, 1, "u8") for name in ("box", "bicubic", "lanczos") for size in SIZES]
            cases += [(size, "rgb", "bilinear", s, 1, "u8") for s in (300, 513) for size in SIZES]
            cases += [(SIZES[1], form, "bilinear", 224, 1, "u8") for form in ("rgba", "grey")]
            cases += [(SIZES[3], "rgb", "bilinear", 224, turn, "u8") for turn in (2, 3, 6, 8)]
            cases += [(SIZES[1], "rgb", "bilinear", 224, 1, "f32"), (SIZES[3], "rgb", "nearest", 224, 6, "u8")]
            cases += [(size, "rgb", "tf", 300, 1, "u8") for size in SIZES]
            cases += [(SIZES[3], "rgb", "tf", 300, 6, "u8"), (SIZES[1], "rgb", "tf", 513, 1, "f32")]
        compare_pictures(programs, names, folder, cases)
        compare_masks(programs, names, folder)


if __name__ == "__main__":
    main()
