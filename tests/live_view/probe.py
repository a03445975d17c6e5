# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Runs live_view_probe for the tests beside this file, and says what its frames look like.

$MOBILENET_LIVE_VIEW_PROBE is the program, which shows frames of four colours in a window or on a page.
"""

import os
import queue
import subprocess
import sys
import threading
import unittest

PROGRAM = os.environ.get("MOBILENET_LIVE_VIEW_PROBE", "live_view_probe")
# Top left, top right, bottom left, bottom right.
COLOURS = [(220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)]
SIZE = (320, 180)
PATIENCE = 60  # seconds: what takes longer hangs
SKIPPED = 77  # ctest's exit code for a test that could not run


class Probe:
    """live_view_probe with these words, until it is ended."""

    def __init__(self, *words, env=None):
        self.process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=env)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.first = self.line()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def line(self):
        """The next line that it prints; None at the end."""
        return self.lines.get(timeout=PATIENCE)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        """Closes its standard input; the exit code."""
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the probe did not end")
        finally:
            self.process.stdout.close()


def centres(left, top, width, height):
    """The middle of each quarter of a rectangle, in the order of COLOURS."""
    return [(left + width * x // 4, top + height * y // 4) for y in (1, 3) for x in (1, 3)]


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if len(program.result.skipped) == program.result.testsRun else 0)
