# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The network alone on a GPU: our program and the ways of PyTorch answer the same pictures, then take turns."""

import contextlib
import json
import statistics
import subprocess

import numpy as np
import torch

from contestants import Failed
from gpu_torch import WAYS, Module, bursts, in_numpy, input_of, placed, reference
from measure import Group, difference
from networks import MAKERS, picture

SEGMENTERS = ("deeplab",)  # whose answer is a mask
TYPES = {"f16": torch.float16, "f32": torch.float32}


def pictures_of(side, count):
    """[count, side, side, 3] The picture of all, then squares of other sizes and colours, so that answers differ."""
    random, made = np.random.default_rng(11), [picture(side)]
    while len(made) < count:
        cells = int(random.integers(2, 33))
        squares = random.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        at = np.arange(side) * cells // side
        made.append(squares[at][:, at])
    return np.stack(made[:count])


class Ours:
    """The program cuda_networks, a process a turn."""

    name, title = "ours", "mobilenet.cpp"

    def __init__(self, options, file, network, mask, values, folder):
        self.network, self.mask, self.batch, self.folder = network, mask, len(values), folder
        self.input, self.output, self.timeout = folder / "ours.input", folder / "ours.output", options.timeout
        values.tofile(self.input)
        self.command = [options.program, file, "--batch", self.batch, "--precision", options.precision, "--input",
                        self.input]
        self.device = None

    def call(self, *words):
        try:
            done = subprocess.run([*map(str, self.command), *map(str, words)], capture_output=True, text=True,
                                  timeout=self.timeout)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"{error}"[:150]) from None
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Failed(f"exit {done.returncode}: {lines[-1][:150] if lines else 'nothing said'}")
        try:
            said = json.loads(done.stdout)
            self.device = said["device"]
            return said["microseconds"]
        except (ValueError, KeyError):
            raise Failed(f"not the JSON that was expected: {done.stdout[:100]!r}") from None

    def task(self):
        return "segment" if self.mask else "run"

    def outputs(self, task):
        self.call("--rounds", 1, "--task", task, "--output", self.output)
        raw = np.fromfile(self.output, np.uint8)
        side = self.network.side
        shapes = [(side, side)] if task == "segment" else [self.network.shapes[name] for name in self.network.outputs]
        wanted = self.batch * sum(int(np.prod(shape)) for shape in shapes)
        values = raw if task == "segment" else raw[:len(raw) // 4 * 4].view(np.float32)
        if values.size != wanted:
            raise Failed(f"{task}: {values.size} numbers came, not {wanted}")
        ends = np.cumsum([self.batch * int(np.prod(shape)) for shape in shapes])[:-1]
        return [part.reshape(self.batch, *shape) for part, shape in zip(np.split(values, ends), shapes)]

    def answer(self):
        return self.outputs(self.task())

    def numbers(self):
        return self.outputs("run")

    def turn(self, rounds, milliseconds):
        return self.call("--rounds", rounds, "--task", self.task())

    def close(self):
        self.input.unlink(missing_ok=True)
        self.output.unlink(missing_ok=True)


@contextlib.contextmanager
def failures():
    """What PyTorch throws, as a line of the report."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:  # memory, a compiler that is missing, a capture that is refused
        torch.cuda.empty_cache()
        raise Failed(" ".join(f"{type(error).__name__}: {error}".split())[:200]) from None


class Rival:
    """One way of PyTorch, in this process: its kernels run in its own turns only."""

    def __init__(self, way, network, mask, values, precision):
        self.name, self.title, self.way = way.name, way.title, None
        self.make, self.network, self.mask = way, network, mask
        self.values, self.dtype = values, TYPES[precision]

    def module(self, mask):
        return placed(Module(self.network, mask), "cuda", self.dtype)

    def answer(self):
        with failures():
            self.way = self.make(self.module(self.mask), input_of(self.values, "cuda", self.dtype))
            return in_numpy(self.way.run())

    def numbers(self):
        """The logits behind a mask, for which what is timed would have to keep them."""
        with failures():
            return in_numpy(self.module(False)(input_of(self.values, "cuda", self.dtype)))

    def turn(self, rounds, milliseconds):
        with failures():
            torch.cuda.synchronize()
            numbers = bursts(self.way.run, rounds, milliseconds)
            torch.cuda.empty_cache()  # others need memory, too
            return numbers

    def close(self):
        if self.way:
            self.way.close()
        self.way = None
        torch.cuda.empty_cache()


def best_of(outputs):
    """The best class of every picture, box or pixel."""
    return outputs[-1] if outputs[-1].dtype == np.uint8 else outputs[-1].argmax(-1)


def checks(group, right, mask):
    """{name: how its answer differs}, from PyTorch's in float32 and from ours."""
    answers = group.each(lambda contestant: contestant.answer())
    best = {name: best_of(answer) for name, answer in answers.items()}
    if mask:  # of those who can show the numbers
        names = {"ours", "eager"} & set(answers)
        answers = group.each(lambda contestant: contestant.numbers() if contestant.name in names else None)
    said = {}
    for name, classes in best.items():
        row = said[name] = {"same_best": float((classes == best_of(right)).mean())}
        if "ours" in best:
            row["same_best_as_ours"] = float((classes == best["ours"]).mean())
        if answers.get(name) is not None:
            row["difference"] = difference(answers[name], right)
            if answers.get("ours") is not None:
                row["difference_from_ours"] = difference(answers[name], answers["ours"])
    return said


def rows_of(group, said, batch):
    ratio, rows = group.ratio("median_us"), []
    for contestant in group.contestants:
        row = {"part": "speed", **group.about, "peer": contestant.name, "title": contestant.title,
               **said.get(contestant.name, {})}
        numbers = [number for turn in group.turns_of(contestant.name) for number in turn["microseconds"]]
        if contestant.name in group.failed:
            row["failed"] = group.failed[contestant.name]
        elif numbers:
            p10, median, p90 = map(float, np.percentile(numbers, (10, 50, 90)))
            row.update({"median_us": median, "p10_us": p10, "p90_us": p90, "pictures_per_second": batch * 1e6 / median,
                        "microseconds": numbers}, **(ratio if contestant.name == "ours" else {}))
        rows.append(row)
    return rows


def speed(options, name, what, batch, file, folder):
    """Rows of one network and batch."""
    network, mask = MAKERS[name](), name in SEGMENTERS
    values = pictures_of(network.side, batch)
    right = reference(network, values, "cuda")
    contestants = [Ours(options, file, network, mask, values, folder)] if "ours" in options.variants else []
    contestants += [Rival(WAYS[way], network, mask, values, options.precision) for way in options.variants
                    if way != "ours"]

    def turn(contestant):
        numbers = contestant.turn(options.bursts, options.milliseconds)
        return {"median_us": statistics.median(numbers), "microseconds": numbers}

    with Group({"network": name, "what": what, "batch": batch, "precision": options.precision}, contestants) as group:
        said = checks(group, right, mask)
        group.take_turns(options.rounds, turn)
        rows = rows_of(group, said, batch)
        devices = [contestant.device for contestant in contestants if contestant.name == "ours" and contestant.device]
    for row in rows:
        if row["peer"] == "ours" and devices:
            row["device"] = devices[0]
    return rows
