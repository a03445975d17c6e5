# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What a terminal sees: progress that fits into it, and the end by Ctrl-C."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

from program import PROGRAM, ProgramTest, main


class Terminal(ProgramTest):
    def on_terminal(self, columns, term, *arguments):
        """What the program writes to a terminal that is its standard error."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=theirs,
                              env={**os.environ, "TERM": term}) as program:
            os.close(theirs)
            seen = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # what Linux says at the end
                    break
                if not part:
                    break
                seen += part
            self.assertEqual(program.wait(60), 0)
        os.close(ours)
        return seen.decode()

    def test_progress_fits_into_the_terminal(self):
        many = ["classify", "--json", "--model", self.model, *[self.pictures] * 5]
        for columns in (15, 30, 80):
            seen = self.on_terminal(columns, "xterm", *many)
            lines = re.split(r"\r\033\[K|\r?\n", seen)
            self.assertTrue(any("15" in line or "100 %" in line for line in lines), seen)
            for line in lines:
                self.assertLess(len(line), columns, seen)
        for term in ("dumb", ""):
            self.assertNotIn("\033", self.on_terminal(80, term, *many))
        self.assertEqual(self.on_terminal(80, "xterm", *many, "--quiet"), "")

    def test_ctrl_c_ends_the_program_by_its_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with subprocess.Popen([PROGRAM, "classify", "--model", self.model, "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
                self.assertIn(b" on cpu", program.stderr.readline())
                program.send_signal(number)
                self.assertEqual(program.wait(60), -number)
                self.assertEqual(program.stdout.read(), b"")

    def test_a_signal_that_is_ignored_stays_ignored(self):
        with subprocess.Popen(["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", PROGRAM, "classify", "--model",
                               self.model, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as program:
            self.assertIn(b" on cpu", program.stderr.readline())
            program.send_signal(signal.SIGHUP)
            out, _ = program.communicate((self.pictures / "0.png").read_bytes(), timeout=60)
            self.assertEqual(program.returncode, 0)
            self.assertTrue(out)


if __name__ == "__main__":
    main()
