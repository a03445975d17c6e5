#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Opens every .tflite and .safetensors below some folders, compares them with LiteRT on random input, prints a table.

    sweep.py [FOLDER...] [--program build/release/bin/mobilenet] [--jobs 2] [--json rows.jsonl]

A row per file and backend: "equal" (integers to the byte, floats within 1e-5 of the output's largest number), "differs",
"opens" (nothing to compare with: LiteRT refuses the file, or the framework of a .safetensors is not installed), "refused"
with the program's sentence, or what went wrong: "crash", "time out", "fails". Integers may be those of LiteRT's plain
kernels where its default ones (XNNPACK) round otherwise, and the row says so. Weights of integers with activations of
floats (dynamic range) are computed in floats here and in integers there: such a row is "close" and says how far apart.

Inputs whose height and width the file leaves free are of the file's own example, else of --size. Everything that runs a
file is a process of its own, ours and LiteRT's, so a crash or a hang is a row and not the end.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import zipfile

DATA = pathlib.Path(os.environ.get("MOBILENET_TEST_DATA", pathlib.Path(__file__).parents[2] / "../shared/data"))
SKIPPED = 77
FLOAT_TOLERANCE = 1e-5  # of an output's largest number
GOOD = ("equal", "close", "opens")


# The peers: each runs as a process of its own, reads and writes files, and says what it found as JSON.

def litert_interpreter(path, plain):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else OpResolverType.AUTO
    return Interpreter(model_path=path, num_threads=1, experimental_op_resolver_type=kernels)


def litert_describe(path):
    """Inputs with their free axes, and whether weights are integers where activations are floats."""
    import numpy
    interpreter = litert_interpreter(path, plain=True)
    inputs = [{"name": one["name"], "shape": [int(axis) for axis in one["shape"]],
               "signature": [int(axis) for axis in one.get("shape_signature", one["shape"])],
               "type": numpy.dtype(one["dtype"]).name} for one in interpreter.get_input_details()]
    types = {one["index"]: one["dtype"] for one in interpreter.get_tensor_details()}
    dynamic = False
    for op in interpreter._get_ops_details():
        if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "TRANSPOSE_CONV"):
            kinds = [numpy.dtype(types[index]).name for index in op["inputs"] if index in types]
            dynamic |= "float32" in kinds and any(kind in ("int8", "uint8") for kind in kinds)
    return {"inputs": inputs, "dynamic_range": dynamic}


def litert_run(path, inputs_path, outputs_path, plain):
    import numpy
    interpreter = litert_interpreter(path, plain)
    with numpy.load(inputs_path) as stored:
        arrays = [stored[name] for name in sorted(stored.files)]
    details = interpreter.get_input_details()
    for detail, array in zip(details, arrays):
        if list(detail["shape"]) != list(array.shape):
            interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), arrays):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    numpy.savez(outputs_path, **{f"{i:03}": interpreter.get_tensor(one["index"]) for i, one in enumerate(outputs)})
    return {"names": [one["name"] for one in outputs]}


def framework_run(path, inputs_path, outputs_path):
    """A .safetensors in transformers or timm, by the config.json beside it."""
    import numpy
    import torch
    folder = pathlib.Path(path).parent
    config = json.loads((folder / "config.json").read_text())
    if "model_type" in config:
        import transformers
        classes = {"Classification": transformers.AutoModelForImageClassification,
                   "Segmentation": transformers.AutoModelForSemanticSegmentation}
        kind = next((made for part, made in classes.items() if part in str(config.get("architectures"))),
                    transformers.AutoModel)
        model = kind.from_pretrained(folder, local_files_only=True)
    else:
        import safetensors.torch
        import timm
        model = timm.create_model(config["architecture"], num_classes=config.get("num_classes", 1000))
        model.load_state_dict(safetensors.torch.load_file(path))
    with numpy.load(inputs_path) as stored, torch.no_grad():
        answer = model.eval()(torch.from_numpy(stored[stored.files[0]]))
    answer = getattr(answer, "logits", getattr(answer, "pooler_output", answer))
    numpy.savez(outputs_path, **{"000": answer.numpy()})
    return {"names": ["logits"]}


def peer(arguments):
    task, path, *rest = arguments
    if task == "describe":
        found = litert_describe(path)
    elif task == "framework":
        found = framework_run(path, *rest)
    else:
        found = litert_run(path, *rest, plain=task == "plain")
    print(json.dumps(found))


# The sweep.

class Failed(Exception):
    """What a row becomes: its state and a sentence."""


