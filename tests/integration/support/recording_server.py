# SPDX-License-Identifier: GPL-2.0-or-later
"""A small HTTP server on loopback that keeps every request as it came, and answers what the test tells it to."""

import gzip
import json
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit



@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    raw_body: bytes
    moment: float
    status: int = 0  # that it got; 0 where no answer of this server was whole

    @property
    def body(self):
        """As line protocol, unpacked where the header says gzip."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.raw_body) if packed else self.raw_body).decode()


def is_write(request):
    """Of any of the three APIs."""
    return request.path.endswith(("/write", "/write_lp"))


def json_answer(status, content, headers=None):
    return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(content).encode()


def error_answer(status, words, headers=None):
    """As InfluxDB 1.x says it."""
    return json_answer(status, {"error": words}, {"X-Influxdb-Error": words, **(headers or {})})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, handler, tls):
        self._open, self._lock = set(), threading.Lock()
        super().__init__(("127.0.0.1", port), handler)
        if tls is not None:
            # The handshake is the connection's own thread's: a client that is slow with it must not stop the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request, client_address):
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that goes away, or whose certificate is refused, is what the tests ask for."""

    def hang_up(self):
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class RecordingServer:
    """`answer` is (status, headers, body) for a write, a Fault (see fault_server.py), or a function of the request that gives one;
    everything else gets what InfluxDB 1.x would say. `tls` is an ssl.SSLContext."""

    def __init__(self, tls=None):
        self.answer = (204, {}, b"")
        self.ping = (204, {"X-Influxdb-Version": "1.6.7"}, b"")
        self.query = json_answer(200, {"results": [{"statement_id": 0}]})
        self._requests, self._lock, self._tls = [], threading.Lock(), tls
        self.port, self._server = 0, None
        self.listen()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def listen(self):
        """Again after close(), on the same port. Nothing to do where it listens."""
        if self._server is not None:
            return
        self._server = _Server(self.port, self._handler_class(), self._tls)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()
        self._server = None

    def requests(self):
        with self._lock:
            return list(self._requests)

    def writes(self):
        return [request for request in self.requests() if is_write(request)]

    def delivered(self):
        """The writes that were answered with success."""
        return [request for request in self.writes() if 200 <= request.status < 300]

    def _keep(self, request):
        with self._lock:
            self._requests.append(request)

    def answer_to(self, request):
        if is_write(request):
            return self.answer(request) if callable(self.answer) else self.answer
        return self.query if request.path.endswith("/query") else self.ping

    def early_fault(self, request):
        """A Fault that does not wait for the request's body."""

    def _handler_class(self):
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _handle(self):
                address = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(address.query).items()}
                headers = {key.lower(): value for key, value in self.headers.items()}
                request = Request(self.command, address.path, query, headers, b"", time.monotonic())
                answer = recorder.early_fault(request)
                if answer is None:
                    request.raw_body = self.whole_body(headers)
                recorder._keep(request)
                answer = answer or recorder.answer_to(request)
                if not isinstance(answer, tuple):
                    self.close_connection = True
                    answer.play(self, request)
                    return
                self._send(*answer)
                request.status = answer[0]

            def _send(self, status, extra, body):
                if "Date" in extra:
                    self.send_response_only(status)
                else:
                    self.send_response(status)
                for key, value in extra.items():
                    self.send_header(key, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

            def whole_body(self, headers):
                if headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = do_HEAD = _handle

        return Handler
