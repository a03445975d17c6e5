# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""A screen without a screen: Xvfb, whose pixels are a file, and what a person does in front of it, through libX11."""

import ctypes
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

WIDTH, HEIGHT = 800, 600
KEY_PRESS, KEY_RELEASE, CLIENT_MESSAGE = 2, 3, 33
KEYS_OF_ALL = (1 << 0) | (1 << 1)  # KeyPressMask, KeyReleaseMask


class KeyEvent(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
                ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
                ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int), ("y", ctypes.c_int),
                ("x_root", ctypes.c_int), ("y_root", ctypes.c_int), ("state", ctypes.c_uint),
                ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int)]


class MessageEvent(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
                ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
                ("format", ctypes.c_int), ("data", ctypes.c_long * 5)]


class AnyEvent(ctypes.Union):
    _fields_ = [("key", KeyEvent), ("message", MessageEvent), ("room", ctypes.c_long * 24)]


def why_not():
    """What is missing; None when there can be a screen."""
    if shutil.which("Xvfb") is None:
        return "Xvfb is not installed (Debian: xvfb)"
    try:
        ctypes.CDLL("libX11.so.6")
    except OSError:
        return "libX11 is not installed (Debian: libx11-6)"
    return None


class XScreen:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobilenet-screen-"))
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(self.folder),
             "-nolisten", "tcp"], pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as said:
            self.name = ":" + said.readline().strip()
        assert self.name != ":", "Xvfb did not start"
        self.x = ctypes.CDLL("libX11.so.6")
        for function in (self.x.XOpenDisplay, self.x.XDefaultRootWindow, self.x.XInternAtom):
            function.restype = ctypes.c_void_p
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(self.name.encode()))
        assert self.display, "Xvfb does not answer"
        self.root = ctypes.c_ulong(self.x.XDefaultRootWindow(self.display))

    def close(self):
        self.x.XCloseDisplay(self.display)
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder)

    def environment(self):
        """For programs that draw on it, without a graphics card. The leak sanitizer is off: libraries of the desktop
        (D-Bus, what draws) are unloaded with memory of theirs still in use, and it could not name them any more."""
        kept = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
        return {**kept, "DISPLAY": self.name, "SDL_RENDER_DRIVER": "software",
                "LSAN_OPTIONS": "detect_leaks=0"}

    def window(self):
        """The newest window; None while there is none."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        self.x.XQueryTree(self.display, self.root, ctypes.byref(root), ctypes.byref(parent), ctypes.byref(children),
                          ctypes.byref(count))
        newest = ctypes.c_ulong(children[count.value - 1]) if count.value else None
        if count.value:
            self.x.XFree(children)
        return newest

    def resize(self, width, height):
        self.x.XMoveResizeWindow(self.display, self.window(), 0, 0, width, height)
        self.x.XSync(self.display, 0)

    def press(self, key):
        """A key by the name of its symbol: "space", "q"."""
        self.x.XStringToKeysym.restype = ctypes.c_ulong
        self.x.XKeysymToKeycode.restype = ctypes.c_ubyte
        symbol = ctypes.c_ulong(self.x.XStringToKeysym(key.encode()))
        code = self.x.XKeysymToKeycode(self.display, symbol)
        for kind in (KEY_PRESS, KEY_RELEASE):
            event = AnyEvent()
            event.key = KeyEvent(type=kind, display=self.display, window=self.window(), root=self.root,
                                 time=int(time.monotonic() * 1000) % 2**31, keycode=code, same_screen=1)
            self._send(event)

    def close_window(self):
        """What the desktop's button does."""
        atom = lambda name: ctypes.c_ulong(self.x.XInternAtom(self.display, name, 0)).value
        event = AnyEvent()
        event.message = MessageEvent(type=CLIENT_MESSAGE, display=self.display, window=self.window(),
                                     message_type=atom(b"WM_PROTOCOLS"), format=32)
        event.message.data[0] = atom(b"WM_DELETE_WINDOW")
        self._send(event)

    def _send(self, event):
        self.x.XSendEvent(self.display, self.window(), 0, 0, ctypes.byref(event))
        self.x.XSync(self.display, 0)

    def pixels(self):
        """rows of (red, green, blue)."""
        data = (self.folder / "Xvfb_screen0").read_bytes()
        fields = struct.unpack(">25I", data[:100])
        header, width, height, order, bits, row_bytes = (fields[i] for i in (0, 4, 5, 7, 11, 12))
        colours = fields[19]
        assert (bits, order, width, height) == (32, 0, WIDTH, HEIGHT), fields
        body = data[header + 12 * colours:]
        rows = []
        for y in range(height):
            row = body[y * row_bytes:y * row_bytes + 4 * width]
            rows.append(list(zip(row[2::4], row[1::4], row[0::4])))
        return rows