def call(words, timeout, state):
    """Standard output of a process; Failed with `state` where it does not end well."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                               env={**os.environ, "MOBILENET_MODEL": "", "TF_CPP_MIN_LOG_LEVEL": "3"})
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failed("time out", f"after {timeout} s") from None
    said = [line for line in err.decode(errors="replace").splitlines() if line.strip()]
    if process.returncode < 0:
        raise Failed("crash", signal.Signals(-process.returncode).name)
    if process.returncode != 0:
        raise Failed(state, said[-1] if said else f"exit code {process.returncode}")
    return out.decode()


def peer_call(options, *words):
    lines = call([sys.executable, "-B", __file__, "--peer", *map(str, words)], options.timeout, "peer").splitlines()
    return json.loads(lines[-1])


def free_size(shape, signature, size):
    """Height and width for a picture whose file leaves them free, and its shape; None where nothing is free."""
    free = [axis for axis in range(1, len(signature)) if signature[axis] == -1]
    if not free:
        return None, shape
    if len(signature) != 4:
        raise Failed("skipped", f"axes {free} of {shape} are free")
    axes = (2, 3) if signature[1] in (1, 3) and signature[3] not in (1, 3) else (1, 2)
    sides = [shape[axis] if axis not in free or shape[axis] > 1 else size for axis in axes]
    made = list(shape)
    for axis, side in zip(axes, sides):
        made[axis] = side
    return sides, made


def random_input(numpy, random, shape, kind):
    if kind == "float32":
        return random.uniform(-1, 1, shape).astype(numpy.float32)
    if kind in ("uint8", "int8"):
        limits = numpy.iinfo(kind)
        return random.integers(limits.min, limits.max + 1, shape).astype(kind)
    return random.integers(0, 2, shape).astype(kind)


def read_in_order(numpy, path):
    """Arrays as they were written: the order of an archive's files."""
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
    with numpy.load(path) as stored:
        return [(name, stored[name]) for name in names]


def differences(numpy, ours, theirs):
    """(whether equal, the worst difference in words and as a number), of the outputs in order."""
    if len(ours) != len(theirs):
        return False, f"{len(ours)} outputs, expected {len(theirs)}", float("inf")
    worst, said, equal = 0.0, "", True
    for (name, mine), (_, right) in zip(ours, theirs):
        if mine.size != right.size or mine.dtype != right.dtype:
            return False, f"{name} is {mine.dtype}{list(mine.shape)}, expected {right.dtype}{list(right.shape)}", float("inf")
        mine, right = mine.reshape(-1), right.reshape(-1)
        if right.dtype.kind == "f":
            finite = numpy.isfinite(right)
            if not numpy.array_equal(mine[~finite], right[~finite], equal_nan=True):
                return False, f"{name}: other infinities", float("inf")
            largest = float(abs(right[finite]).max(initial=0)) or 1.0
            apart = float(abs(mine[finite].astype(float) - right[finite]).max(initial=0)) / largest
            equal &= apart <= FLOAT_TOLERANCE
            if apart >= worst:
                worst, said = apart, f"{apart:.1e}" + (f" in {name}" if len(ours) > 1 else "")
        else:
            wrong = numpy.flatnonzero(mine != right)
            if wrong.size:
                apart = int(abs(mine.astype(int) - right.astype(int)).max())
                equal, worst, said = False, float("inf"), f"{wrong.size} of {right.size} in {name}, by {apart} at most"
    return equal, said or "every byte", worst


