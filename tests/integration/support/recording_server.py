"""A small HTTP server on loopback that keeps every request as it came, and answers what the test tells it to."""

import gzip
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

    @property
    def body(self):
        """As line protocol, unpacked where the header says gzip."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.raw_body) if packed else self.raw_body).decode()


class RecordingServer:
    """`answer` is (status, headers, body) for /write, or a function of the request that gives one; everything else gets what
    InfluxDB 1.x would say."""

    def __init__(self):
        self.answer = (204, {}, b"")
        self._requests, self._lock = [], threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def writes(self):
        with self._lock:
            return [request for request in self._requests if request.path.endswith("/write")]

    def _keep(self, request):
        with self._lock:
            self._requests.append(request)

    def _answer_to(self, request):
        if request.path.endswith("/write"):
            return self.answer(request) if callable(self.answer) else self.answer
        if request.path == "/query":
            return 200, {"Content-Type": "application/json"}, b'{"results":[{"statement_id":0}]}'
        return 204, {"X-Influxdb-Version": "1.6.7"}, b""

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
                request = Request(self.command, address.path, query, headers, self._whole_body(headers), time.monotonic())
                recorder._keep(request)
                status, extra, body = recorder._answer_to(request)
                self.send_response(status)
                for key, value in extra.items():
                    self.send_header(key, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _whole_body(self, headers):
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
