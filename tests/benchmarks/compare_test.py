# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""benchmarks/compare, with its smallest network, few turns, and the peers that are installed."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

COMPARE = pathlib.Path(__file__).resolve().parents[2] / "benchmarks/compare/compare.py"
PROGRAM = os.environ.get("MOBILENET_PROGRAM", "mobilenet")
SKIPPED = 77
BRIEFLY = ["--threads", "1", "--rounds", "2", "--seconds", "0.01", "--starts", "1", "--program", PROGRAM]
FLOAT_TOLERANCE = 1e-3  # the benchmark's own


def compare(*words, python=()):
    return subprocess.run([sys.executable, "-B", *python, COMPARE, *map(str, words)], capture_output=True, text=True)


class Differences(unittest.TestCase):
    def test_what_is_no_number_is_infinitely_off(self):
        code = ("import sys, numpy as np; sys.path.insert(0, sys.argv[1]); from measure import difference; "
                "nan, one = np.array([1, np.nan]), np.array([1.0, 2]); "
                "print(difference([one, nan], [one, one]), difference([nan, one], [one, one]), difference([one], [one]))")
        done = subprocess.run([sys.executable, "-B", "-c", code, COMPARE.parent], capture_output=True, text=True)
        if "ModuleNotFoundError" in done.stderr:
            self.skipTest(done.stderr.splitlines()[-1])
        self.assertEqual(done.stdout.split(), ["inf", "inf", "0.0"], done.stderr)


class WithoutPackages(unittest.TestCase):
    def test_says_what_to_install(self):
        done = compare("--requirements", python=["-S", "-E"])
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        for package in ("numpy", "onnx", "onnxruntime", "openvino", "ai-edge-litert"):
            self.assertTrue(any(line.startswith(f"{package}==") for line in lines), done.stdout)
        for line in lines:
            self.assertRegex(line, r"^(# optional: )?[\w.-]+==[\w.]+$")

    def test_help_names_all_choices(self):
        done = compare("--help", python=["-S", "-E"])
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("deeplab", "int8", "openvino", "pictures", "--chart"):
            self.assertIn(word, done.stdout)

    def test_unknown_names_are_refused(self):
        done = compare("--networks", "v9", python=["-S", "-E"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown: v9", done.stderr)


class Briefly(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            import ai_edge_litert.schema_py_generated, flatbuffers, numpy, PIL.Image
        except ImportError as error:
            raise unittest.SkipTest(f"{error}; benchmarks/compare/compare.py --requirements prints what it needs")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.json, cls.chart = cls.folder / "rows.json", cls.folder / "ratios.svg"
        cls.done = compare("--networks", "tiny", *BRIEFLY, "--json", cls.json, "--chart", cls.chart)
        cls.rows = json.loads(cls.json.read_text())["rows"] if cls.json.exists() else []

    def rows_of(self, part, precision, peer="ours"):
        return [row for row in self.rows if (row["part"], row["precision"], row["peer"]) == (part, precision, peer)]

    def test_runs(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        for precision in ("f32", "int8"):
            for part, key in (("speed", "median_ms"), ("first", "first_ms")):
                row, = self.rows_of(part, precision)
                self.assertNotIn("failed", row)
                self.assertIn(key, row)

    def test_answers_agree(self):
        self.assertIn("held by all", self.done.stdout)
        ours, theirs = self.rows_of("speed", "f32")[0], self.rows_of("speed", "f32", "litert")[0]
        self.assertLess(max(ours["difference"], theirs["difference"]), FLOAT_TOLERANCE)
        ours, theirs = self.rows_of("speed", "int8")[0], self.rows_of("speed", "int8", "litert")[0]
        self.assertEqual(ours["difference"], theirs["difference"])  # every code is the same

    def test_pictures_are_classified_alike(self):
        ours, = self.rows_of("pictures", "f32")
        if "this build" in ours.get("failed", ""):
            self.skipTest(ours["failed"])
        self.assertEqual(ours["best_five"], self.rows_of("pictures", "f32", "litert")[0]["best_five"])

    def test_tables_are_tables(self):
        tables = re.findall(r"(?:^\|.*\n)+", self.done.stdout, re.MULTILINE)
        self.assertEqual(len(tables), 5)
        for table in tables:
            self.assertEqual(len({line.count("|") for line in table.splitlines()}), 1, table)

    def test_the_chart_is_a_picture(self):
        root = xml.etree.ElementTree.parse(self.chart).getroot()
        texts = [item.text for item in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("MobileNet V2 0.35 96", texts)
        self.assertTrue(any(re.match(r"\d+\.\d\dx ", text) for text in texts), texts)

    def test_files_as_they_are(self):
        sys.path.insert(0, str(COMPARE.parent))
        from networks import MAKERS
        from tflite_file import write_tflite
        path = self.folder / "file.tflite"
        write_tflite(path, MAKERS["tiny"]())
        rows = self.folder / "file.json"
        done = compare("--networks", "", "--precisions", "f32", "--files", path, *BRIEFLY, "--json", rows)
        self.assertEqual(done.returncode, 0, done.stderr)
        for row in json.loads(rows.read_text())["rows"]:
            self.assertLess(row.get("difference", 1), FLOAT_TOLERANCE, row)

    def test_a_program_that_does_not_run(self):
        done = compare("--networks", "tiny", "--program", self.folder / "nothing")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[-1], "^compare: .*nothing")


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if program.result.skipped else 0)
