# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""A process with one peer: opens its file, then does what lines of JSON on standard input ask for, a line of JSON each.

{"answer": FILE.npz} runs once on the job's input and keeps the outputs; {"seconds": S} runs for S seconds;
{"picture": FILE, "seconds": S} decodes and resizes the picture too, with Pillow, and names the best five classes. The
first line it prints says how long opening and the first run took and what memory they took, or what failed.
"""

import importlib
import json
import os
import pathlib
import sys
import time

import numpy as np

from model_file import ModelFile
from runtimes import RUNTIMES


def memory(field):
    """kB of this process. Not getrusage: its peak is at least that of the process that started this one."""
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(field))
    except (OSError, StopIteration):
        return None


def summary(times):
    times = sorted(times)
    at = lambda share: times[int(share * (len(times) - 1) + 0.5)]
    return {"median_ms": at(0.5), "p10_ms": at(0.1), "p90_ms": at(0.9), "runs": len(times)}


def timed(body, seconds):
    body()  # caches still hold what the peer before left
    times, begin, busy = [], time.perf_counter(), time.process_time()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        body()
        times.append((time.perf_counter() - start) * 1e3)
    cores = (time.process_time() - busy) / (time.perf_counter() - begin)
    return {**summary(times), "busy_cores": cores}


class Worker:
    def __init__(self, job):
        self.file, runtime = ModelFile(**job["file"]), RUNTIMES[job["peer"]]
        values = np.load(job["input"])
        importlib.import_module(runtime.module)
        before, begin = memory("VmRSS:"), time.perf_counter()
        self.peer = runtime(self.file.path, job["threads"], job["precision"])
        self.peer.feed(values)
        self.peer.run()
        milliseconds = (time.perf_counter() - begin) * 1e3
        peak = memory("VmHWM:")
        self.ready = {"first_ms": milliseconds, "memory_mb": (peak - before) / 1024 if peak else None}

    def classify(self, path):
        from PIL import Image
        side = self.file.side
        image = Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
        self.peer.feed(self.file.input_from_bytes(np.asarray(image)))
        self.peer.run()
        logits = self.file.real(self.peer.outputs())[0][0]
        scores = np.exp(logits - logits.max())
        scores /= scores.sum()
        self.best = [int(at) for at in np.argsort(-scores, kind="stable")[:5]]

    def do(self, command):
        if "answer" in command:
            self.peer.run()
            np.savez(command["answer"], *self.file.real(self.peer.outputs()))
            return {}
        if "picture" in command:
            times = timed(lambda: self.classify(command["picture"]), command["seconds"])
            return {**times, "best": self.best}
        return timed(self.peer.run, command["seconds"])


def main():
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some libraries print to standard output

    def reply(fields):
        print(json.dumps(fields), file=channel, flush=True)

    def said(error):
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:200]}

    try:
        worker = Worker(json.loads(sys.argv[1]))
    except Exception as error:  # whatever a runtime throws goes into its row of the table
        reply(said(error))
        return
    reply(worker.ready)
    for line in sys.stdin:
        try:
            reply(worker.do(json.loads(line)))
        except Exception as error:
            reply(said(error))


if __name__ == "__main__":
    main()
