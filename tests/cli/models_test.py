# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Models by name: the list, `mobilenet get` against a server of this machine, and -m NAME."""

import hashlib
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import tarfile
import time
import zipfile

import model_server
from photographs import test_data
from program import PROGRAM, ProgramTest, main, mobilenet

KNOWN = pathlib.Path(__file__).parents[2] / "apps/cli/models/known_models.json"
BUNDLED = pathlib.Path(__file__).parents[2] / "models"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tgz(*members):
    """Of (name, bytes, link target or None)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data, link in members:
            entry = tarfile.TarInfo(name)
            entry.size = 0 if link else len(data)
            if link:
                entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


class KnownModels(ProgramTest):
    def test_every_known_model_is_what_the_list_says(self):
        """The real files have the list's lengths and sums, open, and are for its tasks."""
        data = test_data()
        missing = []
        for model in json.loads(KNOWN.read_text())["models"]:
            path = BUNDLED / model["file"] if model.get("bundled") else data / "models" / model["file"] if data else None
            if path is None or not path.exists():
                missing.append(model["name"])
                continue
            with self.subTest(model["name"]):
                content = path.read_bytes()
                self.assertEqual((len(content), sha256(content)), (model["bytes"], model["sha256"]))
                self.assertTrue(model.get("bundled") or model["address"].startswith("https://"))
                line, = mobilenet("info", "--json", path).lines()
                self.assertEqual(line["task"], model["task"])
        if missing:
            self.skipTest("the others are right; without the test data not compared: " + ", ".join(missing))

    def test_the_list(self):
        known = json.loads(KNOWN.read_text())["models"]
        env = {"MOBILENET_CACHE": str(self.path("no_cache")), "MOBILENET_MODELS": ""}
        table = mobilenet("models", env=env)
        self.assertEqual((table.code, table.err, len(table.out.splitlines())), (0, "", 1 + len(known)))
        lines = mobilenet("models", "--json", env=env).lines()
        for model, line in zip(known, lines, strict=True):
            self.assertEqual({key: line[key] for key in ("name", "task", "bytes", "sha256", "licence")},
                             {key: model[key] for key in ("name", "task", "bytes", "sha256", "licence")})
            self.assertEqual((line["address"], line["accuracy"]), (model.get("address"), model.get("accuracy")))
            self.assertEqual((line["bundled"], line["fetched"]), (model.get("bundled", False), False))
            self.assertEqual(line["path"] is not None, line["bundled"])
            self.assertIn(model["name"], table.out)
        one = mobilenet("models", "ssd_mobilenet_v1", env=env)
        for word in ("e4b118e5e453", "https://", "detect.tflite in it", "Apache-2.0", "measured", "4183312"):
            self.assertIn(word, one.out)
        wrong = mobilenet("models", "ssd_mobilnet_v1", env=env)
        self.assertEqual((wrong.code, wrong.out), (2, ""))
        self.assertIn("did you mean ssd_mobilenet_v1?", wrong.err)

    def test_a_bundled_model_has_a_name(self):
        line, = mobilenet("info", "--json", "mobilenet_v2_202", cwd=self.folder).lines()
        self.assertTrue(line["source"].endswith("/models/mobilenet_v2_202.safetensors"), line["source"])
        result = mobilenet("get", "mobilenet_v2_202")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertIn("(bundled; 5.2 MB, licence Apache-2.0)", result.out)

    def test_a_list_that_is_none_is_said(self):
        good = {"name": "a", "title": "A", "task": "classify", "file": "a.tflite", "bytes": 3, "sha256": "0" * 64,
                "licence": "MIT", "address": "https://example.org/a"}
        cases = [
            ("no JSON", "{", "is no list of models"),
            ("an array", "[]", "is no list of models"),
            ("no models", "{}", "is no list of models"),
            ("numbers", {"models": [1]}, "model 1 is not an object"),
            ("no address", {"models": [{k: v for k, v in good.items() if k != "address"}]}, "model 1 has no address"),
            ("another task", {"models": [good | {"task": "run"}]}, "its task is not one of classify"),
            ("short sum", {"models": [good | {"sha256": "00"}]}, "sha256 is not 64 digits"),
            ("sum that escapes", {"models": [good | {"sha256": 7}]}, "sha256 is not a text"),
            ("a path as file", {"models": [good | {"file": "../a.tflite"}]}, "'../a.tflite' is no name"),
            ("a hidden file", {"models": [good | {"file": ".a"}]}, "'.a' is no name"),
            ("an option as name", {"models": [good | {"name": "-a"}]}, "'-a' is no name"),
            ("no bytes", {"models": [good | {"bytes": 0}]}, "bytes is not between 1 and 4 GiB"),
            ("bytes below 0", {"models": [good | {"bytes": -1}]}, "bytes is not a whole number"),
            ("accuracy without its pictures", {"models": [good | {"accuracy": {"figure": "1", "kind": "measured"}}]},
             "accuracy has no on"),
            ("accuracy of hearsay", {"models": [good | {"accuracy": {"figure": "1", "kind": "heard", "on": "x"}}]},
             "neither published nor measured"),
            ("twice", {"models": [good, good]}, "model 2 has the name or the file of another, a"),
        ]
        for name, content, sentence in cases:
            with self.subTest(name):
                path = self.path("list.json")
                path.write_text(content if isinstance(content, str) else json.dumps(content))
                for words in (["models"], ["get", "a"], ["info", "a"]):
                    result = mobilenet(*words, env={"MOBILENET_MODELS": str(path)}, cwd=self.folder)
                    self.assertEqual((result.code, result.out), (1, ""))
                    self.assertIn(f"{path}: ", result.err)
                    self.assertIn(sentence, result.err)
        missing = mobilenet("models", env={"MOBILENET_MODELS": "/nowhere.json"})
        self.assertEqual((missing.code, missing.out), (1, ""))
        self.assertIn("/nowhere.json", missing.err)
        self.assertIn("MOBILENET_MODELS names it", missing.err)


