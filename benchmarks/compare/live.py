#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Frames of a camera, from NV12 of 1920x1080 to answers: `mobilenet bench --live` against OpenCV and ONNX Runtime.

Theirs is what one writes with these libraries: cvtColor to RGB, resize, to floats of -1 to 1, run, and of a classifier
the best class, of a detector all scores above a half; its boxes are not even decoded, ours are, and suppressed. Both run
in turns on as many threads; the same network, weights and noise. Before that theirs is held to ours: a frame's scores of
the classifier, as `mobilenet run` gives them for their input.

    pip install onnx==1.23.2 onnxruntime==1.31.1 opencv-python-headless numpy flatbuffers
    python3 benchmarks/compare/live.py --program build/release/bin/mobilenet
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 1920, 1080
CLOSE = 1e-3  # of the largest score


def frame(numpy):
    return numpy.random.default_rng(1).integers(0, 256, (HEIGHT * 3 // 2, WIDTH), numpy.uint8)


class Theirs:
    def __init__(self, path, side, threads, detects):
        import cv2
        import onnxruntime
        self.cv2, self.side, self.detects = cv2, side, detects
        cv2.setNumThreads(threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.port = self.session.get_inputs()[0]

    def input(self, nv12):
        rgb = self.cv2.cvtColor(nv12, self.cv2.COLOR_YUV2RGB_NV12)
        small = self.cv2.resize(rgb, (self.side, self.side), interpolation=self.cv2.INTER_LINEAR)
        # One pass: scaled, shifted, planes one after the other.
        return self.cv2.dnn.blobFromImage(small, 1 / 127.5, (self.side, self.side), (127.5, 127.5, 127.5))

    def outputs(self, blob):
        return self.session.run(None, {self.port.name: blob})

    def answer(self, nv12):
        outputs = self.outputs(self.input(nv12))
        if self.detects:
            scores = max(outputs, key=lambda output: output.shape[-1])
            return (scores > 0.5).nonzero()
        return outputs[0].argmax()

    def rate(self, nv12, seconds):
        for _ in range(5):
            self.answer(nv12)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            self.answer(nv12)
            count += 1
        return count / (time.perf_counter() - start)


def ours(program, path, threads, seconds):
    done = subprocess.run([program, "bench", "--live", "--json", "--model", path, "--threads", str(threads), "--seconds",
                           str(seconds)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def check(theirs, program, path, numpy, folder):
    """The largest difference of scores, by the largest score."""
    blob = theirs.input(frame(numpy))
    numpy.save(folder / "input.npy", numpy.ascontiguousarray(blob.transpose(0, 2, 3, 1)))
    subprocess.run([program, "run", "--model", path, "--input", folder / "input.npy", "-o", folder / "output.npy",
                    "--force"], check=True, capture_output=True)
    mine, yours = numpy.load(folder / "output.npy").ravel(), theirs.outputs(blob)[0].ravel()
    return float(numpy.abs(mine - yours).max() / numpy.abs(yours).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, metavar="FILE", help="mobilenet")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of both (default: 1)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each (default: 5)")
    parser.add_argument("--seconds", type=float, default=2, metavar="S", help="of a turn (default: 2)")
    asked = parser.parse_args()
    try:
        import cv2
        import numpy
        import onnxruntime
        from machine import machine
        from networks import MAKERS
        from onnx_file import write_onnx
        from tflite_file import write_tflite
    except ImportError as error:
        sys.exit(f"live: {error}; see --help for what to install")
    cpu = machine()
    print(f"{time.strftime('%Y-%m-%d')}; {cpu['cpu']} (family {cpu['family']}, model {cpu['model']}), {cpu['cores']} cores; "
          f"OpenCV {cv2.__version__}, ONNX Runtime {onnxruntime.__version__}; threads: {asked.threads}; medians of "
          f"{asked.rounds} turns (lowest to highest)\n")
    print("| NV12 1920x1080 to | ours, frames/s | OpenCV and ONNX Runtime | ratio | ours p50 / p99 ms |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for network, title in (("v2", "classes of V2 224"), ("ssdlite", "boxes of SSDLite 320")):
            made = MAKERS[network]()
            write_tflite(folder / f"{network}.tflite", made)
            write_onnx(folder / f"{network}.onnx", made, None)
            detects = network == "ssdlite"
            theirs = Theirs(folder / f"{network}.onnx", made.side, asked.threads, detects)
            mine = folder / f"{network}.tflite"
            if not detects:
                difference = check(theirs, asked.program, mine, numpy, folder)
                assert difference < CLOSE, f"scores differ by {difference}"
            model = "ssdlite_mobilenet_v2:1.0:320" if detects else mine
            rates, yours, latencies = [], [], []
            for _ in range(asked.rounds):
                answer = ours(asked.program, model, asked.threads, asked.seconds)
                rates.append(answer["frames_per_second"])
                latencies.append((answer["latency_p50_ms"], answer["latency_p99_ms"]))
                yours.append(theirs.rate(frame(numpy), asked.seconds))
            ratio = statistics.median(a / b for a, b in zip(rates, yours))
            spread = lambda all: f"{statistics.median(all):.1f} ({min(all):.1f} to {max(all):.1f})"
            p50, p99 = (statistics.median(values) for values in zip(*latencies))
            print(f"| {title} | {spread(rates)} | {spread(yours)} | {ratio:.2f} | {p50:.1f} / {p99:.1f} |", flush=True)


if __name__ == "__main__":
    main()
