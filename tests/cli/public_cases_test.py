# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Small files made after what people report about runtimes, with the right answers: every one must be answered right.

The files lie beside the real weights (../cases from $MOBILENET_TEST_DATA). One whose operators, types or axes are not
there yet may be refused instead, but only with a sentence; none may be answered wrongly.

    MOBILENET_PROGRAM=build/developer/bin/mobilenet python3 tests/cli/public_cases_test.py --table

prints one row a case, as docs/fidelity.md has them.
"""

import gzip
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, main, mobilenet, read_npz

try:
    import numpy
    from PIL import Image
except ImportError:
    numpy = None

DATA = pathlib.Path(os.environ.get("MOBILENET_TEST_DATA", pathlib.Path(__file__).parents[2] / "../shared/data"))
CASES = DATA.parent / "cases"


rows = []  # of the table


def refused(result):
    """A sentence of the program and no answer."""
    if result.code == 0:
        return False
    return bool(result.err) and not any("classes" in line or "detections" in line for line in json_lines(result))


def json_lines(result):
    return [json.loads(line) for line in result.out.splitlines() if line.startswith("{")]


class PublicCases(ProgramTest):
    def setUp(self):
        if not CASES.is_dir():
            self.skipTest("needs the cases beside the real weights: set MOBILENET_TEST_DATA to their folder")
        if numpy is None:
            self.skipTest("needs numpy and Pillow: scripts/setup --developer installs them into .venv")

    def judge(self, name, result, right):
        """`right`: a function of the result that says what is wrong, or None."""
        with self.subTest(name):
            try:
                wrong = right(result)
            except (ValueError, KeyError, IndexError) as problem:
                wrong = repr(problem)
            rows.append((name, "right" if wrong is None else "WRONG"))
            self.assertIsNone(wrong, result.err[-300:])

    def test_classifiers(self):
        for case in json.loads((CASES / "classify/expected.json").read_text()):
            words = shlex.split(case["command"])[1:]
            output = self.path("features.npz")
            words = [output if word == "out.npz" else word for word in words]
            if words[0] == "features":
                output.unlink(missing_ok=True)
            if words[0] == "classify" and "--top" not in words:
                words += ["--top", "5"]
            result = mobilenet(*words, cwd=CASES / "classify")
            self.judge(case["name"], result, lambda result: classifier_fault(case, result, output))

    def test_detectors_and_segmenters(self):
        folder = CASES / "detect_segment/files"
        for name, expected in json.loads((CASES / "detect_segment/expected.json").read_text()).items():
            check = next(check for ending, check in FILE_CHECKS if name.endswith(ending))
            arguments, right = check(name, expected, self.path("out"))
            self.judge(name, mobilenet(*arguments, cwd=folder), right)

    def test_ncnns_detector_finds_the_same_boxes_at_other_sizes(self):
        model = DATA / "models/ssdlite_mobilenetv2_voc_int8.safetensors"
        if not model.exists():
            self.skipTest("needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder")
        for size, boxes in json.loads((CASES / "detect_segment/ncnn_sizes.json").read_text()).items():
            with self.subTest(size):
                result = mobilenet("detect", "--json", "--model", model, "--size", size, "--score", "0.3",
                                   DATA / "images/photos/bicycle.jpg")
                self.assertEqual(result.code, 0, result.err)
                found = json_lines(result)[0]["detections"]
                overlaps = sorted(max((overlap(box["box"], one["box"]) for one in found
                                       if one["class"] == box["class"]), default=0) for box in boxes)
                rows.append((f"ncnn's SSDLite at {size}",
                             f"{len(overlaps)} boxes of ncnn's, overlap {overlaps[0]:.2f} or more"))
                # ncnn computes these weights in integers, we in floats.
                self.assertGreater(overlaps[0], 0.75, overlaps)
                self.assertGreater(overlaps[len(overlaps) // 2], 0.85, overlaps)

    def test_hostile_files_cost_little(self):
        """An answer or a sentence, within 200 MB and far within the time limit of the program's tests."""
        packed = self.path("many_outputs.tflite")
        packed.write_bytes(gzip.decompress((CASES / "hostile/many_outputs.tflite.gz").read_bytes()))
        models = sorted((CASES / "hostile").glob("*.tflite")) + [packed]
        commands = [["bench", "--seconds", "0.01", "--model", model] for model in models]
        commands += [["classify", CASES / "hostile" / name] for name in ("fatal_after_warning.jpg", "short_palette.bmp")]
        for command in commands:
            with self.subTest(command[-1].name):
                done = subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env={**os.environ, "MOBILENET_MODEL": ""})
                said = done.stderr.read().decode()
                _, status, usage = os.wait4(done.pid, 0)
                done.returncode = os.waitstatus_to_exitcode(status)
                done.stderr.close()
                self.assertIn(done.returncode, (0, 1), said)
                self.assertTrue(done.returncode == 0 or said.startswith("mobilenet: "), said)
                self.assertLess(usage.ru_maxrss, 200 * 1024, "kB of memory")


