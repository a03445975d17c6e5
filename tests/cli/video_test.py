# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Videos as pictures that move: every verb takes them, a line a frame, and writes annotated ones."""

import functools
import http.server
import math
import os
import signal
import struct
import subprocess
import threading
import time
import zipfile

from program import PROGRAM, ProgramTest, main, mobilenet, parse_npy

DETECTOR = "ssdlite_mobilenet_v2:0.35:96:4"  # random weights
SEGMENTER = "deeplab_mobilenet_v2:0.35:65:4"
FRAMES = 40
MAKE_CLIP = os.environ.get("MOBILENET_MAKE_CLIP", "make_clip")


def link_of(path):
    """Where a descriptor leads; None where it has been closed."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def seconds_of(frame):
    """uneven_time() of tests/video/clip.h, written down again."""
    return frame * 0.04 + frame % 3 * 0.01


class Videos(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clip = cls.folder / "clip.mp4"
        made = subprocess.run([MAKE_CLIP, cls.clip, str(FRAMES), "160", "96"], capture_output=True, text=True)
        cls.reason = made.stderr.strip() if made.returncode else None

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)

    def lines(self, *arguments):
        result = mobilenet(*arguments, "--json")
        self.assertEqual(result.code, 0, result.err)
        return result.lines()

    def times(self, path):
        """Of a video, as the program reads it."""
        return [line["seconds"] for line in self.lines("classify", "--model", self.model, path)]

    def assertTimes(self, found):
        self.assertEqual(len(found), FRAMES)
        for frame, seconds in enumerate(found):
            self.assertAlmostEqual(seconds, seconds_of(frame), delta=0.002)

    def test_a_line_a_frame_with_its_time(self):
        lines = self.lines("detect", "--model", DETECTOR, "--score", 0, self.clip)
        self.assertEqual(list(lines[0]), ["video", "frame", "seconds", "task", "model", "backend", "precision", "isa",
                                          "milliseconds", "detections"])
        self.assertEqual([line["frame"] for line in lines], list(range(FRAMES)))
        self.assertTimes([line["seconds"] for line in lines])
        self.assertTrue(all(line["detections"] for line in lines))
        said = mobilenet("classify", "--model", self.model, self.clip)
        self.assertEqual(len(said.out.splitlines()), FRAMES)
        self.assertTrue(said.out.startswith("0:00.000  class "), said.out[:80])
        self.assertIn(f"{FRAMES} frames, 0:01.560, in ", said.err)

    def test_frames_are_upright(self):
        whole = self.lines("segment", "--model", SEGMENTER, self.clip)
        self.assertTrue(all(line["size"] == [160, 96] for line in whole))
        turned = self.lines("segment", "--model", SEGMENTER, "--orientation", 6, "--frames", 3, self.clip)
        self.assertEqual([line["size"] for line in turned], [[96, 160]] * 3)

    def test_annotated_videos_have_every_frame_at_its_time(self):
        for verb, model in (("detect", DETECTOR), ("segment", SEGMENTER), ("classify", self.model)):
            for name in ("a.mp4", "a.mkv"):
                output = self.path(f"{verb}_{name}")
                done = mobilenet(verb, "--model", model, "-o", output, self.clip)
                self.skip_without_drawing(done)
                self.assertEqual(done.code, 0, done.err)
                self.assertIn(f"annotated in {output}", done.err)
                self.assertTimes(self.times(output))
        folder = self.path("annotated")
        done = mobilenet("detect", "--model", DETECTOR, "-o", f"{folder}/", self.clip, self.pictures)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["0.png", "1.png", "2.png", "clip.mp4"])

    def test_files_are_not_replaced_unless_that_is_asked_for(self):
        output = self.path("there.mp4")
        output.write_bytes(b"precious")
        refused = mobilenet("detect", "--model", DETECTOR, "-o", output, self.clip)
        self.skip_without_drawing(refused)
        self.assertEqual(refused.code, 1)
        self.assertEqual(output.read_bytes(), b"precious")
        self.assertEqual(mobilenet("detect", "--model", DETECTOR, "-f", "-o", output, self.clip).code, 0)
        self.assertTimes(self.times(output))
        self.assertEqual(mobilenet("detect", "--model", DETECTOR, "-f", "-o", self.clip, self.clip).code, 2)
        self.assertTimes(self.times(self.clip))

    def test_tracks_and_steady_answers(self):
        lines = self.lines("detect", "--model", DETECTOR, "--score", 0.2, "--track", self.clip)
        for line in lines:
            for found in line["detections"]:
                self.assertEqual(list(found), ["class", "label", "score", "box", "track"])
                self.assertGreaterEqual(found["track"], 1)
        flat = self.lines("classify", "--model", self.model, "--smooth", 0, self.clip)
        steady = self.lines("classify", "--model", self.model, "--smooth", 1, self.clip)
        changes = lambda answers: sum(a["classes"][0]["index"] != b["classes"][0]["index"]
                                      for a, b in zip(answers, answers[1:]))
        self.assertLessEqual(changes(steady), changes(flat))
        self.assertEqual(flat[0]["classes"][0]["index"], steady[0]["classes"][0]["index"])
        self.assertEqual(len(steady[0]["classes"]), 5)

    def test_features_are_rows(self):
        output = self.path("f.npz")
        done = mobilenet("features", "--model", self.model, "--layers", "pool", "-o", output, self.clip,
                         self.pictures / "0.png")
        if "without libzip" in done.err:
            self.skipTest(done.err.strip())
        self.assertEqual(done.code, 0, done.err)
        with zipfile.ZipFile(output) as archive:
            names = parse_npy(archive.read("images.npy"))[2]
            seconds = archive.read("seconds.npy")[-8 * (FRAMES + 1):]
        times = struct.unpack(f"<{FRAMES + 1}d", seconds)
        self.assertTrue(math.isnan(times[0]))
        self.assertTimes(times[1:])
        self.assertEqual(len(names), FRAMES + 1)
        self.assertTrue(names[0].endswith("0.png"))
        self.assertEqual(names[1], f"{self.clip}#0")
        self.assertEqual(names[-1], f"{self.clip}#{FRAMES - 1}")

    def test_only_so_many_frames(self):
        self.assertEqual(len(self.lines("detect", "--model", DETECTOR, "--frames", 7, self.clip)), 7)

    def test_what_is_for_pictures_or_for_videos_alone(self):
        picture = self.pictures / "0.png"
        for arguments, sentence in (
                (("detect", "--track", picture), "--track is for videos and cameras, and there is none"),
                (("detect", "--coco", self.path("c.json"), self.clip), "--coco is for pictures"),
                (("segment", "--mask", self.path("m.png"), self.clip), "--mask is for pictures"),
                (("detect", "-o", self.path("a.png"), self.clip), "or into a folder"),
                (("classify", "--smooth", "long", self.clip), "is not a number of seconds"),
                (("detect", "--camera", "large", "0"), "is not a size like 1280x720"),
                (("live", "0", "1"), "one source is shown at a time")):
            refused = mobilenet(*arguments)
            self.assertEqual(refused.code, 2, (arguments, refused.err))
            self.assertIn(sentence, refused.err)
        done = mobilenet("evaluate", "--model", self.model, "--truth", "none.csv", self.clip)
        self.assertNotEqual(done.code, 0)

    def test_bad_sources_do_not_stop_the_others(self):
        garbage = self.path("garbage.mp4")
        garbage.write_bytes(self.clip.read_bytes()[:60])
        done = mobilenet("classify", "--model", self.model, "--json", garbage, self.path("none.mp4"), "/dev/video99",
                         self.clip)
        self.assertEqual(done.code, 1)
        lines = done.lines()
        self.assertEqual(len([line for line in lines if "frame" in line]), FRAMES)
        errors = [line for line in lines if "error" in line]
        self.assertEqual(len(errors), 3)
        self.assertIn("none.mp4", errors[0]["error"])  # no such file: a picture, for all that is known
        self.assertEqual(errors[1]["video"], str(garbage))
        self.assertEqual(errors[2]["error"], "/dev/video99: cannot open the camera: No such file or directory")

    def test_a_stream_is_a_source(self):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        serve = functools.partial(Quiet, directory=str(self.folder))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/"
            lines = self.lines("classify", "--model", self.model, address + "clip.mp4")
            missing = mobilenet("classify", "--model", self.model, address + "none.mp4")
            server.shutdown()
        self.assertEqual([line["video"] for line in lines], [address + "clip.mp4"] * FRAMES)
        self.assertTimes([line["seconds"] for line in lines])
        self.assertEqual(missing.code, 1)
        self.assertIn(address + "none.mp4: cannot open it as a video", missing.err)

    def test_an_interrupted_video_leaves_nothing(self):
        output = self.path("interrupted.mp4")
        started = subprocess.Popen([PROGRAM, "detect", "--model", DETECTOR, "-o", output, self.clip, "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.stdout.readline()
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=60)
        if started.returncode == -signal.SIGINT:  # it may have been over
            self.assertFalse(output.exists())
        self.assertEqual([path for path in self.folder.iterdir() if ".mobilenet" in path.name], [])

    def pipe(self, name):
        path = self.path(name)
        os.mkfifo(path)
        return path

    def end_while_it_reads(self, pipe, *arguments):
        """Ctrl-C, once it has the pipe open. Gives the exit code."""
        started = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        descriptors = f"/proc/{started.pid}/fd"
        while started.poll() is None and str(pipe) not in [link_of(f"{descriptors}/{n}") for n in os.listdir(descriptors)]:
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        self.addCleanup(started.kill)
        started.communicate(timeout=60)
        return started.returncode

    def test_a_pipe_without_a_writer_is_said(self):
        pipe = self.pipe("nobody")
        done = mobilenet("detect", "--model", DETECTOR, pipe)
        self.assertEqual(done.code, 1)
        self.assertIn(f"{pipe}: is a pipe that nobody writes to", done.err)
        done = mobilenet("live", "--model", DETECTOR, "--mjpeg", 0, pipe)
        self.assertEqual(done.code, 1)
        self.assertIn(f"{pipe}: is a pipe that nobody wrote to for 10 seconds", done.err)

    def test_pipes_are_interrupted(self):
        pipe = self.pipe("nobody_yet")
        live = "live", "--model", DETECTOR, "--mjpeg", 0, pipe
        self.assertEqual(self.end_while_it_reads(pipe, *live), -signal.SIGINT)
        begun = self.path("begun.mkv")
        drawn = mobilenet("detect", "--model", DETECTOR, "-o", begun, self.clip)
        self.skip_without_drawing(drawn)
        self.assertEqual(drawn.code, 0, drawn.err)
        with open(pipe, "r+b", buffering=0) as writer:  # says nothing, or nothing more
            self.assertEqual(self.end_while_it_reads(pipe, *live), -signal.SIGINT)
            self.assertEqual(self.end_while_it_reads(pipe, "detect", "--model", DETECTOR, pipe), -signal.SIGINT)
            started = subprocess.Popen([PROGRAM, *map(str, live), "--json"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            self.addCleanup(started.kill)
            head = begun.read_bytes()
            writer.write(head[:len(head) * 3 // 4])
            self.assertIn(b'"frame"', started.stdout.readline())
            started.send_signal(signal.SIGINT)
            self.assertEqual(started.communicate(timeout=60)[1].count(b"nothing came"), 0)
            self.assertEqual(started.returncode, 0)  # as if the video had ended

    def test_live_needs_a_display_or_a_page(self):
        environment = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
        done = mobilenet("live", "--model", DETECTOR, self.clip, env=environment)
        self.skip_without_drawing(done)
        self.assertEqual(done.code, 1)
        self.assertIn("--mjpeg PORT", done.err)


if __name__ == "__main__":
    main()
