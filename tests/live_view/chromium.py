# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Chromium without a screen, told what to do through its DevTools protocol: JSON between two pipes."""

import base64
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60  # seconds
WIDTH, HEIGHT = 1000, 700


class Chromium:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="mobilenet-chromium-")
        hers_to_read, self.to = os.pipe()
        self.back, hers_to_write = os.pipe()
        # She reads from descriptor 3 and writes to 4, which ours must not be on their way.
        given = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (hers_to_read, hers_to_write)]
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3</dev/fd/{given[0]} 4>/dev/fd/{given[1]}', PROGRAM, "--headless",
             "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile}", f"--window-size={WIDTH},{HEIGHT}"],
            pass_fds=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (hers_to_read, hers_to_write, *given):
            os.close(end)
        self.numbers = itertools.count(1)
        self.unread = b""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def close(self):
        self._send("Browser.close", {}, None)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _send(self, method, params, session):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        return number

    def _call(self, method, session=None, **params):
        number = self._send(method, params, session)
        while True:
            while b"\0" not in self.unread:
                piece = os.read(self.back, 1 << 20)
                assert piece, f"Chromium ended during {method}"
                self.unread += piece
            message, self.unread = self.unread.split(b"\0", 1)
            answer = json.loads(message)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address):
        self._call("Page.navigate", self.session, url=address)

    def prefer(self, scheme):
        """ "dark" or "light"."""
        self._call("Emulation.setEmulatedMedia", self.session,
                   features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression):
        """Of JavaScript in the page; promises are waited for."""
        answer = self._call("Runtime.evaluate", self.session, expression=expression, returnByValue=True,
                            awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression):
        """Until it is true in the page."""
        end = time.monotonic() + PATIENCE
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", self.session, type=kind, key=key)

    def screenshot(self):
        """The bytes of a PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", self.session)["data"])
