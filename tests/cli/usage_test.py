# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Usage errors, help, version, streams that cannot be written, and the default model."""

import json
import os
import pathlib
import re
import subprocess

from photographs import test_data
from program import PROGRAM, SMALL, ProgramTest, floats, main, mobilenet, npy, png

MODELS = pathlib.Path(__file__).parents[2] / "models"
VERBS = ["classify", "detect", "segment", "evaluate", "features", "run", "info", "bench", "convert", "models", "get",
         "completion"]


class Usage(ProgramTest):
    def test_wrong_use_is_exit_code_2_with_a_sentence(self):
        picture, x = str(self.pictures / "0.png"), "x.npy"
        cases = [
            ["classfy", picture],
            ["--nonsense"],
            ["classify"],
            ["classify", picture, "--nonsense"],
            ["classify", picture, "--top"],
            ["classify", picture, "--top", "0"],
            ["classify", picture, "--top", "-1"],
            ["classify", picture, "--top", "many"],
            ["classify", picture, "--top", "99999999999999999999"],
            ["classify", picture, "--threads", "-1"],
            ["classify", picture, "--threads", "1.5"],
            ["classify", picture, "--batch", "0"],
            ["classify", picture, "--backend", "gpu"],
            ["classify", picture, "--precision", "f64"],
            ["classify", picture, "--preprocess", "stretch"],
            ["classify", picture, "--filter", "sharp"],
            ["classify", picture, "--channels", "grb"],
            ["classify", picture, "--encoding", "half"],
            ["classify", picture, "--encoding", "127.5"],
            ["classify", picture, "--encoding", "127.5/0"],
            ["classify", picture, "--encoding", "127.5/-1"],
            ["classify", picture, "--encoding", "1,2/3"],
            ["classify", picture, "--encoding", "1,2,3,4/5"],
            ["classify", picture, "--encoding", "1,2,3/"],
            ["classify", picture, "--encoding", "nan/1"],
            ["classify", picture, "--encoding", "1/2/3"],
            ["classify", picture, "--size", "0"],
            ["classify", picture, "--size", "96x"],
            ["classify", picture, "--size", "x96"],
            ["classify", picture, "--size", "96x96x3"],
            ["classify", picture, "--size", "-96"],
            ["classify", picture, "--orientation", "left"],
            ["classify", picture, "--max-pixels", "-1"],
            ["features", picture, "--layers", "pool"],
            ["features", picture, "--layers", "pool", "-o", "f.txt"],
            ["features", picture, "--layers", "pool", "-o", "f.npz", "--pooling", "max"],
            ["run", "--input", x],
            ["run", "-o", "y.npz"],
            ["run", "--input", x, "-o", ".npz"],
            ["info", "a", "b"],
            ["bench", "--seconds", "0"],
            ["bench", "--seconds", "nan"],
            ["bench", "--seconds", "soon"],
            ["convert", "-o", "x.safetensors"],
            ["convert", "--model", "a.safetensors"],
            ["convert", "--model", "a.safetensors", "-o", "b.safetensors", "--weights", "int4"],
            ["get"],
            ["get", "mobilenet_v2", "--timeout", "0"],
            ["completion"],
            ["completion", "tcsh"],
            ["help", "classfy"],
            ["help", "classify", "detect"],
        ]
        for verb, option in [("classify", "--model"), ("classify", "--labels"), ("classify", "--top"),
                             ("classify", "--size"), ("detect", "-o"), ("detect", "--coco"), ("detect", "--classes"),
                             ("segment", "--mask"), ("evaluate", "--annotations"), ("evaluate", "--results"),
                             ("features", "--layers"), ("run", "--input"), ("convert", "-o"), ("bench", "--until")]:
            cases.append([verb, option, "", picture])
            if option.startswith("--"):
                cases.append([verb, picture, option + "="])
        cases += [["classify", ""], ["info", ""]]
        for arguments in cases:
            with self.subTest(" ".join(arguments)):
                result = mobilenet(*arguments, env={"MOBILENET_MODEL": str(self.model)}, cwd=self.folder)
                self.assertEqual((result.code, result.out), (2, ""), result.err)
                self.assertRegex(result.err, r"^mobilenet: [^\n]+\nmobilenet: `mobilenet[a-z ]* --help` [^\n]+\n$")

    def test_help_is_on_standard_output(self):
        bare = mobilenet()
        self.assertEqual((bare.code, bare.err), (0, ""))
        self.assertEqual(mobilenet("--help").out, bare.out)
        for verb in VERBS:
            self.assertIn(verb, bare.out)
            result = mobilenet(verb, "--help")
            self.assertEqual((result.code, result.err), (0, ""))
            self.assertIn("Examples:", result.out)
            for line in result.out.splitlines():
                self.assertLessEqual(len(line), 80, line)
            self.assertEqual(mobilenet("help", verb).out, result.out)
        for line in bare.out.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertEqual(mobilenet("help").out, bare.out)

    def test_version_names_components(self):
        result = mobilenet("--version")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertRegex(result.out, r"^mobilenet \d+\.\d+\.\d+ \(commit \S+\)\n")
        for word in ("jpeg", "png", "zip", "instruction sets"):
            self.assertIn(word, result.out)
        for words in (["version"], ["-V"]):
            self.assertEqual(mobilenet(*words).out, result.out)

    def test_exit_codes(self):
        """1: a file was bad, or could not be written. 2: the command line asks for what cannot be."""
        picture, out = self.pictures / "0.png", self.path("out.npz")
        detector, segmenter = "ssdlite_mobilenet_v2:0.35:96:4", "deeplab_mobilenet_v2:0.35:97:4"
        self.path("x.npy").write_bytes(npy([1, 96, 96, 3], floats(3 * 96 * 96).tobytes()))
        self.path("bad.jpg").write_text("this is no picture")
        self.path("bad.npy").write_text("this is no array")
        self.path("bad.tflite").write_text("this is no model")
        run = ["run", "--model", self.model]
        cases = [
            (0, ["classify", "--model", self.model, picture]),
            (1, ["classify", "--model", self.path("missing.tflite"), picture]),
            (1, ["classify", "--model", self.path("bad.tflite"), picture]),
            (1, ["classify", "--model", self.model, self.path("missing.png")]),
            (1, ["classify", "--model", self.model, self.path("bad.jpg")]),
            (1, ["classify", "--model", detector, picture]),
            (1, [*run, "--input", self.path("bad.npy"), "-o", out]),
            (1, [*run, "--input", self.path("x.npy"), "-o", self.path("missing/y.npz")]),
            (2, ["classify", "--model", "mobilenet_v3:1.0:224", picture]),
            (2, ["classify", "--model", "mobilenet_v2:99:224", picture]),
            (2, ["classify", "--model", self.model, "--precision", "int8", picture]),
            (2, ["classify", "--model", detector, "--labels", self.path("x.npy"), picture]),
            (2, ["detect", "--model", detector, "--classes", "unicorn", picture]),
            (2, ["detect", "--model", detector, "-o", self.path("out.gif"), picture]),
            (2, ["segment", "--model", segmenter, "--mask", self.path("out.jpg"), picture]),
            (2, ["segment", "--model", segmenter, "--mask", self.path("out.png"), picture, picture]),
            (2, ["features", "--model", self.model, picture, "-o", out]),
            (2, ["features", "--model", self.model, picture, "--layers", "unicorn", "-o", out]),
            (2, ["features", "--model", self.model, picture, "--layers", "pool", "-o", self.path("out.npy")]),
            (2, [*run, "--input", self.path("x.npy"), "-o", out, "--tensor", "unicorn"]),
            (2, [*run, "--input", f"unicorn={self.path('x.npy')}", "-o", out]),
            (2, [*run, "--input", self.path("x.npy"), "--input", self.path("x.npy"), "-o", out]),
            (2, [*run, "--input", self.path("x.npy"), "--tensor", "pool", "-o", self.path("out.npy")]),
        ]
        for code, words in cases:
            with self.subTest(" ".join(map(str, words))):
                result = mobilenet(*words)
                self.skip_without_drawing(result)
                self.assertEqual(result.code, code, result.err)
                self.assertFalse(out.exists())

    def test_models_of_several_inputs_are_for_run(self):
        data = test_data()
        model = data.parent / "cases/detect_segment/files/two_pictures.tflite" if data else None
        if not model or not model.exists():
            self.skipTest("needs the test data")
        for verb in ("classify", "detect", "segment"):
            result = mobilenet(verb, "--model", model, self.pictures / "0.png")
            self.assertEqual((result.code, result.out), (1, ""))
            self.assertIn("it takes two pictures (normalized_input_image_tensor, previous); use mobilenet run", result.err)

    def test_what_may_have_been_meant(self):
        picture, model = self.pictures / "0.png", self.model
        self.path("-dash.png").write_bytes(png(8, 8))
        self.path("x.npy").write_bytes(npy([1, 96, 96, 3], floats(3 * 96 * 96).tobytes()))
        self.path("names.txt").write_text("".join(f"{name}\n" for name in ("Cat", "dog", "bird", "traffic light")))
        detector = self.path("named.safetensors")
        made = mobilenet("convert", "--model", "ssdlite_mobilenet_v2:0.35:96:4", "--quiet", "-o", detector, "--force")
        self.assertEqual((made.code, made.err), (0, ""))
        named = ["detect", "--model", detector, "--labels", self.path("names.txt"), "--score", "0", picture]
        cases = [
            (["clasify", picture], "'clasify' is no command of mobilenet; did you mean classify?"),
            (["help", "detetc"], "did you mean detect?"),
            ([picture], f"`mobilenet classify {picture}` says what a picture shows"),
            ([picture, "--top", "3"], "`mobilenet classify"),
            (["photo.HEIC"], "`mobilenet classify photo.HEIC`"),
            ([model], f"`mobilenet info {model}` shows a model"),
            (["classify", picture, "--tpo", "3"], "there is no option --tpo; did you mean --top?"),
            (["classify", picture, "--tpo=3"], "did you mean --top?"),
            (["classify", picture, "-json"], "did you mean --json?"),
            (["classify", "--thread", "2", picture], "did you mean --threads?"),
            (["classify", "-dash.png"], "-dash.png is taken for an option; write ./-dash.png"),
            (["--json", "classify", picture], "--json belongs behind the command: mobilenet classify --json"),
            (["-m", model, "classify", picture], "-m belongs behind the command"),
            (["--model", model], "there is no option --model before the command; classify, detect,"),
            (["detect", picture, "--annotations", "x"], "no option --annotations of detect; evaluate has it"),
            (["detect", picture, "--classes"], "--classes needs a value"),
            (["evaluate", "--annotations", "x"], "or results with --results"),
            (["classify"], "no picture is named; name files, folders, or - for standard input"),
            (["classify", picture, "--top", "3", "--top", "4"], "--top is given twice"),
            ([*named, "--classes", "cats"], "has no class 'cats'; did you mean Cat?"),
            ([*named, "--classes", "trafic light,dog"], "did you mean traffic light?"),
            ([*named, "--classes", "unicorn"], "it has 4 classes, from 0, and `mobilenet info --json` lists their labels"),
            (["info", "mobilenetv2:1.0:224"], "did you mean mobilenet_v2:1.0:224, the architecture with random weights?"),
            (["info", "mobilenet_v1"], "did you mean mobilenet_v1:1.0:224, the architecture"),
            (["info", "ssd_lite_mobilenet_v2:1.0:300"], "known are mobilenet_v1, mobilenet_v2, ssd_mobilenet_v1"),
            (["features", "--model", model, "--layers", "poool", "-o", "f.npz", picture], "did you mean pool?"),
            (["run", "--model", model, "--input", "x.npy", "--tensor", "logit", "-o", "y.npz"], "did you mean logits?"),
        ]
        for words, sentence in cases:
            with self.subTest(" ".join(map(str, words))):
                result = mobilenet(*words, cwd=self.folder)
                self.assertIn(result.code, (1, 2))
                self.assertEqual(result.out, "")
                self.assertIn(sentence, result.err)
        self.assertEqual(mobilenet("classify", "--model", model, "./-dash.png", cwd=self.folder).code, 0)
        found = [mobilenet("detect", "--json", *named[1:], "--classes", word).lines()[0]["detections"]
                 for word in ("Cat", "cAT", "0")]
        self.assertTrue(found[0] == found[1] == found[2] and found[0])

    def test_a_folder_as_model(self):
        def folder(name, **files):
            self.path(name).mkdir()
            for file, content in files.items():
                (self.path(name) / file.replace("__", ".")).write_bytes(content)
            return self.path(name)
        model = self.model.read_bytes()
        clone = folder("clone", model__safetensors=model, other__safetensors=model, config__json=b"{}")
        single = folder("single", only__safetensors=model, readme__md=b"")
        for opened, file in ((clone, "model.safetensors"), (single, "only.safetensors")):
            line, = mobilenet("info", "--json", opened).lines()
            self.assertEqual(line["source"], str(opened / file))
        for refused, sentence in ((folder("saved", saved_model__pb=b""), "is a TensorFlow SavedModel"),
                                  (folder("torch", pytorch_model__bin=b"", config__json=b"{}"), "safe_serialization"),
                                  (folder("parts", **{"model-1-of-2__safetensors": b""}), "but not their index"),
                                  (folder("nothing"), "is a folder without a .tflite or .safetensors file"),
                                  (folder("two", a__tflite=b"", b__tflite=b""), "2 models; name one of them: a.tflite, b.tflite")):
            result = mobilenet("info", refused)
            self.assertEqual((result.code, result.out), (1, ""))
            self.assertRegex(result.err, r"^mobilenet: [^\n]*" + sentence + r"[^\n]*\n$")

    def test_a_model_in_several_files(self):
        whole = self.model.read_bytes()
        length = int.from_bytes(whole[:8], "little")
        header, data = json.loads(whole[8:8 + length]), whole[8 + length:]
        names = [name for name in header if name != "__metadata__"]
        parts, index = self.path("shards"), {}
        parts.mkdir()
        for number, chosen in enumerate((names[0::2], names[1::2]), 1):
            shard, content = f"model-{number:05}-of-00002.safetensors", b""
            part = {"__metadata__": header["__metadata__"]}
            for name in chosen:
                begin, end = header[name]["data_offsets"]
                part[name] = header[name] | {"data_offsets": [len(content), len(content) + end - begin]}
                content += data[begin:end]
                index[name] = shard
            text = json.dumps(part).encode()
            (parts / shard).write_bytes(len(text).to_bytes(8, "little") + text + content)
        (parts / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
        picture = self.pictures / "0.png"
        expected = mobilenet("classify", "--json", "-m", self.model, picture).lines()[0]["classes"]
        for opened in (parts, parts / "model.safetensors.index.json", parts / "model-00002-of-00002.safetensors"):
            self.assertEqual(mobilenet("classify", "--json", "-m", opened, picture).lines()[0]["classes"], expected)
        # What is read is not replaced, whichever part was named.
        shard = parts / "model-00001-of-00002.safetensors"
        before = shard.read_bytes()
        result = mobilenet("convert", "--force", "-m", parts, "-o", shard)
        self.assertNotEqual(result.code, 0)
        self.assertEqual(shard.read_bytes(), before)

    def test_what_is_not_computed_or_means_nothing_is_said(self):
        folder, model = self.path("phone"), ["--model", self.model]
        folder.mkdir()
        for name in ("a.NEF", "b.nef", "c.mp4"):
            (folder / name).write_bytes(b"")
        (folder / "d.png").write_bytes(png(20, 20))
        picture = self.pictures / "0.png"
        threads = str((os.cpu_count() or 1) + 1)
        skipped = "skipped 3 files (2 NEF, 1 MP4)"
        random = "has random weights: its answers mean nothing"
        cases = [
            (["classify", *model, folder], b"", skipped),
            (["classify", "--json", *model, folder], b"", skipped),
            (["features", *model, folder, "--layers", "pool", "-o", self.path("p.npz")], b"", skipped),
            (["classify", "--model", SMALL, picture], b"", random),
            (["detect", "--model", "ssdlite_mobilenet_v2:0.35:96:4", picture], b"", random),
            (["segment", "--model", "deeplab_mobilenet_v2:0.35:97:4", picture], b"", random),
            (["features", "--model", SMALL, picture, "--layers", "pool", "-o", self.path("r.npz")], b"", random),
            (["classify", *model, "--size", "31", picture], b"", "an input of 31x31 pixels is too small"),
            (["classify", *model, "--threads", threads, picture], b"", threads + " threads share"),
            (["classify", *model, self.pictures], b"", "mobilenet: 3 pictures in "),
        ]
        for words, stdin, sentence in cases:
            with self.subTest(" ".join(map(str, words))):
                result = mobilenet(*words, stdin=stdin)
                self.assertEqual(result.code, 0, result.err)
                self.assertIn(sentence, result.err)
                quiet = mobilenet(*words, "--quiet", *(["--force"] if "-o" in words else []), stdin=stdin)
                self.assertEqual((quiet.code, quiet.err), (0, ""))
        none = mobilenet("classify", "--quiet", *model, self.path("missing.png"), picture)
        self.assertEqual(none.code, 1)
        self.assertRegex(none.err, r"^mobilenet: [^\n]*missing.png[^\n]*\nmobilenet: 1 of 2 pictures has no answer\n$")

    def test_a_model_that_takes_no_pictures_is_said_once_and_without_code(self):
        other = pathlib.Path(os.environ.get("MOBILENET_TEST_DATA", pathlib.Path(__file__).parents[2] / "../shared/data"))
        head = other / "models/mobilenet_quant_v1_224_head_layers.tflite"
        if not head.exists():
            self.skipTest("needs the real weights: set MOBILENET_TEST_DATA to their folder")
        result = mobilenet("classify", "--model", head, self.pictures)
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertRegex(result.err, r"^mobilenet: [^\n]*: it takes [^\n]*, not one picture; use mobilenet run\n$")
        self.assertNotIn("()", result.err)

    def test_the_time_is_that_of_the_whole_picture(self):
        result = mobilenet("classify", "--model", self.model, self.pictures / "0.png")
        whole, network = re.search(r"\((\d+\.\d) ms, network (\d+\.\d) ms\)", result.out).groups()
        self.assertGreaterEqual(float(whole), float(network))

    def test_a_full_disk_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        for arguments in (["--help"], ["info", "--json", SMALL], ["classify", "--model", self.model, self.pictures]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"mobilenet: cannot write to standard output: No space left on device", done.stderr)

    def test_a_closed_pipe_ends_quietly(self):
        program = subprocess.Popen([PROGRAM, "classify", "--json", "--model", self.model, *[self.pictures] * 50],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        program.stdout.readline()
        program.stdout.close()
        self.assertEqual(program.stderr.read(), b"")
        self.assertEqual(program.wait(60), 0)
        program.stderr.close()

    def test_the_default_model_can_be_named_by_the_environment(self):
        line, = mobilenet("info", "--json", env={"MOBILENET_MODEL": str(self.model)}).lines()
        self.assertEqual(line["source"], str(self.model))
        missing = mobilenet("info", env={"MOBILENET_MODEL": str(self.path("missing"))})
        self.assertEqual(missing.code, 1)
        self.assertIn("missing", missing.err)
        architecture, = mobilenet("info", "--json", env={"MOBILENET_MODEL": SMALL}).lines()
        self.assertEqual(architecture["source"], SMALL)


# Without $MOBILENET_MODEL of the machine.
BUNDLED = {"MOBILENET_MODEL": ""}
ANIMALS = ["person", "cat", "cow", "dog", "horse", "sheep"]
PHOTOGRAPHS = pathlib.Path(__file__).parents[2] / "out/pictures"


class BundledModels(ProgramTest):
    def test_one_runs_for_each_task_when_no_model_is_named(self):
        line, = mobilenet("info", "--json", env=BUNDLED).lines()
        self.assertEqual((line["architecture"], line["classes"], line["input"]), ("mobilenet_v2", 202, [160, 160]))
        answers = mobilenet("classify", "--json", self.pictures, env=BUNDLED)
        self.assertEqual(answers.code, 0, answers.err)
        self.assertTrue(all(answer["label"] for line in answers.lines() for answer in line["classes"]))
        for verb in ("detect", "segment"):
            with self.subTest(verb):
                answers = mobilenet(verb, "--json", self.pictures, env=BUNDLED)
                self.assertEqual(answers.code, 0, answers.err)
                self.assertEqual({line["task"] for line in answers.lines()}, {verb})

    def test_they_know_what_their_cards_say(self):
        detector, = mobilenet("info", "--json", MODELS / "ssdlite_mobilenet_v2_6.safetensors").lines()
        self.assertEqual((detector["task"], detector["labels"], detector["input"]), ("detect", ANIMALS, [320, 320]))
        segmenter, = mobilenet("info", "--json", MODELS / "deeplab_v3plus_mobilenet_v2_7.safetensors").lines()
        self.assertEqual((segmenter["task"], segmenter["labels"], segmenter["input"]),
                         ("segment", ["background"] + ANIMALS, [321, 321]))

    def test_a_person_a_cat_and_nothing_else_are_found_in_the_photographs(self):
        if not (PHOTOGRAPHS / "chelsea.png").exists():
            self.skipTest("no photographs in out/pictures; scripts/fetch_pictures fetches them")
        for name, expected in [("astronaut.png", ["person"]), ("chelsea.png", ["cat"]), ("coffee.png", []),
                               ("rocket.jpg", [])]:
            with self.subTest(name):
                found, = mobilenet("detect", "--json", PHOTOGRAPHS / name, env=BUNDLED).lines()
                self.assertEqual([one["label"] for one in found["detections"]], expected)
        for name, expected in [("astronaut.png", "person"), ("chelsea.png", "cat")]:
            with self.subTest(name):
                seen, = mobilenet("segment", "--json", PHOTOGRAPHS / name, env=BUNDLED).lines()
                self.assertIn(expected, [one["label"] for one in seen["classes"][:2]])

    def test_the_environment_names_another_for_every_task(self):
        detector = str(MODELS / "ssdlite_mobilenet_v2_6.safetensors")
        result = mobilenet("classify", self.pictures, env={"MOBILENET_MODEL": detector})
        self.assertEqual(result.code, 1)
        self.assertIn("`mobilenet detect` runs it", result.err)


if __name__ == "__main__":
    main()
