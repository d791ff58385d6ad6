# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTPS server on loopback that takes any request: prints its port, and lives until its standard input is closed.

tls_server.py CERT KEY [CLIENT_CA]; without CERT and KEY it speaks plain HTTP."""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    context = None

    def finish_request(self, request, client_address):
        # Here, in the connection's own thread, and not while accepting: one bad handshake must not end the server.
        try:
            if self.context:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except OSError:
            pass


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 2:
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(sys.argv[1], sys.argv[2])
if len(sys.argv) > 3:
    server.context.verify_mode = ssl.CERT_REQUIRED
    server.context.load_verify_locations(sys.argv[3])
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
