#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Times .tflite files in mobilenet.cpp and in LiteRT (TensorFlow Lite with XNNPACK), in turns, on this machine.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 ai-edge-litert==2.3.0
    v/bin/python benchmarks/compare_litert.py [--threads 1,2] [--rounds 7] [--seconds 0.5] FILE.tflite...

Each file first runs once in both on the same noise, and the outputs are compared. Then each round gives both one turn
of --seconds, because other work changes a machine's speed by the minute. One image per run, its tensor in memory
already; outputs stay in memory. Prints a table: medians over the turns' medians, their spread, the ratio of each round.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/mobilenet"


def interpreter_of(path, threads):
    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    for item in interpreter.get_input_details():
        random = np.random.default_rng(1)
        if item["dtype"] == np.float32:
            value = random.uniform(-1, 1, item["shape"]).astype(np.float32)
        else:
            limits = np.iinfo(item["dtype"])
            value = random.integers(limits.min, limits.max + 1, item["shape"]).astype(item["dtype"])
        interpreter.set_tensor(item["index"], value)
    return interpreter


def compare(program, path, interpreter):
    """How much the outputs differ, in words."""
    interpreter.invoke()
    with tempfile.TemporaryDirectory() as folder:
        x, y = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npz")
        np.save(x, interpreter.get_tensor(interpreter.get_input_details()[0]["index"]))
        subprocess.run([program, "run", "--model", path, "--input", x, "-o", y], check=True, capture_output=True)
        ours = list(np.load(y).values())
    theirs = [interpreter.get_tensor(item["index"]) for item in interpreter.get_output_details()]
    different, relative = 0, 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a.size != b.size:
            sys.exit(f"{path}: outputs of {a.shape} and {b.shape}")
        a, b = a.reshape(b.shape), b
        if b.dtype == np.float32:
            relative = max(relative, float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)))
        else:
            different += int((a.astype(np.int64) != b.astype(np.int64)).sum())
    floats = any(b.dtype == np.float32 for b in theirs)
    return f"{relative:.0e} relative" if floats else f"{different} differ"


def their_turn(interpreter, seconds):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        interpreter.invoke()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def our_turn(program, path, threads, seconds):
    done = subprocess.run([program, "bench", "--model", path, "--threads", str(threads), "--seconds", str(seconds),
                           "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM)
    parser.add_argument("--threads", default="1", help="comma-separated")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()

    print("| file | threads | outputs | mobilenet.cpp ms | LiteRT ms | LiteRT / mobilenet.cpp |\n|---|---|---|---|---|---|")
    for path in options.files:
        for threads in map(int, options.threads.split(",")):
            interpreter = interpreter_of(path, threads)
            same = compare(options.program, path, interpreter)
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(our_turn(options.program, path, threads, options.seconds))
                theirs.append(their_turn(interpreter, options.seconds))
            ratios = [b / a for a, b in zip(ours, theirs)]
            spread = lambda values: f"{statistics.median(values):.2f} ({min(values):.2f} .. {max(values):.2f})"
            print(f"| {path.name} | {threads} | {same} | {spread(ours)} | {spread(theirs)} | {spread(ratios)} |",
                  flush=True)
    print(f"\n{platform.processor() or platform.machine()}; {cpu_name()}; median (least .. most) of {options.rounds} turns")


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown processor"


if __name__ == "__main__":
    main()
