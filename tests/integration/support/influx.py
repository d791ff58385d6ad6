# SPDX-License-Identifier: GPL-2.0-or-later
"""InfluxDB 1.x of its own: own data folder, free loopback ports, with and without authentication."""

import base64
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from .waiting import wait_until
from .workspace import end_process, process_start_time

ADMIN = ("it-admin", "it-admin-secret")

CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
  max-values-per-tag = {max_values_per_tag}
  max-series-per-database = {max_series_per_database}
[monitor]
  store-enabled = false
[http]
  bind-address = "{address}:{port}"
  auth-enabled = {auth}
  log-enabled = true
  https-enabled = {https}
  https-certificate = "{certificate}"
  https-private-key = "{key}"
  unix-socket-enabled = true
  bind-socket = "{folder}/socket"
  max-body-size = {max_body_bytes}
[logging]
  format = "logfmt"
"""


def free_port():
    """Below those that the kernel gives to outgoing connections: it stays free while its server is away."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass
class Row:
    """One point as InfluxDB gives it back: only the tags and fields that it has."""
    measurement: str
    time: int
    tags: dict
    fields: dict

    def __getitem__(self, name):
        return self.fields[name]


class Influxd:
    """Use start(), stop() and kill() as often as wanted: the data stay, and so does the port. With `pair`, a certificate and its
    key, it speaks https. It also listens on unix_url."""

    def __init__(self, workspace, auth=False, name="influxd", pair=None, max_body_bytes=25_000_000, address="127.0.0.1"):
        self._workspace, self._auth = workspace, auth
        self._folder = workspace.folder(name)
        self.port = free_port()
        self.url = f"{'https' if pair else 'http'}://{address}:{self.port}"
        self.unix_url = f"unix://{self._folder}/socket"
        self._process, self._has_admin = None, False
        # The test's own queries are not what TLS is tried with.
        self._tls = ssl._create_unverified_context() if pair else None
        self._config = {
            "folder": self._folder, "address": address, "port": self.port, "rpc_port": free_port(), "auth": str(auth).lower(),
            "https": str(pair is not None).lower(),
            "certificate": pair.certificate if pair else "", "key": pair.key if pair else "", "max_body_bytes": max_body_bytes}
        self.set_limits()

    def set_limits(self, max_values_per_tag=100_000, max_series_per_database=1_000_000):
        """From the next start on. Beyond them it refuses new series."""
        limits = {"max_values_per_tag": max_values_per_tag, "max_series_per_database": max_series_per_database}
        (self._folder / "influxdb.conf").write_text(CONFIG.format(**self._config, **limits))

    def start(self):
        if shutil.which("influxd") is None:
            raise RuntimeError("influxd is not installed: apt-get install influxdb")
        with open(self._folder / "influxd.log", "ab") as log:
            self._process = subprocess.Popen(
                ["influxd", "-config", str(self._folder / "influxdb.conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)})
        self._workspace.note_process(self._process.pid)
        wait_until(self._answers, 30, f"influxd on port {self.port}", self._log_tail)
        if self._auth and not self._has_admin:
            self._has_admin = True
            # InfluxDB lets exactly this pass without credentials, as long as it has no user.
            self.execute(f"CREATE USER \"{ADMIN[0]}\" WITH PASSWORD '{ADMIN[1]}' WITH ALL PRIVILEGES")
        return self

    def _answers(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"influxd ended with {self._process.returncode}: {self._log_tail()}")
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=2, context=self._tls) as answer:
                return answer.status == 204
        except OSError:
            return False

    def _log_tail(self):
        return "\n".join(self.log().splitlines()[-8:])

    def log(self):
        return (self._folder / "influxd.log").read_text(errors="replace")

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            end_process(self._process.pid, process_start_time(self._process.pid))
            self._process.wait()
        self._process = None

    def kill(self):
        """SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def running(self):
        return self._process is not None

    def set_read_only(self, on):
        """Every write fails with a 500 from now on. Off again, it needs a new start: a WAL that has failed once stays failed."""
        folders = [str(self._folder / name) for name in ("data", "wal")]
        subprocess.run(["chattr", "-R", "+i" if on else "-i", *folders], check=True, timeout=20)

    def execute(self, query, db=None):
        """The first result of a query or statement; an error of the server is raised."""
        parameters = {"q": query, "epoch": "ns", **({"db": db} if db else {})}
        request = urllib.request.Request(f"{self.url}/query", data=urllib.parse.urlencode(parameters).encode())
        self._authorize(request)
        with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
            result = json.load(answer)["results"][0]
        if "error" in result:
            raise RuntimeError(f"{query}: {result['error']}")
        return result

    def _authorize(self, request):
        if self._auth:
            token = base64.b64encode(":".join(ADMIN).encode()).decode()
            request.add_header("Authorization", f"Basic {token}")

    def write(self, db, body):
        """Posts line protocol as it stands; returns the status and the error text."""
        request = urllib.request.Request(f"{self.url}/write?db={db}&precision=ns", data=body)
        self._authorize(request)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def rows(self, measurement, db="lxc", **tags):
        """All rows of a measurement whose tags have these values, oldest first. None yet: an empty list."""
        # A point that is just being written can be read with a part of its fields: only what two reads agree on counts.
        earlier, now = None, self._rows_now(measurement, db, tags)
        while now != earlier:
            earlier, now = now, self._rows_now(measurement, db, tags)
        return now

    def _rows_now(self, measurement, db, tags):
        where = " AND ".join(f"\"{key}\" = '{value}'" for key, value in tags.items())
        query = f'SELECT * FROM "{measurement}"' + (f" WHERE {where}" if where else "") + " GROUP BY *"
        rows = []
        # The agent makes the database: before its first delivery there is none.
        for series in self.execute(query, db).get("series", []) if db in self.databases() else []:
            rows.extend(_rows_of_series(series))
        return sorted(rows, key=lambda row: row.time)

    def tag_values(self, key, db="lxc", measurement=None):
        source = f' FROM "{measurement}"' if measurement else ""
        result = self.execute(f'SHOW TAG VALUES{source} WITH KEY = "{key}"', db)
        return {value for series in result.get("series", []) for _, value in series["values"]}

    def measurements(self, db="lxc"):
        return {value[0] for series in self.execute("SHOW MEASUREMENTS", db).get("series", []) for value in series["values"]}

    def databases(self):
        series = self.execute("SHOW DATABASES").get("series", [{}])
        return {value[0] for value in series[0].get("values", [])}


def _rows_of_series(series):
    # The server lists every tag key of the measurement; one that a series has not comes with an empty value.
    tags = {key: value for key, value in series.get("tags", {}).items() if value != ""}
    names = series["columns"][1:]
    for moment, *values in series["values"]:
        yield Row(series["name"], moment, tags, {name: value for name, value in zip(names, values) if value is not None})
