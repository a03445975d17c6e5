#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Times this library and every other runtime that is installed, on the same networks, threads and inputs, in turns.

    python3 -m venv v && v/bin/pip install -r <(benchmarks/compare/compare.py --requirements)
    v/bin/python benchmarks/compare/compare.py --program build/release/bin/mobilenet

Networks have random weights and are made here, as .tflite for this library and LiteRT, as ONNX for ONNX Runtime, and as
both for OpenVINO; all answer the same noise first, and answers are compared. Then everybody takes turns, the others
stopped, because other work changes a machine's speed by the minute: believe ratios, and those by their spread. ncnn,
which is optional, gets files of its own. Parts:

  speed     the network alone: one input in memory already, outputs left in memory
  first     a fresh process, from the file to the first answer, and the most memory it takes; one thread
  pictures  of classifiers: from a JPEG to the best five classes; one thread

--files adds .tflite files as they are: speed only, by this library, LiteRT and OpenVINO.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

from catalogue import NETWORKS, PEERS, PRECISIONS, requirements

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/mobilenet"
PARTS = ("speed", "first", "pictures")


def some_of(allowed):
    def split(text):
        unknown = set(text.split(",")) - set(allowed)
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(allowed)}")
        return text.split(",")
    return split


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    listed = [name for name in NETWORKS if name != "tiny"]
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, metavar="PATH",
                        help="the program mobilenet (default: that of the release build)")
    parser.add_argument("--networks", type=lambda text: some_of(NETWORKS)(text) if text else [], default=listed,
                        metavar="LIST", help=f"of {','.join(NETWORKS)}, or '' for none (default: all but tiny)")
    parser.add_argument("--files", type=pathlib.Path, nargs="+", default=[], metavar="FILE", help=".tflite files, too")
    parser.add_argument("--precisions", type=some_of(PRECISIONS), default=list(PRECISIONS), metavar="LIST",
                        help=f"of {','.join(PRECISIONS)} (default: all)")
    parser.add_argument("--threads", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2],
                        metavar="LIST", help="of the part speed (default: 1,2)")
    parser.add_argument("--peers", type=some_of(PEERS), default=list(PEERS), metavar="LIST",
                        help=f"of {','.join(PEERS)} (default: those installed)")
    parser.add_argument("--parts", type=some_of(PARTS), default=list(PARTS), metavar="LIST",
                        help=f"of {','.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="turns of each (default: 7)")
    parser.add_argument("--seconds", type=float, default=0.4, metavar="S", help="length of a turn (default: 0.4)")
    parser.add_argument("--starts", type=int, default=5, metavar="N", help="fresh processes of each (default: 5)")
    parser.add_argument("--timeout", type=float, default=120, metavar="S",
                        help="after how long a peer that does not answer is out (default: 120)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the machine, versions and all rows")
    parser.add_argument("--chart", type=pathlib.Path, metavar="FILE.svg",
                        help="draw the ratios of the first of --threads")
    parser.add_argument("--requirements", action="store_true", help="print what pip is to install, and stop")
    return parser.parse_args()


def main():
    asked = options()
    if asked.requirements:
        return print(requirements(), end="")
    try:  # these need packages
        from bench import Bench
        from chart import ratio_chart
        from machine import about, sentence
        from report import report
    except ImportError as error:
        sys.exit(f"compare: {error}; --requirements prints what to install")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stopped workers would outlive this process
    peers = {name: PEERS[name] for name in asked.peers if PEERS[name].installed()}
    missing = [PEERS[name].title for name in asked.peers if name not in peers]
    if missing:
        print(f"compare: not installed: {', '.join(missing)}", file=sys.stderr)
    try:
        facts = about(asked.program, peers)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"compare: the program does not run: {error}")
    with tempfile.TemporaryDirectory(prefix="mobilenet-compare-") as name:
        folder = pathlib.Path(name)
        with open(folder / "log", "w") as log:
            bench = Bench(asked, peers, folder, log)
            for work, names in ((bench.network, asked.networks), (bench.tflite, asked.files)):
                for name in names:
                    work(name)
                    if asked.json:  # as far as it is: a long run may be stopped
                        asked.json.write_text(json.dumps({**facts, "rounds": asked.rounds, "seconds": asked.seconds,
                                                          "rows": bench.rows}, indent=1) + "\n")
    print(f"{sentence(facts)}; {asked.rounds} turns of {asked.seconds:g} s each.\n")
    print(report(bench.rows))
    if asked.chart:
        titles = {name: peer.title for name, peer in PEERS.items()}
        asked.chart.write_text(ratio_chart(bench.rows, asked.threads[0], titles))


if __name__ == "__main__":
    main()
