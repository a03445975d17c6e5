#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Times this library and PyTorch on an NVIDIA GPU, on the same networks, weights and inputs, in turns.

    python3 benchmarks/compare/gpu.py --program build/release/bin/cuda_networks --json gpu.json --output gpu.md

Needs Python with torch (of CUDA) and numpy. The .tflite files need flatbuffers and ai-edge-litert, too; where these are
not installed, bring the files from where they are:

    python3 benchmarks/compare/gpu.py --write-only FOLDER        there; needs neither torch nor a GPU
    python3 benchmarks/compare/gpu.py --files FOLDER ...         here

Networks have random weights, those of compare.py. Detectors end in raw boxes and scores, the segmenter in the mask of
the input's size. All answer the same pictures first, and answers are compared, with PyTorch's in float32, too. Then
everybody takes turns; believe ratios. Ways of PyTorch:

  eager     operator by operator
  graph     a CUDA graph of that
  compile   torch.compile, mode reduce-overhead, with frozen weights
  autotune  torch.compile, mode max-autotune, with frozen weights, in a CUDA graph; compiles for minutes

Parts:

  speed     the network alone: inputs on the GPU already, outputs left there
  pictures  of V2: numbers, pixels or JPEGs in the host's memory, answers back there; ours by the program mobilenet
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from catalogue import NETWORKS
from compare import some_of

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/cuda_networks"
VARIANTS = ("ours", "eager", "graph", "compile", "autotune")
PARTS = ("speed", "pictures")
BATCHES, FEWER = (1, 8, 64, 256), {"deeplab": (1, 8, 16)}


def counts(text):
    numbers = [int(part) for part in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError("a batch has 1 picture at least")
    return numbers


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    listed = [name for name in NETWORKS if name != "tiny"]
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, metavar="PATH",
                        help="the program cuda_networks (default: that of the release build)")
    parser.add_argument("--mobilenet", type=pathlib.Path, metavar="PATH",
                        help="the program mobilenet, of the part pictures (default: beside the other)")
    parser.add_argument("--networks", type=some_of(NETWORKS), default=listed, metavar="LIST",
                        help=f"of {','.join(NETWORKS)} (default: all but tiny)")
    parser.add_argument("--batches", type=counts, metavar="LIST", help="(default: 1,8,64,256; of deeplab 1,8,16)")
    parser.add_argument("--variants", type=some_of(VARIANTS), default=list(VARIANTS[:-1]), metavar="LIST",
                        help=f"of {','.join(VARIANTS)} (default: all but autotune)")
    parser.add_argument("--parts", type=some_of(PARTS), default=["speed"], metavar="LIST",
                        help=f"of {','.join(PARTS)} (default: speed)")
    parser.add_argument("--precision", choices=("f16", "f32"), default="f16", help="of all (default: f16)")
    parser.add_argument("--verb-precision", default="automatic", metavar="NAME",
                        help="of ours in the part pictures (default: automatic)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="turns of each (default: 7)")
    parser.add_argument("--bursts", type=int, default=3, metavar="N", help="numbers of a turn (default: 3)")
    parser.add_argument("--milliseconds", type=float, default=50, metavar="MS",
                        help="length of PyTorch's bursts (default: 50)")
    parser.add_argument("--seconds", type=float, default=1, metavar="S",
                        help="length of a turn of the part pictures (default: 1)")
    parser.add_argument("--timeout", type=float, default=300, metavar="S",
                        help="after how long a call of ours is given up (default: 300)")
    parser.add_argument("--files", type=pathlib.Path, metavar="FOLDER", help="keep the networks' files, and use those "
                        "that are there (default: make them anew)")
    parser.add_argument("--write-only", type=pathlib.Path, metavar="FOLDER", help="write the networks' files, and stop")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the machine, versions and all rows")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE.md", help="write the report there, too")
    asked = parser.parse_args()
    asked.mobilenet = asked.mobilenet or asked.program.parent / "mobilenet"
    return asked


def tflite_of(folder, name, anew=False):
    """The path of a network's file, which is made where it is missing."""
    path = folder / f"{name}.tflite"
    if anew or not path.exists():
        try:
            from networks import MAKERS
            from tflite_file import write_tflite
        except ImportError as error:
            sys.exit(f"gpu: {error}, which writing {path.name} needs; --write-only writes it elsewhere, for --files")
        folder.mkdir(parents=True, exist_ok=True)
        write_tflite(path, MAKERS[name]())
    return path


def gpu():
    """The device and the versions, or the reason why nothing can be timed."""
    try:
        import torch
    except ImportError as error:
        sys.exit(f"gpu: PyTorch is missing ({error}); --write-only does without")
    if not torch.cuda.is_available():
        sys.exit(f"gpu: PyTorch {torch.__version__} sees no NVIDIA GPU; --write-only does without")
    device = torch.cuda.get_device_properties(0)
    try:
        words = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        driver = None
    return {"date": time.strftime("%Y-%m-%d"), "device": device.name, "multiprocessors": device.multi_processor_count,
            "driver": driver, "torch": torch.__version__, "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version()}


def sentence(facts, asked):
    return (f"{facts['date']}; {facts['device']}, driver {facts['driver']}; PyTorch {facts['torch']}, CUDA "
            f"{facts['cuda']}, cuDNN {facts['cudnn']}; {asked.precision}; {asked.rounds} turns of {asked.bursts} "
            f"bursts of about {asked.milliseconds:g} ms each.")


def measure(asked, facts, folder):
    """Rows, written as far as they are: a long run may be stopped."""
    import torch

    from gpu_pictures import pictures
    from gpu_report import report
    from gpu_speed import speed
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    rows, files = [], asked.files or folder

    def add(more, done):
        rows.extend(more)
        print(f"{done} done", file=sys.stderr, flush=True)
        if asked.json:
            asked.json.write_text(json.dumps({**facts, "rounds": asked.rounds, "rows": rows}, indent=1) + "\n")
        if asked.output:
            asked.output.write_text(f"{sentence(facts, asked)}\n\n{report(rows, asked.precision)}\n")

    if "speed" in asked.parts:
        for name in asked.networks:
            for batch in asked.batches or FEWER.get(name, BATCHES):
                file = tflite_of(files, name) if "ours" in asked.variants else None
                add(speed(asked, name, NETWORKS[name], batch, file, folder), f"{name}, batch {batch}")
    if "pictures" in asked.parts:
        file = tflite_of(files, "v2") if "ours" in asked.variants else None
        add(pictures(asked, NETWORKS["v2"], file, folder), "pictures")
    print(f"{sentence(facts, asked)}\n\n{report(rows, asked.precision)}")


def main():
    asked = options()
    if asked.write_only:
        for name in asked.networks:
            print(tflite_of(asked.write_only, name, anew=True))
        return
    facts = gpu()
    if "ours" in asked.variants and "speed" in asked.parts and not asked.program.is_file():
        sys.exit(f"gpu: there is no program {asked.program}; --variants leaves ours out")
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenet-gpu-") as folder:
            measure(asked, facts, pathlib.Path(folder))
    except ImportError as error:
        sys.exit(f"gpu: {error}")


if __name__ == "__main__":
    main()