def classifier_fault(case, result, output):
    kind, right = case["check"], case["right"]
    lines = json_lines(result)
    classes = sorted(lines[0].get("classes", []) if lines else [], key=lambda one: one["index"])
    if kind == "error":
        return None if refused(result) else f"an answer: {result.out[:200]}"
    if kind == "opens":
        return None if result.code == 0 else "refused"
    if kind == "says":
        said = result.code != 0 and all(word in result.err for word in case["words"])
        return None if said else f"expected the words {case['words']}"
    if result.code != 0:
        return "refused"
    tolerance = case.get("tolerance", 0.002)
    if kind == "pixels":
        _, shape, values = read_npz(output)["pixels"]
        pixels = numpy.array(values).reshape(shape)[0].astype(int)
        corners = pixels[[2, 2, -3, -3], [2, -3, 2, -3]]
        return None if abs(corners - right["corners"]).max() <= 1 else f"corners {corners.tolist()}"
    if kind == "scores":
        got = [one["score"] for one in classes]
        fits = len(got) == len(right) and max(abs(a - b) for a, b in zip(got, right)) <= tolerance
    elif kind == "names":
        got = [one["label"] for one in classes]
        fits = got == right
    elif kind == "labels":
        got = {one["label"]: one["score"] for one in classes}
        fits = set(got) == set(right) and all(abs(got[key] - right[key]) <= tolerance for key in right)
    else:
        assert kind == "indices", kind
        got = {one["label"]: one["index"] for one in classes}
        fits = got == {label: i for i, label in enumerate(right)}
    return None if fits else f"{got}, right is {right}"


def overlap(a, b):
    """Intersection over union of two boxes: left, top, right, bottom."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(0, width) * max(0, height)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def same_object(a, b):
    return (a["class"] == b["class"] and abs(a["score"] - b["score"]) < 1e-3
            and max(abs(x - y) for x, y in zip(a["box"], b["box"])) < 0.1)


def says(expected, result):
    return None if result.code != 0 and expected["sentence"] in result.err + result.out else "another sentence"


def evaluation_check(name, expected, _):
    def right(result):
        return None if result.code == 0 and json.loads(result.out)["AP"] == expected["AP"] else result.out
    return ["evaluate", "--model", "per_class_100.tflite", "--labels", "labels.txt.names", "--annotations", name, "--json",
            "picture.png"], right


def label_check(name, expected, _):
    def right(result):
        got = {found["label"] for found in json_lines(result)[0]["detections"]}
        return None if result.code == 0 and got <= set(expected["labels"]) else str(got)
    return ["detect", "--model", "per_class_100.tflite", "--labels", name, "--score", "0", "--json", "picture.png"], right


def info_check(name, expected, _):
    def right(result):
        if "sentence" in expected:
            return says(expected, result)
        got = json.loads(result.out)
        if "labels" in expected:
            return None if got["labels"] == expected["labels"] else str(got["labels"])
        return None if [output["name"] for output in got["outputs"]] == expected["outputs"] else str(got["outputs"])
    return ["info", "--model", name, "--json"], right


def detection_check(name, expected, _):
    def right(result):
        if "sentence" in expected:
            return says(expected, result)
        got = json_lines(result)[0]["detections"]
        wanted = expected["detections"] if "detections" in expected else [expected["best"]]
        got = got if "detections" in expected else got[:1]
        return None if len(got) == len(wanted) and all(map(same_object, got, wanted)) else str(got)
    return ["detect", "--model", name, "--score", "0", "--max", "1000", "--json", "picture.png"], right


def mask_check(name, expected, output):
    mask = output.with_suffix(".png")
    mask.unlink(missing_ok=True)

    def right(result):
        if result.code != 0:
            return "refused"
        wanted = numpy.asarray(Image.open(CASES / "detect_segment/files" / name.replace(".tflite", "_mask.png")))
        same = (numpy.asarray(Image.open(mask)) == wanted).mean()
        return None if same > 0.999 else f"{100 * same:.2f} % of the pixels"
    return ["segment", "--model", name, "--preprocess", "squash", "--mask", mask, "--json", expected["picture"]], right


def run_check(name, expected, output):
    arrays = output.with_suffix(".npz")
    arrays.unlink(missing_ok=True)

    def right(result):
        if result.code != 0:
            return "refused"
        (_, _, values), = read_npz(arrays).values()
        got = hashlib.sha256(numpy.array(values).astype(numpy.uint8).tobytes()).hexdigest()
        return None if got == expected["output_sha256_as_u8"] else "other values"
    return ["run", "--model", name, "--input", name.replace(".tflite", "_input.npy"), "-o", arrays], right


def model_check(name, expected, output):
    checks = {"info": info_check, "detect": detection_check, "segment": mask_check, "run": run_check}
    return checks[expected["verb"]](name, expected, output)


FILE_CHECKS = [(".json", evaluation_check), (".tflite", model_check), ("", label_check)]


if __name__ == "__main__":
    table = "--table" in sys.argv
    if table:
        sys.argv.remove("--table")
    try:
        main()
    finally:
        if table:
            print("| file | answer |", "|---|---|", *(f"| {name} | {answer} |" for name, answer in rows), sep="\n")
