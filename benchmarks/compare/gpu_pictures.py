# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""V2 with what lies around it: numbers, pixels or a JPEG in the host's memory before it, its answers there behind it.

Times are the wall clock's, of calls that end when the answers have come. Ours are of the verbs `bench` and `classify` of
the program mobilenet; of the file's batches a call decodes with as many threads as there are cores.
"""

import concurrent.futures
import io
import json
import os
import statistics
import subprocess
import time

import numpy as np
import torch
from torch.nn import functional

from contestants import Failed
from gpu_speed import TYPES, failures, pictures_of
from gpu_torch import WAYS, Module, input_of, placed
from measure import Group
from networks import MAKERS
from photograph import photograph

NETWORK, BATCHES, TOP = "v2", (1, 64), 5
STAGES = {
    "numbers": "float32 numbers in, logits out",
    "pixels": f"pixels of the network's size in, {TOP} classes out",
    "jpeg": f"JPEGs in, {TOP} classes out",
}
WARM_UP, SHORTEST = 3, 5  # runs

try:
    from torchvision.io import ImageReadMode, decode_jpeg
except ImportError:
    decode_jpeg = None


def decoded(data):
    """[3, height, width] of bytes, in memory that the device can read."""
    if decode_jpeg:
        return decode_jpeg(data, ImageReadMode.RGB).pin_memory()
    from PIL import Image
    pixels = np.asarray(Image.open(io.BytesIO(data.numpy())).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).pin_memory()


class Rival:
    """A way of PyTorch with everything around it on the device but the decoding."""

    def __init__(self, way, network, batch, precision, path):
        self.name, self.title, self.batch, self.side = way.name, way.title, batch, network.side
        self.dtype, self.make, self.network, self.way = TYPES[precision], way, network, None
        self.values = torch.from_numpy(pictures_of(network.side, batch)).pin_memory()
        self.pixels = ((self.values + 1) * 127.5).round().to(torch.uint8).pin_memory()
        self.data = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
        self.pool = concurrent.futures.ThreadPoolExecutor(min(batch, os.cpu_count() or 1))

    def start(self):
        module = placed(Module(self.network), "cuda", self.dtype)
        self.way = self.make(module, input_of(self.values.numpy(), "cuda", self.dtype))

    def logits(self):
        return self.way.run()[0]

    def classes(self):
        return torch.softmax(self.logits().float(), 1).topk(TOP)

    def numbers(self):
        self.way.input.copy_(self.values.to("cuda", non_blocking=True).permute(0, 3, 1, 2))
        return self.logits().float().cpu()

    def from_pixels(self):
        pixels = self.pixels.to("cuda", non_blocking=True).permute(0, 3, 1, 2)
        self.way.input.copy_(pixels.to(self.dtype) / 127.5 - 1)
        return [value.cpu() for value in self.classes()]

    def jpeg(self):
        for at, picture in enumerate(self.pool.map(decoded, [self.data] * self.batch)):
            picture = picture.to("cuda", non_blocking=True)[None].to(self.dtype)
            small = functional.interpolate(picture, (self.side, self.side), mode="bilinear", antialias=True)
            self.way.input[at].copy_(small[0] / 127.5 - 1)
        return [value.cpu() for value in self.classes()]

    def turn(self, stage, seconds):
        with failures():
            if self.way is None:
                self.start()
            body = {"numbers": self.numbers, "pixels": self.from_pixels, "jpeg": self.jpeg}[stage]
            for _ in range(WARM_UP):
                body()
            times, begin = [], time.perf_counter()
            while len(times) < SHORTEST or time.perf_counter() - begin < seconds:
                start = time.perf_counter()
                answer = body()
                times.append((time.perf_counter() - start) * 1e3 / self.batch)
            best = answer[1][0].tolist() if stage == "jpeg" else None
            return {"median_ms": statistics.median(times), "best": best}

    def close(self):
        self.pool.shutdown()
        if self.way:
            self.way.close()
        self.way = None
        torch.cuda.empty_cache()


class Ours:
    """The verbs' own times."""

    name, title = "ours", "mobilenet.cpp"

    def __init__(self, options, file, batch, path):
        self.program, self.batch, self.path, self.timeout = options.mobilenet, batch, path, options.timeout
        self.model = ["--model", file, "--backend", "cuda", "--precision", options.verb_precision, "--batch", batch]
        self.pictures = SHORTEST * batch

    def call(self, *words):
        try:
            done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True,
                                  timeout=self.timeout)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"{error}"[:150]) from None
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Failed(f"exit {done.returncode}: {lines[-1][:150] if lines else 'nothing said'}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def turn(self, stage, seconds):
        if stage != "jpeg":
            until = {"numbers": "logits", "pixels": "result"}[stage]
            said = self.call("bench", *self.model, "--until", until, "--seconds", seconds, "--json")[-1]
            return {"median_ms": said["median_ms"] / self.batch, "precision": said["precision"]}
        words = ["--preprocess", "squash", "--filter", "bilinear", "--encoding", "signed", "--top", TOP, "--json"]
        lines = self.call("classify", *self.model, *words, *[self.path] * self.pictures)
        lines = lines[self.batch if len(lines) > self.batch else 0:]  # the first batch waits for the first of all
        times = [sum(line["milliseconds"].values()) for line in lines]
        middle = statistics.median(times)
        self.pictures = min(4000, max(SHORTEST, int(seconds * 1e3 / middle / self.batch) + 1) * self.batch)
        return {"median_ms": middle, "best": [item["index"] for item in lines[0]["classes"]]}

    def close(self):
        pass


def rows_of(group, stage):
    ratio, rows = group.ratio("median_ms"), []
    for contestant in group.contestants:
        row = {"part": "pictures", "stage": stage, **group.about, "peer": contestant.name, "title": contestant.title}
        turns = group.turns_of(contestant.name)
        if contestant.name in group.failed:
            row["failed"] = group.failed[contestant.name]
        elif turns:
            numbers = [turn["median_ms"] for turn in turns]
            p10, median, p90 = map(float, np.percentile(numbers, (10, 50, 90)))
            row.update({"median_ms": median, "p10_ms": p10, "p90_ms": p90, "best_five": turns[-1].get("best")},
                       **(ratio if contestant.name == "ours" else {}))
            if turns[-1].get("precision"):
                row["precision"] = turns[-1]["precision"]
        rows.append(row)
    return rows


def pictures(options, what, file, folder):
    """Rows of all stages and batches."""
    rows, path = [], photograph(folder)
    for batch in BATCHES:
        network = MAKERS[NETWORK]()
        contestants = [Ours(options, file, batch, path)] if "ours" in options.variants else []
        contestants += [Rival(WAYS[way], network, batch, options.precision, path) for way in options.variants
                        if way != "ours"]
        about = {"network": NETWORK, "what": what, "batch": batch, "precision": options.precision}
        with Group(about, contestants) as group:
            for stage in STAGES:
                group.rounds, group.failed = [], {}
                group.take_turns(options.rounds, lambda contestant: contestant.turn(stage, options.seconds))
                rows += rows_of(group, stage)
    return rows