class Get(ProgramTest):
    """A list of one's own, which names a server of this machine, and an empty cache for every test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "not built in" in next(line for line in mobilenet("--version").out.splitlines() if "libcurl" in line):
            raise cls.skipTest(cls, "this build has no libcurl")
        cls.body = cls.model.read_bytes()
        cls.server = model_server.ModelServer()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.cache = self.path("cache")
        shutil.rmtree(self.cache, ignore_errors=True)
        self.server.paths.clear()
        self.server.requests.clear()
        self.list = self.path("known.json")
        self.list.unlink(missing_ok=True)
        self.env = {"MOBILENET_CACHE": str(self.cache), "MOBILENET_MODELS": str(self.list), "no_proxy": "*"}

    def know(self, serve, name="tiny", **fields):
        """A model of this name, whose address does `serve`."""
        self.server.paths["/" + name] = serve
        models = json.loads(self.list.read_text())["models"] if self.list.exists() else []
        models = [model for model in models if model["name"] != name]
        models.append({"name": name, "title": "a small one", "task": "classify", "file": name + ".safetensors",
                       "bytes": len(self.body), "sha256": sha256(self.body), "licence": "MIT",
                       "address": self.server.address("/" + name)} | fields)
        self.list.write_text(json.dumps({"models": models}))

    def get(self, *words, **options):
        return mobilenet("get", *words, env=self.env | options.pop("env", {}), **options)

    def files(self):
        return sorted(path.name for path in self.cache.iterdir()) if self.cache.exists() else []

    def check_fetched(self, result, name="tiny"):
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual((self.cache / f"{name}.safetensors").read_bytes(), self.body)
        self.assertEqual([file for file in self.files() if not file.endswith(".safetensors")], [])

    def check_nothing(self, result, sentence):
        self.assertEqual((result.code, result.out), (1, ""), result.err)
        self.assertRegex(result.err, r"^mobilenet: [^\n]+\n$")
        self.assertIn(sentence, result.err)
        self.assertEqual(self.files(), [])

    def test_a_model_is_fetched_once_and_found_by_its_name(self):
        self.know(model_server.file(self.body))
        picture = self.pictures / "0.png"
        before = mobilenet("classify", "-m", "tiny", picture, env=self.env, cwd=self.folder)
        self.assertEqual((before.code, before.out), (1, ""))
        self.assertIn("tiny is not fetched yet: `mobilenet get tiny` fetches it (", before.err)
        self.assertIn("licence MIT)", before.err)
        self.assertEqual(self.server.requests, [])  # nothing is fetched that nobody asked for

        result = self.get("tiny", "tiny")
        self.check_fetched(result)
        self.assertEqual(result.out.count("\n"), 1)
        self.assertIn(str(self.cache / "tiny.safetensors"), result.out)
        self.assertIn("licence MIT", result.out)
        again = self.get("tiny", "--json")
        self.check_fetched(again)
        line, = again.lines()
        self.assertEqual((line["path"], line["was_there"]), (str(self.cache / "tiny.safetensors"), True))
        self.assertEqual(len(self.server.requests), 1)
        listed, = mobilenet("models", "--json", env=self.env).lines()
        self.assertEqual((listed["fetched"], listed["path"]), (True, line["path"]))
        self.assertIn("fetched", mobilenet("models", env=self.env).out)

        expected = mobilenet("classify", "--json", "-m", self.model, picture).lines()[0]["classes"]
        by_name = mobilenet("classify", "--json", "-m", "tiny", picture, env=self.env, cwd=self.folder)
        self.assertEqual(by_name.lines()[0]["classes"], expected)
        by_environment = mobilenet("classify", "--json", picture, env=self.env | {"MOBILENET_MODEL": "tiny"})
        self.assertEqual(by_environment.lines()[0]["classes"], expected)

    def test_a_file_of_that_name_goes_first(self):
        self.know(model_server.file(self.body))
        self.check_fetched(self.get("tiny"))
        here = self.path("here")
        here.mkdir()
        shutil.copy(self.model, here / "tiny")
        line, = mobilenet("info", "--json", "tiny", env=self.env, cwd=here).lines()
        self.assertEqual(line["source"], "tiny")

    def test_slips_of_the_finger(self):
        self.know(model_server.file(self.body))
        for words, code in ((["info", "tinny"], 1), (["get", "tinny"], 2)):
            result = mobilenet(*words, env=self.env, cwd=self.folder)
            self.assertEqual((result.code, result.out), (code, ""))
            self.assertIn("did you mean tiny?", result.err)

    def test_a_cut_goes_on_from_there(self):
        half = len(self.body) // 2
        self.know(model_server.cut_at(self.body, half, half + 1000))
        self.check_fetched(self.get("tiny"))
        self.assertEqual([wanted for _, wanted in self.server.requests],
                         [None, f"bytes={half}-", f"bytes={half + 1000}-"])

    def test_a_file_that_was_begun_goes_on(self):
        cases = [
            ("in parts", model_server.file(self.body), self.body[:1000], ["bytes=1000-"]),
            ("a server without parts", model_server.whole_file(self.body), self.body[:1000], ["bytes=1000-"]),
            ("another file's beginning", model_server.file(self.body), b"x" * 1000, ["bytes=1000-", None]),
            ("complete but for its name", model_server.file(self.body), self.body, []),
            ("complete, of another file", model_server.file(self.body), b"x" * len(self.body), [None]),
            ("longer than it may be", model_server.file(self.body), self.body + b"x", [None]),
        ]
        for name, serve, begun, ranges in cases:
            with self.subTest(name):
                self.setUp()
                self.cache.mkdir()
                (self.cache / "tiny.safetensors.partial").write_bytes(begun)
                self.know(serve)
                self.check_fetched(self.get("tiny"))
                self.assertEqual([wanted for _, wanted in self.server.requests], ranges)

    def test_a_range_that_the_server_refuses_begins_anew(self):
        def serve(request):
            if request.headers["Range"]:
                model_server.send(request, 416, b"", 0)
            else:
                model_server.send(request, 200, self.body)
        self.cache.mkdir()
        (self.cache / "tiny.safetensors.partial").write_bytes(self.body[:1000])
        self.know(serve)
        self.check_fetched(self.get("tiny"))

    def test_what_stays_cut_is_kept_for_the_next_time(self):
        half = len(self.body) // 2
        self.know(lambda request: model_server.send_from(request, self.body, model_server.offset_of(request), half))
        result = self.get("tiny")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn("are kept, and the same command goes on from there", result.err)
        self.assertEqual(self.files(), ["tiny.safetensors.partial"])
        self.server.paths["/tiny"] = model_server.file(self.body)
        self.check_fetched(self.get("tiny"))
        self.assertEqual(self.server.requests[-1], ("/tiny", f"bytes={half}-"))

    def test_a_file_in_the_cache_that_is_not_right_is_fetched_again(self):
        self.know(model_server.file(self.body))
        self.cache.mkdir()
        place = self.cache / "tiny.safetensors"
        place.write_bytes(self.body[:100])
        result = mobilenet("info", "tiny", env=self.env, cwd=self.folder)
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn(f"{place} has 100 bytes, and tiny {len(self.body)}: `mobilenet get tiny` fetches it", result.err)
        for wrong in (self.body[:100], b"x" * len(self.body)):
            place.write_bytes(wrong)
            self.check_fetched(self.get("tiny"))

    def test_what_servers_do_wrong(self):
        longer = self.body + b"x"
        elsewhere = "http://mobilenet.example/model"
        cases = [
            ("another file", model_server.file(b"x" * len(self.body)), sha256(b"x" * len(self.body)) + ", not "),
            ("a page", model_server.whole_file(b"<html>log in</html>"), "sends 19 bytes in place of"),
            ("nothing", model_server.whole_file(b""), "sends 0 bytes in place of"),
            ("too much", model_server.file(longer), "the server sends more than"),
            ("too much, of unknown length", lambda request: self.send_endless(request), "the server sends more than"),
            ("no such page", model_server.not_found, "the server answers 404"),
            ("a server in trouble", lambda request: model_server.send(request, 503, b"busy"), "the server answers 503"),
            ("no connection kept", lambda request: None, "cannot be fetched"),
            ("redirected to a file", model_server.redirect("file:///etc/passwd"),
             "the server sends on to file:///etc/passwd, which is no https address"),
            ("redirected to plain http", model_server.redirect(elsewhere), f"sends on to {elsewhere}, which is no https"),
            ("redirected to another scheme", model_server.redirect("gopher://127.0.0.1/x"), "which is no https address"),
            ("redirected in a circle", model_server.redirect("/tiny"), "sends on more than 10 times"),
            ("redirected without an address", lambda request: model_server.send(request, 302, b"", 0),
             "the server answers 302"),
        ]
        for name, serve, sentence in cases:
            with self.subTest(name):
                self.setUp()
                self.know(serve)
                self.check_nothing(self.get("tiny"), sentence)

    def send_endless(self, request):
        request.send_response(200)
        request.end_headers()
        while not self.server.released.wait(0):
            request.wfile.write(b"x" * 65536)

    def test_a_redirect_is_followed(self):
        self.server.paths["/there"] = model_server.file(self.body)
        self.know(model_server.redirect(self.server.address("/there")))
        self.check_fetched(self.get("tiny"))

    def test_addresses_that_are_not_asked(self):
        for address in ("http://mobilenet.example/tiny", "ftp://mobilenet.example/tiny", "file:///etc/passwd",
                        "http://127.0.0.1.mobilenet.example/tiny", "http://127.0.0.1@mobilenet.example/", "tiny"):
            with self.subTest(address):
                self.setUp()
                self.know(model_server.not_found, address=address)
                self.check_nothing(self.get("tiny"), "no https address")

    def test_without_network(self):
        with model_server.http.server.HTTPServer(("127.0.0.1", 0), None) as unused:
            address = f"http://127.0.0.1:{unused.server_address[1]}/tiny"
        self.know(model_server.not_found, address=address)
        result = self.get("tiny")
        self.check_nothing(result, f"tiny cannot be fetched from {address}: ")
        self.assertIn("where there is no network, fetch that on another machine and copy it to " +
                      str(self.cache / "tiny.safetensors"), result.err)

    def test_a_server_that_stalls_is_given_up(self):
        def stall(request):
            model_server.send(request, 200, self.body[:1000], len(self.body))
            self.server.released.wait(60)

        def silence(_):
            self.server.released.wait(60)
        for name, serve, files in (("in the file", stall, ["tiny.safetensors.partial"]), ("at once", silence, [])):
            with self.subTest(name):
                self.setUp()
                self.know(serve)
                result = self.get("tiny", "--timeout", "1")
                self.assertEqual((result.code, result.out, self.files()), (1, "", files))
                self.assertIn("no answer, or none that went on, in 1 s", result.err)

    def test_several_of_which_one_fails(self):
        self.know(model_server.not_found, "absent")
        self.know(model_server.file(self.body))
        result = self.get("absent", "tiny", "--json")
        self.assertEqual(result.code, 1)
        first, second = result.lines()
        self.assertIn("404", first["error"])
        self.assertEqual(second["name"], "tiny")
        self.assertEqual(self.files(), ["tiny.safetensors"])

    def test_two_at_once_fetch_one_file(self):
        def slowly(request):
            model_server.send(request, 200, b"", len(self.body))
            for begin in range(0, len(self.body), len(self.body) // 10):
                request.wfile.write(self.body[begin:begin + len(self.body) // 10])
                time.sleep(0.05)
        self.know(slowly)
        programs = [subprocess.Popen([PROGRAM, "get", "tiny"], env={**os.environ, **self.env},
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
        for program in programs:
            out, err = program.communicate(timeout=120)
            self.assertEqual(program.returncode, 0, err)
            self.assertIn(b"tiny.safetensors", out)
        self.check_fetched(self.get("tiny"))
        self.assertEqual(len(self.server.requests), 1)

    def test_an_interrupted_one_goes_on(self):
        came = model_server.threading.Event()

        def half(request):
            model_server.send(request, 200, self.body[:len(self.body) // 2], len(self.body))
            came.set()
            self.server.released.wait(60)
        self.know(half)
        program = subprocess.Popen([PROGRAM, "get", "tiny"], env={**os.environ, **self.env}, stderr=subprocess.PIPE)
        self.assertTrue(came.wait(60))
        partial = self.cache / "tiny.safetensors.partial"
        while partial.stat().st_size < len(self.body) // 2:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        self.assertEqual(program.wait(60), -signal.SIGINT)
        program.stderr.close()
        self.assertEqual(self.files(), ["tiny.safetensors.partial"])
        self.server.paths["/tiny"] = model_server.file(self.body)
        self.check_fetched(self.get("tiny"))
        self.assertEqual(self.server.requests[-1], ("/tiny", f"bytes={len(self.body) // 2}-"))

    def test_caches_that_cannot_be_written(self):
        self.know(model_server.file(self.body))
        self.path("file").write_text("")
        below_a_file = self.get("tiny", env={"MOBILENET_CACHE": str(self.path("file/cache"))})
        self.check_nothing(below_a_file, "cannot make the folder of fetched models: Not a directory (MOBILENET_CACHE")
        nowhere = self.get("tiny", env={"MOBILENET_CACHE": "", "XDG_CACHE_HOME": "", "HOME": ""})
        self.check_nothing(nowhere, "there is no folder for fetched models: set MOBILENET_CACHE, XDG_CACHE_HOME or HOME")
        if os.geteuid() != 0:  # root writes anywhere
            self.cache.mkdir()
            self.cache.chmod(stat.S_IRUSR | stat.S_IXUSR)
            self.check_nothing(self.get("tiny"), "cannot create it (MOBILENET_CACHE names another folder): Permission")
            self.cache.chmod(stat.S_IRWXU)

    def test_a_full_disk(self):
        self.know(model_server.file(self.body))
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        result = self.get("tiny", preexec_fn=limit)
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn("cannot write it: File too large", result.err)
        self.assertEqual(self.files(), ["tiny.safetensors.partial"])
        self.check_fetched(self.get("tiny"))

        archive = zipped(("a.safetensors", self.body))
        self.know(model_server.file(archive), "packed", archive={"member": "a.safetensors"})
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(self.body) - 1, len(self.body) - 1))
        if len(archive) < len(self.body) - 1:
            result = self.get("packed", preexec_fn=limit)
            self.assertEqual((result.code, result.out, self.files()), (1, "", ["tiny.safetensors"]))
            self.assertIn("File too large", result.err)

    def test_the_folder_of_fetched_models(self):
        self.know(model_server.file(self.body))
        home = self.path("home")
        cases = [
            ({"MOBILENET_CACHE": str(home / "a"), "XDG_CACHE_HOME": str(home / "b"), "HOME": str(home)}, "a"),
            ({"MOBILENET_CACHE": "", "XDG_CACHE_HOME": str(home / "b"), "HOME": str(home)}, "b/mobilenet"),
            ({"MOBILENET_CACHE": "", "XDG_CACHE_HOME": "not/absolute", "HOME": str(home)}, ".cache/mobilenet"),
            ({"MOBILENET_CACHE": "", "XDG_CACHE_HOME": "", "HOME": str(home)}, ".cache/mobilenet"),
        ]
        for env, folder in cases:
            with self.subTest(folder):
                shutil.rmtree(home, ignore_errors=True)
                result = self.get("tiny", env=env)
                self.assertEqual(result.code, 0, result.err)
                self.assertEqual((home / folder / "tiny.safetensors").read_bytes(), self.body)

    def know_packed(self, archive, member="model/a.safetensors", known=True):
        fields = {"member": member} | ({"sha256": sha256(archive)} if known else {})
        self.know(model_server.file(archive), archive=fields)

    def skip_without_archives(self, result):
        if "this build unpacks no archives" in result.err:
            self.skipTest(result.err.strip())

    def test_archives(self):
        other = b"a checkpoint" * 1000
        evil = [("../../evil", b"evil", None), ("/tmp/mobilenet-evil", b"evil", None)]
        member = ("model/a.safetensors", self.body, None)
        cases = [
            ("zip", zipped(("labels.txt", b"x"), member[:2])),
            ("tgz", tgz(("model/checkpoint", other, None), member)),
            ("tgz, names begin with ./", tgz(("./model/a.safetensors", self.body, None))),
            ("zip with names that leave the folder", zipped(*[entry[:2] for entry in evil], member[:2])),
            ("tgz with names that leave the folder", tgz(*evil, member)),
            ("tgz with a link of the folder's name", tgz(("model", b"", "/tmp"), member)),
        ]
        for name, archive in cases:
            for known in (True, False):
                with self.subTest(name, known=known):
                    self.setUp()
                    self.know_packed(archive, known=known)
                    result = self.get("tiny")
                    self.skip_without_archives(result)
                    self.check_fetched(result)
                    self.assertEqual([path for path in self.folder.rglob("*evil*")], [])
                    self.assertFalse(os.path.exists("/tmp/mobilenet-evil"))

    def test_archives_that_are_wrong(self):
        right = zipped(("model/a.safetensors", self.body))
        cases = [
            ("no archive", self.body, "is no archive"),
            ("cut", right[:len(right) // 2], "archive"),
            ("without it", zipped(("b.safetensors", self.body)), "holds no model/a.safetensors"),
            ("only below another folder", zipped(("../model/a.safetensors", self.body)), "holds no model/a.safetensors"),
            ("a link", tgz(("model/a.safetensors", b"", "/etc/passwd")), "is no file but a link or a folder"),
            ("another file", zipped(("model/a.safetensors", b"x" * len(self.body))), "is not the file that is known"),
            ("shorter", zipped(("model/a.safetensors", self.body[:-1])), "is not the file that is known"),
            ("longer", zipped(("model/a.safetensors", self.body + b"x")), "is longer than"),
            ("a bomb", zipped(("model/a.safetensors", bytes(100_000_000))), "is longer than"),
        ]
        for name, archive, sentence in cases:
            with self.subTest(name):
                self.setUp()
                self.know_packed(archive, known=False)
                result = self.get("tiny")
                self.skip_without_archives(result)
                self.check_nothing(result, sentence)
        self.setUp()
        self.know(model_server.file(right), archive={"member": "model/a.safetensors", "sha256": "0" * 64})
        self.check_nothing(self.get("tiny"), "is not the file that is known")


if __name__ == "__main__":
    main()
