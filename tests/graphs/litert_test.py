#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Random graphs against LiteRT: integers byte for byte, floats within a tolerance.

litert_test.py compare RANDOM_GRAPHS    every graph is answered alike by all ways of this library, and by LiteRT
litert_test.py each_operator RANDOM_GRAPHS  the same, so many graphs for every operator
litert_test.py self_test RANDOM_GRAPHS  one step of difference in a graph is noticed

RANDOM_GRAPHS is the program of that name. --graphs N and --seed S (or MOBILENET_GRAPHS, MOBILENET_GRAPHS_SEED) set how
many are made, and which. What differs is written to --keep FOLDER, as .tflite and .npy. Without LiteRT (ai-edge-litert)
the program's own ways are compared all the same, and the test then counts as skipped.
"""

import argparse
import collections
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: needs numpy; scripts/setup --developer installs it into .venv")
    sys.exit(77)

from detections import compare_detections

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    Interpreter = None

TYPES = [np.float32, np.float16, np.uint8, np.int8, np.int16, np.int32, np.int64, np.bool_]  # as DataType has them
ANSWERED, REFUSED, DISAGREED = range(3)
SKIPPED = 77
# Other orders of float additions in networks of at most eight layers: of a tensor's largest number, and of the numbers
# of about 1 inside, whose sums may cancel.
FLOAT_TOLERANCE, CANCELLED = 1e-4, 1e-5
KEPT_GRAPHS = 50  # that differ
# Of the graphs made, so that a change that refuses much does not pass.
LEAST_SHARE_COMPARED = 0.75

Graph = collections.namedtuple("Graph", "index operators model rows_a_box inputs outcome answer")


def read_graphs(program, seed, count, *options):
    """Yields Graphs; `answer` is a list of arrays, flat, or the text of the outcome."""
    process = subprocess.Popen([program, str(seed), "0", str(count), *options], stdout=subprocess.PIPE)
    done = 0

    def take(size):
        data = process.stdout.read(size)
        if len(data) != size:
            sys.exit(f"the program ended with {process.wait()} at graph {done}: {program} {seed} {done} 1")
        return data

    def number():
        return struct.unpack("<I", take(4))[0]

    for done in range(count):
        index, operators, model, rows_a_box = number(), take(number()).decode(), take(number()), take(1)[0]
        inputs = [take(number()) for _ in range(number())]
        outcome = take(1)[0]
        if outcome == ANSWERED:
            answer = [np.frombuffer(data, TYPES[kind]) for kind, data in ((take(1)[0], take(number())) for _ in range(number()))]
        else:
            answer = take(number()).decode(errors="replace")
        yield Graph(index, operators, model, rows_a_box, inputs, outcome, answer)
    process.wait()


def run_litert(graph):
    interpreter = Interpreter(model_content=graph.model, num_threads=1)
    interpreter.allocate_tensors()
    for detail, data in zip(interpreter.get_input_details(), graph.inputs):
        interpreter.set_tensor(detail["index"], np.frombuffer(data, detail["dtype"]).reshape(detail["shape"]))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def difference(ours, theirs):
    """None, or what differs between two lists of arrays."""
    for k, (mine, right) in enumerate(zip(ours, theirs)):
        right = right.ravel()
        if mine.dtype != right.dtype or mine.size != right.size:
            return f"output {k}: {mine.size} {mine.dtype}, LiteRT {right.size} {right.dtype}"
        if right.dtype == np.float32:
            if not np.isfinite(right).all():
                continue
            largest = float(np.abs(right).max(initial=0))
            apart = np.abs(mine - right) > FLOAT_TOLERANCE * largest + CANCELLED
            apart |= ~np.isfinite(mine)
        else:
            apart = mine != right
        if apart.any():
            at = int(np.argmax(apart))
            return f"output {k}: {apart.sum()} of {apart.size} differ, first [{at}]: {mine[at]}, LiteRT {right[at]}"
    return None


class Tally:
    def __init__(self):
        self.counts = collections.Counter()
        self.refusals = collections.Counter()
        self.operators = collections.Counter()
        self.allowed = collections.Counter()
        self.differences = []

    def refuse(self, who, text):
        self.counts[f"refused by {who}"] += 1
        self.refusals[who + ": " + re.sub(r"\d+", "#", text)[:150]] += 1

    def compare(self, graph):
        """The difference, if there is one that nothing explains."""
        if graph.outcome == DISAGREED:
            return graph.answer
        if graph.outcome == REFUSED:
            return self.refuse("us", graph.answer)
        if Interpreter is None:
            return None
        try:
            theirs = run_litert(graph)
        except (RuntimeError, ValueError) as error:
            return self.refuse("LiteRT", str(error))
        self.counts["compared"] += 1
        self.operators.update(line.split()[0] for line in graph.operators.splitlines())
        if graph.rows_a_box:
            found, reason = compare_detections(graph, theirs)
        else:
            found, reason = difference(graph.answer, theirs), None
        if found and reason:
            self.allowed[reason] += 1
            return None
        return found

    def add(self, graph, keep):
        self.counts["made"] += 1
        found = self.compare(graph)
        if found is None:
            return
        self.differences.append(graph.index)
        if keep is not None and len(self.differences) <= KEPT_GRAPHS:
            (keep / f"{graph.index}.tflite").write_bytes(graph.model)
            for k, data in enumerate(graph.inputs):
                (keep / f"{graph.index}.{k}.bin").write_bytes(data)
            print(f"graph {graph.index}: {found}\n{graph.operators}", flush=True)

    def print(self):
        print(", ".join(f"{count} {what}" for what, count in self.counts.items()), f"{len(self.differences)} differ", sep=", ")
        for title, table in (("operators", self.operators), ("allowed", self.allowed), ("refused", self.refusals)):
            if table:
                print(f"{title}:", *(f"  {count} {what}" for what, count in table.most_common(30)), sep="\n")


def compare(options):
    keep = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="mobilenet_graphs_"))
    keep.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    for graph in read_graphs(options.program, options.seed, options.graphs):
        tally.add(graph, keep)
    tally.print()
    if tally.differences:
        sys.exit(f"seed {options.seed}: graphs {tally.differences[:20]} differ; the files are in {keep}")
    if Interpreter is None:
        print("LiteRT is not there: pip install ai-edge-litert")
        sys.exit(SKIPPED)
    if tally.counts["compared"] < LEAST_SHARE_COMPARED * tally.counts["made"]:
        sys.exit("too many graphs are refused for the comparison to mean something")


def each_operator(options):
    """As compare, with as many graphs for every operator as are asked for, each of which has it."""
    names = subprocess.run([options.program, "--operators"], capture_output=True, text=True, check=True).stdout.split()
    keep = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="mobilenet_graphs_"))
    print(f"{'operator':28} {'made':>7} {'compared':>9} {'differ':>7}")
    wrong = []
    for name in names:
        (keep / name).mkdir(parents=True, exist_ok=True)
        tally = Tally()
        for graph in read_graphs(options.program, options.seed, options.graphs, "--with", name):
            tally.add(graph, keep / name)
        print(f"{name:28} {tally.counts['made']:7} {tally.counts['compared']:9} {len(tally.differences):7}", flush=True)
        if tally.differences:
            wrong.append(name)
    if wrong:
        sys.exit(f"seed {options.seed}: {', '.join(wrong)}; the files are in {keep}")


def self_test(options):
    if Interpreter is None:
        sys.exit(SKIPPED)
    tally = Tally()
    for graph in read_graphs(options.program, options.seed, 300, "--disturb"):
        if not graph.rows_a_box:  # there the first output holds rows that do not count
            tally.add(graph, None)
    tally.print()
    if len(tally.differences) != tally.counts["compared"] or tally.counts["compared"] < 100:
        sys.exit("a step of difference was not noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["compare", "each_operator", "self_test"])
    parser.add_argument("program")
    parser.add_argument("--graphs", type=int, default=int(os.environ.get("MOBILENET_GRAPHS", 3000)))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("MOBILENET_GRAPHS_SEED", 1)))
    parser.add_argument("--keep", help="a folder for graphs that differ")
    options = parser.parse_args()
    {"compare": compare, "each_operator": each_operator, "self_test": self_test}[options.check](options)


main()
