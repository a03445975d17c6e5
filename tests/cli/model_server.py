# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""A server of files on this machine, which can do all that servers do wrong: what a path does is a function of this
folder's tests."""

import http.server
import threading


class ModelServer:
    """`paths`: path -> function of the request's handler. `requests`: all (path, Range header) so far."""

    def __init__(self):
        self.paths, self.requests = {}, []
        self.released = threading.Event()  # what hangs ends
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append((self.path, self.headers["Range"]))
                self.close_connection = True
                try:
                    outer.paths.get(self.path, lambda request: not_found(request))(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def not_found(request):
    send(request, 404, b"<html>there is no such page</html>")


def send(request, code, body, length=None, headers=()):
    request.send_response(code)
    request.send_header("Connection", "close")
    for name, value in headers:
        request.send_header(name, value)
    if length is not None or code == 200:
        request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def offset_of(request):
    wanted = request.headers["Range"]
    return int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0


def send_from(request, body, offset, until=None):
    """What is asked for, in parts where that is asked; `until`: the connection ends there."""
    part = body[offset:until]
    headers = [("Content-Range", f"bytes {offset}-{len(body) - 1}/{len(body)}")] if offset else []
    send(request, 206 if offset else 200, part, len(body) - offset, headers)


def file(body):
    return lambda request: send_from(request, body, offset_of(request))


def whole_file(body):
    """A server that knows no ranges."""
    return lambda request: send(request, 200, body)


def cut_at(body, *ends):
    """One connection after the other ends after so many bytes of the file; those behind them are whole."""
    rest = list(ends)
    return lambda request: send_from(request, body, offset_of(request), rest.pop(0) if rest else None)


def redirect(location):
    return lambda request: send(request, 302, b"", 0, [("Location", location)])
