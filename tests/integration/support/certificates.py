# SPDX-License-Identifier: GPL-2.0-or-later
"""A certificate authority of a test's own, made with openssl, and the certificates that it signs."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Pair:
    certificate: Path
    key: Path


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr}")


class Authority:
    def __init__(self, folder, name="it-ca"):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._pair = self._new_pair(name)
        _openssl("req", "-x509", "-key", self._pair.key, "-out", self._pair.certificate, "-subj", f"/CN={name}", "-days", "2",
                 "-addext", "basicConstraints=critical,CA:TRUE")
        self.certificate = self._pair.certificate

    def _new_pair(self, name):
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pair.key)
        return pair

    def issue(self, name, alternative="DNS:localhost,IP:127.0.0.1", days=2):
        """A certificate for servers and clients. `days` below zero: it has expired."""
        pair = self._new_pair(name)
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth,clientAuth\n")
        _openssl("req", "-new", "-key", pair.key, "-subj", f"/CN={name}", "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self._pair.certificate, "-CAkey", self._pair.key, "-CAcreateserial",
                 "-out", pair.certificate, "-days", days, "-extfile", extensions)
        return pair

    def server_context(self, pair, want_client=False):
        """For a server of Python's; `want_client`: it takes no client without a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        if want_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context
