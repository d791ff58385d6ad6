# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers that no real server gives on demand, and a server that plays them: to every write, from a script, or at random in front of
a real server (then a proxy that fails)."""

import http.client
import socket
import struct
import threading
import time
from urllib.parse import urlencode

from .recording_server import RecordingServer, Request, is_write

HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
PIECE_SECONDS = 0.2


class Fault:
    """How a connection is spoilt once the request has come: play() has the socket to itself, until the client or the server hangs
    up. `before_body`: already when the headers of the request have come."""

    before_body = False

    def play(self, handler, request):
        raise NotImplementedError

    @staticmethod
    def say(handler, data):
        """Raises OSError when the client has gone, which ends the connection's thread and nothing else."""
        handler.wfile.write(data)


def reset(handler):
    """Closed by RST and not by FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


class ResetWhileReading(Fault):
    """In the middle of the request's body."""
    before_body = True

    def play(self, handler, request):
        handler.rfile.read(1)
        reset(handler)


class ResetInAnswer(Fault):
    """In the middle of the answer's body: `status` has come, its words have not."""

    def __init__(self, status=400):
        self._status = status

    def play(self, handler, request):
        self.say(handler, f"HTTP/1.1 {self._status} X\r\nContent-Length: 1000\r\n\r\n{{\"error\":\"par".encode())
        reset(handler)


class NoAnswer(Fault):
    """The request is read whole, and the connection closed."""

    def play(self, handler, request):
        reset(handler)


class Silence(Fault):
    """The request is read whole, and nothing comes."""

    def play(self, handler, request):
        handler.rfile.read(1)


class SlowDrip(Fault):
    """A good answer, one byte every fifth of a second: it would take minutes."""

    def play(self, handler, request):
        for byte in b"HTTP/1.1 204 No Content\r\nX-Padding: " + b"x" * 1000 + b"\r\n\r\n":
            self.say(handler, bytes([byte]))
            time.sleep(PIECE_SECONDS)


class Endless(Fault):
    """`piece` again and again after `begin`, as fast as the client takes it."""

    def __init__(self, begin, piece):
        self._begin, self._piece, self.sent_bytes = begin, piece, 0

    def play(self, handler, request):
        self.say(handler, self._begin)
        while True:
            self.say(handler, self._piece)
            self.sent_bytes += len(self._piece)


def endless_body(status=503):
    return Endless(f"HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n".encode(), b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def endless_headers():
    return Endless(b"HTTP/1.1 204 No Content\r\n", b"X-More: " + b"x" * 4000 + b"\r\n")


def endless_continues():
    return Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")


class RawAnswer(Fault):
    """These very bytes, then the end of the connection."""

    def __init__(self, data):
        self._data = data

    def play(self, handler, request):
        self.say(handler, self._data)


def too_long_content_length(status=200):
    return RawAnswer(f"HTTP/1.1 {status} X\r\nContent-Length: 5000\r\n\r\nshort".encode())


def cut_head(status):
    return RawAnswer(f"HTTP/1.1 {status} X\r\nX-Influxdb-Ver".encode())


def too_short_content_length(status=400):
    return RawAnswer(f"HTTP/1.1 {status} X\r\nContent-Length: 3\r\n\r\n{{\"error\":\"partial write: field type conflict\"}}".encode())


class LostAnswer(Fault):
    """The real server takes the request, and its answer gets lost on the way back."""

    def __init__(self, server):
        self._server = server

    def play(self, handler, request):
        self._server.forward(request)
        reset(handler)


class FaultServer(RecordingServer):
    """`upstream` (host, port): good requests go there, and its answers come back. Writes get, in this order: what script() holds,
    what `answer` says, and where that is None the upstream's answer."""

    def __init__(self, upstream=None, tls=None):
        self._upstream, self._script = upstream, []
        self._script_lock = threading.Lock()
        super().__init__(tls)
        if upstream is not None:
            self.answer = None

    def script(self, *answers):
        """The answers to the next writes, each once."""
        with self._script_lock:
            self._script.extend(answers)

    def script_is_played(self):
        with self._script_lock:
            return not self._script

    def early_fault(self, request):
        if not is_write(request):
            return None
        with self._script_lock:
            if self._script:
                return self._script.pop(0) if getattr(self._script[0], "before_body", False) else None
        return self.answer if getattr(self.answer, "before_body", False) else None

    def answer_to(self, request):
        if is_write(request):
            with self._script_lock:
                if self._script:
                    return self._script.pop(0)
        if self._upstream is None:
            return super().answer_to(request)
        answer = super().answer_to(request) if is_write(request) else None
        return self.forward(request) if answer is None else answer

    def forward(self, request: Request):
        """The upstream's answer; a reset where it gives none."""
        connection = http.client.HTTPConnection(*self._upstream, timeout=30)
        try:
            headers = {key: value for key, value in request.headers.items() if key not in HOP_BY_HOP}
            address = request.path + ("?" + urlencode(request.query) if request.query else "")
            connection.request(request.method, address, request.raw_body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return NoAnswer()
        finally:
            connection.close()
        kept = {key: value for key, value in answer.headers.items() if key.lower() not in HOP_BY_HOP}
        return answer.status, kept, body
