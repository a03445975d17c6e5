# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet info, bench and convert."""

import json

from program import FLOAT_ANSWERS, SMALL, ProgramTest, main, mobilenet

# The networks' published sizes with 1001 classes, batch norm folded: architecture, million MACs, million parameters.
PUBLISHED = [("mobilenet_v1:1.0:224:1001", 568.7, 4.22), ("mobilenet_v2:1.0:224:1001", 300.8, 3.49)]


class Info(ProgramTest):
    def test_json_has_the_documented_keys(self):
        result = mobilenet("info", "--json", self.model)
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertLessEqual({"architecture", "task", "depth_multiplier", "input", "classes", "macs", "parameters",
                              "source", "preprocess", "inputs", "outputs", "layers", "labels", "decisions"}, set(line))
        self.assertEqual((line["architecture"], line["task"]), ("mobilenet_v2", "classify"))
        self.assertEqual((line["depth_multiplier"], line["input"], line["classes"]), (0.35, [96, 96], 10))
        self.assertEqual(line["source"], str(self.model))
        self.assertEqual([output["name"] for output in line["outputs"]], ["logits"])
        names = [layer["name"] for layer in line["layers"]]
        for name in ("stem", "block1/depthwise", "block17/project", "last", "pool", "logits"):
            self.assertIn(name, names)
        for decision in line["decisions"]:
            self.assertTrue(decision["what"] and decision["why"])

    def test_preprocessing_can_be_said(self):
        line, = mobilenet("info", "--json", self.model, "--encoding", "bytes", "--preprocess", "letterbox", "--filter",
                          "lanczos", "--channels", "bgr").lines()
        self.assertEqual(line["preprocess"], "the whole picture, PIL Lanczos into 96x96, bars around it filled with "
                                             "127.5, byte, in BGR order")
        for what in ("resize", "filter", "encoding", "channel order"):
            self.assertIn({"what": what, "why": "given by the caller", "guess": False}, line["decisions"])
        line, = mobilenet("info", "--json", self.model, "--encoding", "124,116,104/58.5").lines()
        self.assertTrue(line["preprocess"].endswith("(byte - (124, 116, 104)) / 58.5"), line["preprocess"])

    def test_published_sizes(self):
        for architecture, macs, parameters in PUBLISHED:
            line, = mobilenet("info", "--json", "--model", architecture).lines()
            self.assertAlmostEqual(line["macs"] / 1e6, macs, delta=0.1)
            self.assertAlmostEqual(line["parameters"] / 1e6, parameters, delta=0.01)

    def test_the_table_is_for_people(self):
        short, long = mobilenet("info", self.model), mobilenet("info", self.model, "--layers")
        self.assertEqual((short.code, long.code), (0, 0))
        self.assertIn("mobilenet_v2, depth multiplier 0.35", short.out)
        self.assertNotIn("block3/project", short.out)
        self.assertIn("block3/project", long.out)


class Bench(ProgramTest):
    KEYS = ["median_ms", "p10_ms", "p90_ms", "images_per_second", "threads", "isa", "precision", "backend", "batch"]

    def test_the_last_line_is_the_result(self):
        for model in (self.model, SMALL):
            result = mobilenet("bench", "--model", model, "--threads", 1, "--batch", 2, "--seconds", 0.05, "--json")
            self.assertEqual(result.code, 0, result.err)
            line = json.loads(result.out.splitlines()[-1])
            self.assertEqual(list(line), self.KEYS)
            self.assertTrue(0 < line["p10_ms"] <= line["median_ms"] <= line["p90_ms"])
            self.assertGreater(line["images_per_second"], 0)
            self.assertEqual((line["threads"], line["backend"], line["batch"]), (1, "cpu", 2))
            self.assertIn(line["precision"], FLOAT_ANSWERS)

    def test_time_per_layer_comes_before_it(self):
        result = mobilenet("bench", "--model", SMALL, "--seconds", 0.05, "--per-layer", "--json")
        *steps, last = result.lines()
        self.assertEqual(list(last), self.KEYS)
        self.assertGreater(len(steps), 10)
        for step in steps:
            self.assertEqual(list(step), ["step", "kind", "median_ms"])
        table = mobilenet("bench", "--model", SMALL, "--seconds", 0.05, "--per-layer")
        self.assertIn("100.0 %" if len(steps) == 1 else "share", table.out)
        self.assertIn("images/s", table.out)

    def test_until_the_result_of_every_task(self):
        for model in (SMALL, "ssdlite_mobilenet_v2:0.35:96", "deeplab_mobilenet_v2:0.35:65"):
            for until, keys in (("logits", self.KEYS), ("result", self.KEYS + ["until"])):
                result = mobilenet("bench", "--model", model, "--until", until, "--batch", 2, "--seconds", 0.01, "--json")
                self.assertEqual(result.code, 0, result.err)
                self.assertEqual(list(result.lines()[-1]), keys, model)
        nothing = mobilenet("bench", "--model", "mobilenet_v2:0.35:96:0", "--until", "result", "--seconds", 0.01)
        self.assertEqual((nothing.code, nothing.out), (1, ""))
        self.assertIn("no result beyond its raw outputs", nothing.err)
        self.assertEqual(mobilenet("bench", "--model", SMALL, "--until", "lunch").code, 2)

    def test_another_input_size(self):
        for option in ("--input", "--size"):
            self.assertEqual(mobilenet("bench", "--model", SMALL, option, 65, "--seconds", 0.01, "--json").code, 0)

    def test_an_instruction_set_can_be_forced_and_a_wrong_one_fails(self):
        version = mobilenet("--version").out
        names = version.split("best first: ")[1].split()[0:]
        for name in (name.strip(",") for name in names):
            result = mobilenet("bench", "--model", SMALL, "--seconds", 0.01, "--json", env={"MOBILENET_CPU_ISA": name})
            self.assertEqual(result.code, 0, result.err)
            self.assertEqual(result.lines()[-1]["isa"], name)
        wrong = mobilenet("bench", "--model", SMALL, "--seconds", 0.01, env={"MOBILENET_CPU_ISA": "abacus"})
        self.assertEqual(wrong.code, 2)
        self.assertIn("abacus", wrong.err)

    def test_a_model_that_is_none(self):
        for model, code in (("mobilenet_v7:1.0:224", 2), ("mobilenet_v2:x:224", 2), (self.path("missing"), 1)):
            result = mobilenet("bench", "--model", model, "--seconds", 0.01)
            self.assertEqual((result.code, result.out), (code, ""), model)
            self.assertRegex(result.err, r"^mobilenet: [^\n]+\n$")


