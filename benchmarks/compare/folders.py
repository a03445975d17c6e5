#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""A folder of a phone's pictures (JPEG, 4032x3024) classified: `mobilenet classify` against a loop in Python.

Theirs is what one writes: Pillow opens, converts and resizes (bilinear), NumPy scales, ONNX Runtime runs on one thread.
Ours is the whole program, with start and opening of the model, on one thread and on all cores. They run in turns, on the
same network, weights and pictures; before that their best classes and scores are held to each other.

    pip install onnx==1.23.2 onnxruntime==1.31.1 ai-edge-litert==2.3.0 pillow numpy flatbuffers
    python3 benchmarks/compare/folders.py --program build/release/bin/mobilenet --pictures 1000
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 4032, 3024
DIFFERENT = 60  # pictures; more are copies of these, files of their own
CLOSE = 1e-4


def make_pictures(folder, count, numpy, image):
    """So many of 4032x3024, some 3 MB each: different soft shapes, with the grain of a sensor."""
    random = numpy.random.default_rng(7)
    grain = random.normal(0, 4, (HEIGHT, WIDTH, 1)).astype(numpy.float32)
    for i in range(min(count, DIFFERENT)):
        shapes = image.fromarray(random.integers(0, 256, (18, 24, 3), numpy.uint8))
        shapes = shapes.resize((WIDTH, HEIGHT), image.Resampling.BICUBIC)
        noisy = numpy.asarray(shapes, numpy.float32) + numpy.roll(grain, int(random.integers(WIDTH)), axis=1)
        image.fromarray(numpy.clip(noisy, 0, 255).astype(numpy.uint8)).save(folder / f"{i:04}.jpg", quality=90)
    for i in range(DIFFERENT, count):
        shutil.copyfile(folder / f"{i % DIFFERENT:04}.jpg", folder / f"{i:04}.jpg")


class Loop:
    def __init__(self, path, side, numpy, image):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.name, self.side, self.numpy, self.image = self.session.get_inputs()[0].name, side, numpy, image

    def answer(self, path):
        picture = self.image.open(path).convert("RGB")
        small = picture.resize((self.side, self.side), self.image.Resampling.BILINEAR)
        blob = self.numpy.asarray(small, self.numpy.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        logits = self.session.run(None, {self.name: blob})[0].ravel()
        scores = self.numpy.exp(logits - logits.max())
        return int(scores.argmax()), float(scores.max() / scores.sum())

    def seconds(self, pictures):
        start = time.perf_counter()
        for path in pictures:
            self.answer(path)
        return time.perf_counter() - start


class Program:
    def __init__(self, program, model, folder):
        self.command = [program, "classify", "--json", "-n", "1", "--preprocess", "squash", "--filter", "bilinear",
                        "--encoding", "signed", "--model", model, folder]

    def answers(self, threads):
        done = subprocess.run([*self.command, "--threads", str(threads)], check=True, capture_output=True, text=True)
        return [json.loads(line)["classes"][0] for line in done.stdout.splitlines()]

    def seconds(self, threads):
        start = time.perf_counter()
        self.answers(threads)
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, metavar="FILE", help="mobilenet")
    parser.add_argument("--pictures", type=int, default=100, metavar="N", help="in the folder (default: 100)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each (default: 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N",
                        help="ours beside one (default: as many as the machine has)")
    asked = parser.parse_args()
    try:
        import numpy
        from PIL import Image
        import onnxruntime
        from machine import machine
        from networks import MAKERS
        from onnx_file import write_onnx
        from tflite_file import write_tflite
    except ImportError as error:
        sys.exit(f"folders: {error}; see --help for what to install")
    cpu = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pictures = folder / "pictures"
        pictures.mkdir()
        make_pictures(pictures, asked.pictures, numpy, Image)
        network = MAKERS["v2"]()
        write_tflite(folder / "v2.tflite", network)
        write_onnx(folder / "v2.onnx", network, None)
        files = sorted(pictures.iterdir())
        loop, program = Loop(folder / "v2.onnx", network.side, numpy, Image), Program(asked.program, folder / "v2.tflite", pictures)
        for path, ours in zip(files[:20], program.answers(asked.threads)):
            best, score = loop.answer(path)
            assert best == ours["index"] and abs(score - ours["score"]) < CLOSE, (path, best, score, ours)
        turns = {"Pillow and ONNX Runtime, a loop": [], "mobilenet classify -t 1": [],
                 f"mobilenet classify -t {asked.threads}": []}
        for _ in range(asked.rounds):
            for title, seconds in zip(turns, (loop.seconds(files), program.seconds(1), program.seconds(asked.threads))):
                turns[title].append(seconds)
    print(f"{time.strftime('%Y-%m-%d')}; {cpu['cpu']} (family {cpu['family']}, model {cpu['model']}), {cpu['cores']} "
          f"cores; {asked.pictures} pictures of {WIDTH}x{HEIGHT}, V2 1.0 224; ONNX Runtime {onnxruntime.__version__}, "
          f"Pillow {Image.__version__}; medians of {asked.rounds} turns (lowest to highest)\n")
    print("| | seconds | pictures a second | of the loop | of one thread |\n|---|---|---|---|---|")
    theirs, alone, _ = turns.values()
    for title, seconds in turns.items():
        ratio = lambda base: statistics.median(a / b for a, b in zip(base, seconds))
        middle = statistics.median(seconds)
        print(f"| {title} | {middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f}) | {asked.pictures / middle:.1f} | "
              f"{ratio(theirs):.2f} | {ratio(alone):.2f} |")


if __name__ == "__main__":
    main()
