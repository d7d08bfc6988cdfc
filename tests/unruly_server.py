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


class Handler(http.server.BaseHTTPRequestHandler):
    """The path says how to answer; the server remembers each path and its Range header."""

    def do_GET(self):
        ranged = self.headers.get("Range")
        self.server.requests.append((self.path, ranged))
        start = int(re.findall(r"\d+", ranged)[0]) if ranged else 0
        getattr(self, f"answer_{self.path.strip('/')}")(start)

    def send(self, status, body=b"", promised=None, **headers):
        self.send_response(status)
        if promised != "nothing":
            self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_range(self, start, body=None, promised=None, said=None):
        where = f"bytes {start if said is None else said}-{SIZE - 1}/{SIZE}"
        self.send(206, CONTENT[start:] if body is None else body, promised, Content_Range=where)

    def answer_good(self, start):
        if start >= SIZE:
            self.send(416)
        elif start:
            self.send_range(start)
        else:
            self.send(200, CONTENT)

    def answer_rangeless(self, start):
        self.send(200, CONTENT)

    def answer_lengthless(self, start):
        self.send(200, CONTENT, "nothing")

    def answer_otherrange(self, start):
        self.send_range(start, said=start + 1)

    def answer_broken(self, start):
        self.send(200, CONTENT[:HALF], SIZE)

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

    def answer_wrong(self, start):
        self.send(200, bytes(SIZE))

    def answer_wronghalf(self, start):
        self.send(200, bytes(HALF), SIZE)

    def answer_stalls(self, start):
        self.send(200, CONTENT[:HALF], SIZE)
        self.server.released.wait(5)

    def answer_silent(self, start):
        self.server.released.wait(5)

    def answer_missing(self, start):
        self.send(404)

    def answer_busy(self, start):
        self.send(503)

    def answer_moved(self, start):
        self.send(302, Location="/good")

    def answer_moved_to_file(self, start):
        self.send(302, Location="file:///etc/hostname")

    def answer_moved_to_ftp(self, start):
        self.send(302, Location="ftp://127.0.0.1/file")

    def answer_announces_too_much(self, start):
        self.send(200, CONTENT + b"more")

    def answer_sends_too_much(self, start):
        self.send(200, CONTENT + bytes(1 << 20), "nothing")

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