class Convert(ProgramTest):
    def test_half_and_whole_precision(self):
        half, whole = self.path("half.safetensors"), self.path("whole.safetensors")
        self.assertEqual(mobilenet("convert", self.model, "-o", half).code, 0)
        result = mobilenet("convert", "--model", self.model, "-o", whole, "--weights", "f32", "--json")
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertEqual((line["output"], line["weights"]), (str(whole), "f32"))
        self.assertEqual(line["bytes"], whole.stat().st_size)
        self.assertLess(half.stat().st_size, 0.6 * whole.stat().st_size)
        infos = [mobilenet("info", "--json", path).lines()[0] for path in (self.model, half, whole)]
        for key in ("architecture", "depth_multiplier", "input", "classes", "macs", "parameters", "layers", "labels",
                    "preprocess", "inputs"):
            self.assertEqual(infos[0][key], infos[1][key], key)
            self.assertEqual(infos[0][key], infos[2][key], key)

    def test_whole_precision_keeps_every_answer(self):
        whole = self.path("again.safetensors")
        self.assertEqual(mobilenet("convert", "--model", self.model, "-o", whole, "--weights", "f32").code, 0)
        answers = [mobilenet("classify", "--json", "--model", path, self.pictures).lines() for path in (self.model, whole)]
        self.assertEqual(*([line["classes"] for line in lines] for lines in answers))

    def test_labels_go_into_the_file(self):
        names, out = self.path("names.txt"), self.path("named.safetensors")
        names.write_text("".join(f"name {i}\n" for i in range(10)))
        self.assertEqual(mobilenet("convert", "--model", self.model, "--labels", names, "-o", out).code, 0)
        line, = mobilenet("info", "--json", out).lines()
        self.assertEqual(line["labels"], [f"name {i}" for i in range(10)])

    def test_a_description_is_written_and_used(self):
        folder = self.path("described")
        folder.mkdir()
        model, beside = folder / "m.safetensors", folder / "m.mobilenet.json"
        model.write_bytes(self.model.read_bytes())
        said = ["--encoding", "unit", "--preprocess", "square"]
        result = mobilenet("convert", "--model", model, *said, "--describe", beside, "--json")
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.lines(), [{"description": str(beside), "source": str(model)}])
        written = json.loads(beside.read_text())
        self.assertEqual((written["encoding"], written["geometry"], written["filter"]), ("unit", "square", "bilinear"))
        line, = mobilenet("info", "--json", model).lines()
        self.assertEqual(line["preprocess"], "the whole centre square, PIL bilinear to 96x96, byte / 255")
        self.assertIn("description", [decision["what"] for decision in line["decisions"]])
        # What is read is not written, whatever is asked for; and one of the two outputs is needed.
        again = mobilenet("convert", "--model", model, "--describe", beside, "--force")
        self.assertNotEqual(again.code, 0)
        self.assertEqual(json.loads(beside.read_text()), written)
        self.assertEqual(mobilenet("convert", "--model", model).code, 2)
        both, text = folder / "both.safetensors", folder / "both.json"
        self.assertEqual(mobilenet("convert", "--model", model, "-o", both, "--describe", text).code, 0)
        self.assertTrue(both.exists() and text.exists())
        beside.write_text('{"encodng": "unit"}')
        wrong = mobilenet("info", model)
        self.assertEqual(wrong.code, 1)
        self.assertIn('"encodng" is no key of a description', wrong.err)

    def test_what_cannot_be_written(self):
        result = mobilenet("convert", "--model", self.model, "-o", self.path("no/such/out.safetensors"))
        self.assertEqual(result.code, 1)
        self.assertIn("no/such/out.safetensors", result.err)
        self.assertEqual(mobilenet("convert", "--model", self.model, "-o", self.path("out.bin")).code, 2)


if __name__ == "__main__":
    main()
