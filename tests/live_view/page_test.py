#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The page for browsers, asked by clients of all kinds: those that watch, those that are slow, and those that mean harm."""

import http.client
import io
import json
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

import probe

try:
    from PIL import Image
except ImportError:
    Image = None

MOST_STREAMS = 8
# Quality 80 in the middle of an even surface: rounding of the colour conversion and of the mean of a block.
JPEG_TOLERANCE = 4


class Client:
    """A raw connection: what was sent is read as it comes."""

    def __init__(self, port, data=b""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=probe.PATIENCE)
        self.reader = self.socket.makefile("rb")
        self.socket.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def head(self):
        """Status and fields; (None, {}) when the connection was closed without a word."""
        line = self.reader.readline()
        if not line:
            return None, {}
        fields = {}
        for field in iter(self.reader.readline, b"\r\n"):
            name, value = field.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        return int(line.split()[1]), fields

    def frame(self):
        """The next JPEG of a stream."""
        fields = {}
        for field in iter(self.reader.readline, b"\r\n"):
            name, value = field.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        assert fields["content-type"] == "image/jpeg", fields
        jpeg = self.reader.read(int(fields["content-length"]))
        assert jpeg[:2] == b"\xff\xd8" and jpeg[-2:] == b"\xff\xd9"
        assert self.reader.read(len(b"\r\n--frame\r\n")) == b"\r\n--frame\r\n"
        return jpeg


