# SPDX-License-Identifier: GPL-2.0-or-later
"""A tiny HTTP proxy on loopback: forwards plain requests and tunnels CONNECT, and keeps the list of what it was asked for."""

import select
import socket
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients may hang up, and servers be away."""


class Proxy:
    """`asked` has a pair of method and target for each connection. `refuse`: the status that everyone gets instead."""

    def __init__(self, refuse=None):
        self.asked, self.refuse = [], refuse
        proxy = self

        class Handler(StreamRequestHandler):
            rbufsize = 0  # or what follows the headers would be read with them

            def handle(self):
                proxy._handle(self)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handle(self, handler):
        first = handler.rfile.readline()
        method, target, _ = first.decode().split(" ", 2)
        self.asked.append((method, target))
        headers = []
        while (line := handler.rfile.readline()) not in (b"\r\n", b""):
            headers.append(line)
        if self.refuse is not None:
            handler.wfile.write(f"HTTP/1.1 {self.refuse} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        elif method == "CONNECT":
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port)), 10) as server:
                handler.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._tunnel(handler, server)
        else:
            self._forward(handler, method, urlsplit(target), headers)

    def _forward(self, handler, method, target, headers):
        with socket.create_connection((target.hostname, target.port), 10) as server:
            path = target.path + (f"?{target.query}" if target.query else "")
            kept = [line for line in headers if not line.lower().startswith((b"proxy-", b"connection:"))]
            server.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(kept) + b"Connection: close\r\n\r\n")
            self._tunnel(handler, server)

    @staticmethod
    def _tunnel(handler, server):
        """Both ways, until the server or the client ends."""
        client = handler.connection
        while True:
            ready, _, _ = select.select([client, server], [], [], 30)
            if not ready:
                return
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                (server if side is client else client).sendall(data)
