# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Who takes turns: our program, a process a turn, and each peer in a process that is stopped while others run.

Stopped, because some runtimes' threads go on spinning after a run, in the time of the next.
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PICTURE_MS = 15  # about what one picture takes, to ask our program for a turn's worth of them
# Starts the program in its arguments and says how long it ran and its peak of memory, which Linux counts from the peak
# of the process that starts it: so that is this small one.
LAUNCHER = """
import json, os, sys, time
begin = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(json.dumps({"first_ms": (time.perf_counter() - begin) * 1e3, "memory_mb": usage.ru_maxrss / 1024}))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Failed(Exception):
    """A contestant cannot do this, in one line."""


class Ours:
    """The program's own times, of its verbs."""

    name, title = "ours", "mobilenet.cpp"

    def __init__(self, program, file, precision, threads, values, folder):
        self.program, self.file, self.folder = str(program), file, folder
        self.model = ["--model", file.path, "--threads", str(threads), "--precision", precision]
        self.input = folder / "ours.npy"
        np.save(self.input, values)

    def call(self, *words, launcher=()):
        done = subprocess.run([*launcher, self.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Failed(f"exit {done.returncode}: {lines[0][:150] if lines else 'nothing said'}")
        return done.stdout.splitlines()

    def run_words(self):
        return ["run", *self.model, "--input", self.input, "-o", self.folder / "ours.npz", "--force", "--quiet"]

    def answer(self):
        self.call(*self.run_words())
        with np.load(self.folder / "ours.npz") as outputs:
            return self.file.real([outputs[name] for name in outputs.files])

    def turn(self, seconds):
        return json.loads(self.call("bench", *self.model, "--seconds", seconds, "--json")[-1])

    def pictures(self, path, seconds):
        """A process for a turn; its times are those of each picture, from the file to the classes."""
        words = ["--preprocess", "squash", "--filter", "bilinear", "--encoding", "signed", "--top", 5, "--json"]
        count = max(5, int(seconds * 1e3 / PICTURE_MS))
        lines = [json.loads(line) for line in self.call("classify", *self.model, *words, *[path] * count)][1:]
        times = sorted(sum(line["milliseconds"].values()) for line in lines)
        return {"median_ms": times[len(times) // 2], "best": [item["index"] for item in lines[0]["classes"]]}

    def first(self):
        """A process that runs once and writes its outputs; memory of one that runs often and writes nothing. Both less
        what a process takes that only says its version: the others begin to count when their libraries are loaded."""
        def launched(*words):
            launcher = [sys.executable, "-S", "-E", "-c", LAUNCHER]
            return json.loads(self.call(*words, launcher=launcher)[-1])
        start, run = launched("--version"), launched(*self.run_words())
        bench = launched("bench", *self.model, "--seconds", 0.05, "--json")
        return {"first_ms": run["first_ms"] - start["first_ms"], "memory_mb": bench["memory_mb"] - start["memory_mb"]}

    def close(self):
        pass


class Rival:
    """A worker process of one peer."""

    def __init__(self, name, peer, file, precision, threads, values, folder, log, timeout):
        self.name, self.title, self.folder, self.timeout = name, peer.title, folder, timeout
        inputs = folder / f"{name}.npy"
        np.save(inputs, values)
        job = {"peer": name, "file": vars(file), "precision": precision, "threads": threads, "input": str(inputs)}
        self.command = [sys.executable, "-B", HERE / "worker.py", json.dumps(job)]
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.log, self.process = log, None

    def start(self):
        """Opens the file, and what the worker says of that."""
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, env=self.environment)
        return self.read()

    def read(self):
        answered = select.select([self.process.stdout], [], [], self.timeout)[0]
        line = self.process.stdout.readline() if answered else ""
        reply = json.loads(line) if line else {"error": "its process ended" if answered else "no answer in time"}
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def ask(self, **command):
        if self.process is None:
            self.start()
        self.process.send_signal(signal.SIGCONT)
        try:
            print(json.dumps(command), file=self.process.stdin, flush=True)
            return self.read()
        except BrokenPipeError:
            raise Failed("its process ended") from None
        finally:
            self.process.send_signal(signal.SIGSTOP)

    def answer(self):
        path = self.folder / f"{self.name}.npz"
        self.ask(answer=str(path))
        with np.load(path) as outputs:
            return [outputs[name] for name in outputs.files]

    def turn(self, seconds):
        return self.ask(seconds=seconds)

    def pictures(self, path, seconds):
        return self.ask(picture=str(path), seconds=seconds)

    def first(self):
        self.close()
        try:
            return self.start()
        finally:
            self.close()

    def close(self):
        if self.process:
            self.process.kill()  # a stopped one too
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None