class PageTest(unittest.TestCase):
    def setUp(self):
        self.probe = probe.Probe("page", 0)
        self.address = urllib.parse.urlparse(self.probe.first)
        self.port = self.address.port
        self.ended = False

    def tearDown(self):
        if not self.ended:
            self.assertEqual(self.end(), 0)

    def end(self):
        self.ended = True
        return self.probe.end()

    def ask(self, method, path, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=probe.PATIENCE)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def status(self):
        code, body, _ = self.ask("GET", "/status.json")
        self.assertEqual(code, 200)
        return json.loads(body)

    def wait_for(self, what, is_there):
        end = time.monotonic() + probe.PATIENCE
        while not is_there():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def stream(self):
        client = Client(self.port, b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.addCleanup(client.__exit__)
        return client

    def watch(self):
        client = self.stream()
        code, fields = client.head()
        self.assertEqual(code, 200)
        self.assertEqual(fields["content-type"], "multipart/x-mixed-replace; boundary=frame")
        self.assertEqual(client.reader.readline(), b"--frame\r\n")
        return client

    def assert_shows_the_frame(self, jpeg, size=probe.SIZE):
        if Image is None:
            self.skipTest("Pillow is not installed")
        picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
        self.assertEqual(picture.size, size)
        for at, expected in zip(probe.centres(0, 0, *size), probe.COLOURS):
            for got, wanted in zip(picture.getpixel(at), expected):
                self.assertLessEqual(abs(got - wanted), JPEG_TOLERANCE, (at, expected))

    def test_it_is_on_this_machine_alone(self):
        self.assertEqual((self.address.scheme, self.address.hostname, self.address.path), ("http", "127.0.0.1", "/"))
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        mine = [address for address in listening if int(address.split(":")[1], 16) == self.port]
        self.assertEqual(mine, [f"0100007F:{self.port:04X}"])

    def test_frames_follow_one_another(self):
        client = self.watch()
        for _ in range(5):
            self.assert_shows_the_frame(client.frame())
        self.probe.say("size 64 200")
        while len(jpeg := client.frame()) and Image and Image.open(io.BytesIO(jpeg)).size == probe.SIZE:
            pass
        self.assert_shows_the_frame(jpeg, (64, 200))

    def test_the_newest_frame_alone(self):
        self.wait_for("a frame", lambda: self.status()["frames"] > 0)
        code, body, headers = self.ask("GET", "/frame.jpg")
        self.assertEqual((code, headers["Content-Type"]), (200, "image/jpeg"))
        self.assert_shows_the_frame(body)

    def test_no_new_frames_but_a_new_client(self):
        self.wait_for("a frame", lambda: self.status()["frames"] > 0)
        self.probe.say("still")
        for _ in range(2):
            self.assert_shows_the_frame(self.watch().frame())

    def test_status_and_results(self):
        self.wait_for("a frame", lambda: self.status()["frames"] > 0)
        status = self.status()
        results = status.pop("results")
        self.assertEqual(results, {"detections": [{"label": "a <i>cup", "score": 0.75, "box": [1, 2, 3, 4]}],
                                   "frame": status.pop("frames")})
        self.assertEqual(status, {"fps": 29.97, "latency_p50": 12.5, "latency_p99": 21.25, "dropped": 3,
                                  "paused": False, "source": "made <b>frames", "model": "no model", "device": "cpu",
                                  "streams": 0, "encoded": 0})

    def test_frames_are_encoded_once_and_only_for_those_who_watch(self):
        self.wait_for("ten frames", lambda: self.status()["frames"] > 10)
        self.assertEqual(self.status()["encoded"], 0)
        clients = [self.watch() for _ in range(3)]
        for _ in range(20):
            for client in clients:
                client.frame()
        watched = self.status()
        self.assertEqual(watched["streams"], 3)
        self.assertGreaterEqual(watched["encoded"], 20)
        self.assertLessEqual(watched["encoded"], watched["frames"] - 10)
        for client in clients:
            client.__exit__()
        self.wait_for("nobody watches", lambda: self.status()["streams"] == 0)
        before = self.status()
        self.wait_for("ten more frames", lambda: self.status()["frames"] > before["frames"] + 10)
        self.assertEqual(self.status()["encoded"], before["encoded"])

    def test_the_page_and_what_it_loads(self):
        for path, kind, part in [("/", "text/html", b'src="page.js"'), ("/page.js", "text/javascript", b"fetch("),
                                 ("/page.css", "text/css", b"color-scheme")]:
            code, body, headers = self.ask("GET", path)
            self.assertEqual((code, headers["Content-Type"]), (200, f"{kind}; charset=utf-8"))
            self.assertIn(part, body)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
            for outside in (b"http://", b"https://", b"<style", b"style=", b"innerHTML"):
                self.assertNotIn(outside, body)
        self.assertEqual(self.ask("GET", "/other")[0], 404)
        self.assertEqual(self.ask("GET", "/../page.js")[0], 404)
        self.assertEqual(self.ask("DELETE", "/")[0], 405)

    def test_buttons_are_wishes(self):
        for path, wish in [("/pause", "pause"), ("/save", "save"), ("/overlay", "next_overlay")]:
            self.assertEqual(self.ask("GET", path)[0], 405)
            self.assertEqual(self.ask("POST", path, Origin=f"http://127.0.0.1:{self.port}")[0], 204)
            self.assertEqual(self.probe.line(), wish)
        self.assertEqual(self.ask("POST", "/save")[0], 204, "a program that is no browser")
        self.assertEqual(self.probe.line(), "save")
        self.assertEqual(self.ask("POST", "/quit")[0], 405)
        self.wait_for("a frame that says so", lambda: self.status()["paused"])

    def test_other_sites_get_nothing(self):
        for host in ["a.example", f"a.example:{self.port}", "127.0.0.1.a.example", ""]:
            for method, path in [("GET", "/"), ("GET", "/stream"), ("GET", "/status.json"), ("POST", "/save")]:
                code, body, _ = self.ask(method, path, Host=host)
                self.assertEqual((code, body), (403, b"open this page as 127.0.0.1 or localhost\n"), (host, path))
        for origin in ["http://a.example", "null", f"https://127.0.0.1:{self.port}", "http://127.0.0.1:1"]:
            self.assertEqual(self.ask("POST", "/save", Origin=origin)[0], 403, origin)
        self.assertEqual(self.ask("POST", "/pause", Host="localhost:9", Origin="http://localhost:9")[0], 204, "a tunnel")
        self.assertEqual(self.probe.line(), "pause")
        self.assertTrue(self.probe.lines.empty())

    def test_many_slow_clients_hold_nobody_up(self):
        self.probe.say("size 1280 720")
        slow = [self.stream() for _ in range(20)]  # of a stream they read the head at most
        answers = [client.head()[0] for client in slow]
        self.assertEqual(sorted(answers), [200] * MOST_STREAMS + [503] * (20 - MOST_STREAMS))
        before = self.status()
        self.assertEqual(before["streams"], MOST_STREAMS)
        self.wait_for("the program goes on", lambda: self.status()["frames"] > before["frames"] + 20)
        for client in slow:
            client.__exit__()
        self.wait_for("they are gone", lambda: self.status()["streams"] == 0)
        self.watch().frame()

    def test_hostile_requests_are_survived(self):
        huge = b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 100_000
        for bytes_sent in [huge, b"\x00" * 10_000, b"\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                           b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
                           b"POST /save HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 100_000]:
            with Client(self.port) as client:
                try:
                    client.socket.sendall(bytes_sent)
                    self.assertIn(client.head()[0], (400, 403), bytes_sent[:40])
                except ConnectionError:
                    pass  # it was closed while there was more to come
        self.assertEqual(self.ask("GET", "/")[0], 200)

    def test_half_requests_have_an_end(self):
        """More than are let in at a time: those behind them wait, and get their turn."""
        halves = [Client(self.port, b"GET / HT") for _ in range(80)]
        for client in halves:
            self.addCleanup(client.__exit__)
        dribbling = threading.Event()

        def dribble():
            while not dribbling.wait(0.5):
                for client in halves:
                    try:
                        client.socket.sendall(b"T")
                    except OSError:
                        pass

        dribbler = threading.Thread(target=dribble)
        dribbler.start()
        try:
            self.assertEqual(self.ask("GET", "/")[0], 200)
        finally:
            dribbling.set()
            dribbler.join()

    def test_it_ends_while_clients_are_there(self):
        self.probe.say("size 1280 720")
        watching, slow = self.watch(), [self.watch() for _ in range(3)]
        halves = [Client(self.port, b"GET /") for _ in range(3)]
        for client in halves:
            self.addCleanup(client.__exit__)
        watching.frame()
        self.assertEqual(self.end(), 0)
        for client in [watching, *slow, *halves]:
            try:
                while client.reader.read(65536):
                    pass
            except ConnectionError:
                pass

    def test_a_port_that_is_taken(self):
        for port, sentence in [(self.port, f"cannot serve a page at 127.0.0.1:{self.port}: Address already in use: "
                                           "choose another port, or 0 for any that is free\n"),
                               (65536, "a port is 0 to 65535, not 65536\n"), (-1, "a port is 0 to 65535, not -1\n")]:
            done = subprocess.run([probe.PROGRAM, "page", str(port)], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=probe.PATIENCE)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", sentence))

    def test_a_port_is_free_again_at_once(self):
        self.watch().frame()
        self.assertEqual(self.end(), 0)
        again = probe.Probe("page", self.port)
        self.assertEqual(again.first, self.address.geturl())
        self.assertEqual(again.end(), 0)


if __name__ == "__main__":
    probe.main()