class File:
    """One file on its way through the sweep."""

    def __init__(self, path, options, folder):
        self.path, self.options, self.folder = str(path), options, pathlib.Path(folder)

    def rows(self):
        try:
            expected = self.prepare()
        except Failed as failed:
            return [self.row("", *failed.args)]
        return [self.row(backend, *self.judge(backend, expected)) for backend in self.options.backend]

    def row(self, backend, state, sentence, worst=0.0):
        return {"file": self.path, "backend": backend, "state": state, "said": sentence.replace(self.path + ": ", ""),
                "worst": worst if worst != float("inf") else None}

    def prepare(self):
        """Random inputs, and the peer's outputs for them: (lists by kernels, why there is none, dynamic range)."""
        import numpy
        said = call([self.options.program, "info", "--json", "--model", self.path], self.options.timeout, "refused")
        self.info = json.loads(said)
        self.size, self.dynamic_range = None, False
        random = numpy.random.default_rng(self.options.seed)
        if self.path.endswith(".tflite"):
            try:
                described = peer_call(self.options, "describe", self.path)
                inputs, self.dynamic_range = described["inputs"], described["dynamic_range"]
            except Failed as failed:
                inputs, refusal = self.own_inputs(), failed.args
            else:
                refusal = None
        else:
            inputs, refusal = self.own_inputs(), None
        arrays = {}
        for i, one in enumerate(inputs):
            self.size, shape = free_size(one["shape"], one["signature"], self.options.size)
            arrays[f"{i:03}"] = random_input(numpy, random, shape, one["type"])
        numpy.savez(self.folder / "inputs.npz", **arrays)
        for name, array in arrays.items():
            numpy.save(self.folder / f"{name}.npy", array)
        self.inputs = sorted(arrays)
        if refusal is not None:
            return {}, refusal[1]
        tasks = ["default", "plain"] if self.path.endswith(".tflite") else ["framework"]
        outputs, why = {}, ""
        for task in tasks:
            try:
                path = self.folder / f"{task}.npz"
                peer_call(self.options, task, self.path, self.folder / "inputs.npz", path)
                outputs[task] = read_in_order(numpy, path)
            except Failed as failed:
                why = failed.args[1]
        return outputs, why

    def own_inputs(self):
        types = {"f32": "float32", "u8": "uint8", "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
                 "f16": "float16", "bool": "bool"}
        return [{"shape": one["shape"], "signature": one["shape"], "type": types[one["type"]]}
                for one in self.info["inputs"]]

    def judge(self, backend, expected):
        import numpy
        outputs, why = expected
        answer = self.folder / f"{backend}.npz"
        words = [self.options.program, "run", "--model", self.path, "--backend", backend, "-o", answer, "--force"]
        words += [word for name in self.inputs for word in ("--input", self.folder / f"{name}.npy")]
        if self.size is not None:
            words += ["--size", "x".join(map(str, self.size))]
        try:
            call(list(map(str, words)), self.options.timeout, "fails")
        except Failed as failed:
            return failed.args
        if not outputs:
            return "opens", f"not compared: {why}"
        ours = read_in_order(numpy, answer)
        tried = [(task, *differences(numpy, ours, theirs)) for task, theirs in outputs.items()]
        for task, equal, said, worst in tried:
            if equal:
                return "equal", said + (" of the plain kernels" if task == "plain" and len(tried) > 1 else ""), worst
        _, _, said, worst = min(tried, key=lambda one: one[3])
        return ("close" if self.dynamic_range and worst < 0.2 else "differs"), said, worst


def sweep_file(path, options):
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        try:
            return File(path, options, folder).rows()
        except Exception as problem:  # one file is never the end
            return [{"file": str(path), "backend": "", "state": "fails", "said": repr(problem), "worst": None}]


def find_files(folders, pattern):
    found = []
    for folder in map(pathlib.Path, folders):
        paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        found += [path for path in paths if path.suffix in (".tflite", ".safetensors") and path.is_file()
                  and fnmatch.fnmatch(str(path), f"*{pattern}*")]
    return found


def print_row(row, common):
    name = os.path.relpath(row["file"], common) if common else row["file"]
    print(f"| {name} | {row['backend']} | {row['state']} | {row['said'].replace('|', '/')} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=[DATA / "models"], metavar="FOLDER",
                        help="searched to the bottom; single files too (default: the models of $MOBILENET_TEST_DATA)")
    parser.add_argument("--program", default=os.environ.get("MOBILENET_PROGRAM", "mobilenet"), help="the program to test")
    parser.add_argument("--backend", default="cpu,reference", type=lambda text: text.split(","), metavar="LIST",
                        help="comma-separated (default: cpu,reference)")
    parser.add_argument("--match", default="", metavar="PATTERN", help="only files whose path contains this pattern")
    parser.add_argument("--size", type=int, default=224, help="of pictures whose size is free and unsaid (default: 224)")
    parser.add_argument("--seed", type=int, default=1, help="of the random input (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, help="files at the same time (default: 1)")
    parser.add_argument("--timeout", type=float, default=120, metavar="S", help="for every process (default: 120)")
    parser.add_argument("--json", metavar="FILE", help="also write a JSON object a row")
    parser.add_argument("--all-equal", action="store_true",
                        help="exit code 1 where a row is anything but equal, close, opens or refused")
    options = parser.parse_args()
    try:
        import numpy  # noqa: F401
    except ImportError:
        print("skipped: needs numpy; scripts/setup --developer installs it into .venv")
        return SKIPPED
    files = find_files(options.folders, options.match)
    if not files:
        print("skipped: no .tflite or .safetensors there; set MOBILENET_TEST_DATA to the folder of the real weights")
        return SKIPPED
    common = os.path.commonpath([path.parent for path in files])
    print(f"{len(files)} files below {common}", "", "| file | backend | state | |", "|---|---|---|---|", sep="\n")
    states = collections.Counter()
    with open(options.json or os.devnull, "w", encoding="utf-8") as lines, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for rows in pool.map(lambda path: sweep_file(path, options), files):
            for row in rows:
                states[row["state"]] += 1
                print_row(row, common)
                lines.write(json.dumps(row) + "\n")
    print("", f"{len(files)} files, {sum(states.values())} rows: "
          + ", ".join(f"{count} {state}" for state, count in states.most_common()), sep="\n")
    bad = sum(count for state, count in states.items() if state not in (*GOOD, "refused", "skipped"))
    return 1 if options.all_equal and bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2:])
    else:
        sys.exit(main())
