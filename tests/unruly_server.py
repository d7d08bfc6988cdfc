"""A web server on this machine for the download tests: each path of it misbehaves in its own way."""

import hashlib
import http.server
import re
import threading

import numpy as np

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)
HALF = SIZE // 2
UNSAID = -1  # as length: the answer has no Content-Length

# path: status, body, the length that is announced (None: the body's own), the address that it redirects to
ANSWERS: dict[str, tuple[int, bytes, int | None, str]] = {
    "rangeless": (200, CONTENT, None, ""),
    "lengthless": (200, CONTENT, UNSAID, ""),
    "broken": (200, CONTENT[:HALF], SIZE, ""),
    "wrong": (200, bytes(SIZE), None, ""),
    "wronghalf": (200, bytes(HALF), SIZE, ""),
    "announces_too_much": (200, CONTENT + b"more", None, ""),
    "sends_too_much": (200, CONTENT + bytes(1 << 20), UNSAID, ""),
    "other": (200, CONTENT[:HALF], None, ""),
    "missing": (404, b"", None, ""),
    "busy": (503, b"", None, ""),
    "moved": (302, b"", None, "/good"),
    "moved_to_file": (302, b"", None, "file:///etc/hostname"),
    "moved_to_ftp": (302, b"", None, "ftp://127.0.0.1:9/file"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """The path says how to answer; the server remembers each path and its Range header."""

    def do_GET(self):
        path, ranged = self.path.strip("/"), self.headers.get("Range")
        self.server.requests.append((path, ranged))
        start = int(re.findall(r"\d+", ranged)[0]) if ranged else 0
        if path in ANSWERS:
            self.send(*ANSWERS[path])
        else:
            getattr(self, f"answer_{path}")(start)

    def send(self, status, body=b"", length=None, location="", content_range=""):
        self.send_response(status)
        if length != UNSAID:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (("Location", location), ("Content-Range", content_range)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_range(self, start, body=None, length=None, announced=None):
        where = f"bytes {start if announced is None else announced}-{SIZE - 1}/{SIZE}"
        self.send(206, CONTENT[start:] if body is None else body, length, content_range=where)

    def answer_good(self, start):
        if start >= SIZE:
            self.send(416)
        elif start:
            self.send_range(start)
        else:
            self.send(200, CONTENT)

    def answer_otherrange(self, start):
        self.send_range(start, announced=start + 1)

    def answer_slow(self, start):
        self.send(200, b"", SIZE)
        for at in range(0, SIZE, SIZE // 10):
            self.wfile.write(CONTENT[at : at + SIZE // 10])
            self.server.released.wait(0.1)

    def answer_flaky(self, start):  # cut at random, with ranges or without
        sent = int(self.server.chance.integers(SIZE - start + 1))
        if start and self.server.chance.random() < 0.7:
            self.send_range(start, CONTENT[start : start + sent], SIZE - start)
        else:
            self.send(200, CONTENT[: start + sent], SIZE)

    def answer_stalls(self, start):
        self.send(200, CONTENT[:HALF], SIZE)
        self.server.released.wait(5)

    def answer_silent(self, start):
        self.server.released.wait(5)

    def log_message(self, format, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.released = [], threading.Event()
        self.chance = np.random.default_rng(0)

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what many of these tests are about
