#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Times two builds of the program on the same networks, in turns, on this machine.

    benchmarks/compare_builds.py --before OLD/bin/mobilenet --after NEW/bin/mobilenet [--models FOLDER]
                                 [--threads 1,2] [--rounds 7] [--seconds 0.5] [--json FILE] [NETWORK...]

Networks are architectures with random weights in float32, five published sizes unless others are named, and every
.tflite file of --models that both builds open. Each round gives both builds one turn of --seconds (`mobilenet bench`),
who begins changes from round to round, because other work changes a machine's speed by the minute. Prints a Markdown
table: medians over the turns' medians and tenth percentiles, the ratio after / before of each round as a median with
the least and the most, and the peak memory of a turn's process. --json has every turn.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

NETWORKS = ["mobilenet_v1:1.0:224", "mobilenet_v2:1.0:224", "ssd_mobilenet_v1:1.0:300", "ssdlite_mobilenet_v2:1.0:320",
            "deeplab_mobilenet_v2:1.0:513"]


def turn(program, model, threads, seconds):
    """One process: its times in ms, its precision, its peak memory in MB; None where it does not open the model."""
    command = [program, "bench", "--model", model, "--threads", str(threads), "--seconds", str(seconds), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)  # the child's own peak, which wait() does not tell
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        return None
    said = json.loads(output.splitlines()[-1])
    return {"median_ms": said["median_ms"], "p10_ms": said["p10_ms"], "precision": said["precision"],
            "isa": said["isa"], "peak_mb": usage.ru_maxrss / 1024}


def compare(programs, model, threads, options):
    """Turns of both builds, {"before": [...], "after": [...]}; None where one does not open the model."""
    turns = {"before": [], "after": []}
    for round_ in range(options.rounds):
        for side in ("before", "after") if round_ % 2 == 0 else ("after", "before"):
            done = turn(programs[side], model, threads, options.seconds)
            if done is None:
                print(f"{model}: {programs[side]} does not open it", file=sys.stderr)
                return None
            turns[side].append(done)
    return turns


def row(model, threads, turns):
    middle = lambda side, key: statistics.median(done[key] for done in turns[side])
    ratios = [after["median_ms"] / before["median_ms"] for before, after in zip(turns["before"], turns["after"])]
    numbers = {"network": pathlib.Path(model).name, "precision": turns["after"][0]["precision"], "threads": threads,
               "ratio": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
    for side in turns:
        for key in ("median_ms", "p10_ms", "peak_mb"):
            numbers[f"{side}_{key}"] = middle(side, key)
    return numbers


def markdown(numbers):
    return ("| {network} | {precision} | {threads} | {before_median_ms:.2f} ({before_p10_ms:.2f}) "
            "| {after_median_ms:.2f} ({after_p10_ms:.2f}) | {ratio:.2f} ({least:.2f} .. {most:.2f}) "
            "| {before_peak_mb:.0f} | {after_peak_mb:.0f} |").format(**numbers)


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS, help="instead of the five")
    parser.add_argument("--before", required=True, type=pathlib.Path)
    parser.add_argument("--after", required=True, type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path, help="a folder of .tflite files")
    parser.add_argument("--threads", default="1,2", help="comma-separated")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--json", type=pathlib.Path, help="a file for every number of every turn")
    options = parser.parse_args()

    files = sorted(map(str, options.models.glob("*.tflite"))) if options.models else []
    programs = {"before": options.before.resolve(), "after": options.after.resolve()}
    print("| network | computed in | threads | before, ms (p10) | after, ms (p10) | after / before | peak MB before "
          "| after |\n|---|---|---|---|---|---|---|---|")
    measured, isa = [], ""
    for model in [*options.networks, *files]:
        for threads in map(int, options.threads.split(",")):
            turns = compare(programs, model, threads, options)
            if turns is None:
                break
            isa = turns["after"][0]["isa"]
            measured.append({**row(model, threads, turns), "turns": turns})
            print(markdown(measured[-1]), flush=True)
    print(f"\n{cpu_name()}, {isa}; {options.rounds} turns of {options.seconds} s; ratio: median (least .. most)")
    if options.json:
        options.json.write_text(json.dumps({"cpu": cpu_name(), "isa": isa, "measured": measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
