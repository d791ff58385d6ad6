# SPDX-License-Identifier: GPL-2.0-or-later
"""Each option of the table takes effect in a running agent after a change of the settings file and SIGHUP."""

import base64
import json
import re
import signal
import subprocess
import unittest
from contextlib import contextmanager

from support import agent as program
from support.case import HOST
from support.certificates import Authority
from support.influx import free_port
from support.proxy import Proxy
from support.recording_server import RecordingServer, error_answer
from support.reload_case import CSV, Change, ReloadCase, Seen

COMMAND_LINE_ONLY = {"config", "once", "dry-run", "help", "version"}


def last_write(seen):
    return (seen.writes() or [None])[-1]


def query(name, value):
    return lambda seen: last_write(seen) and last_write(seen).query.get(name) == value


def header(name, value):
    return lambda seen: last_write(seen) and last_write(seen).headers.get(name) == value


def basic(user, password=""):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def path(value):
    return lambda seen: last_write(seen) and last_write(seen).path == value


def writes_at(server):
    return lambda seen: seen.writes(server)


def creates_the_database(seen):
    return [request for request in seen.requests() if request.path == "/query" and "missing" in request.body]


def says(*words):
    return lambda seen: seen.says(*words)


TRUSTING = {"influx-url": "{mutual}", "tls-ca": "{ca}"}
SERVER = {
    "influx-url": Change("{second}", writes_at("second")),
    "influx-mode": Change("all", writes_at("second"), {"influx-url": ["{first}", "{second}"]}),
    "influx-api": Change("v3", path("/api/v3/write_lp")),
    "influx-db": Change("other", query("db", "other")),
    "influx-rp": Change("week", query("rp", "week")),
    "influx-create-db": Change(True, creates_the_database, {"influx-db": "missing", "influx-create-db": False},
                               before=says("--influx-create-db is off")),
    "influx-user": Change("reader", header("authorization", basic("reader"))),
    "influx-password-file": Change("{secret}", header("authorization", basic("reader", "s3cret")), {"influx-user": "reader"}),
    "influx-token-file": Change("{secret}", header("authorization", "Token s3cret")),
    "influx-org": Change("other", query("org", "other"), {"influx-bucket": "b", "influx-org": "o"}),
    "influx-bucket": Change("b", query("bucket", "b"), {"influx-org": "o"}),
    "influx-gzip": Change("off", header("content-encoding", None)),
    "influx-header": Change("X-Scope-OrgID: tenant", header("x-scope-orgid", "tenant")),
    "influx-proxy": Change("{proxy}", lambda seen: seen.tick() and seen.proxy.asked),
}
UNKNOWN_CA = "CA that is not trusted"
TLS = {
    "tls-ca": Change("{ca}", writes_at("tls"), {"influx-url": "{tls}"}, before=says(UNKNOWN_CA)),
    "tls-insecure": Change(True, writes_at("tls"), {"influx-url": "{tls}"}, before=says(UNKNOWN_CA)),
    "tls-cert": Change("{client}", writes_at("mutual"), TRUSTING, before=says("--tls-cert")),
    # Without --tls-key the key in --tls-cert is used; here it belongs to another certificate.
    "tls-key": Change("{client_key}", writes_at("mutual"), {**TRUSTING, "tls-cert": "{mixed}"}, before=says("belong together")),
}


def in_small_batches(seen):
    return seen.writes() and all(len(seen.points(request)) <= 5 for request in seen.writes())


def gathers_ticks(seen):
    """Only the newest request counts: the first one after a reload may come early."""
    return last_write(seen) and len({point.time for point in seen.points(last_write(seen))}) >= 3


def sends_after(seconds):
    return lambda seen: seen.writes() and min(seen.seconds_after_tick()) >= seconds


# The jitter is a quarter of the interval, 250 ms; the hash of this host's name gives 0.88 of it.
sends_late = sends_after(0.21)


def spooled(seen):
    return seen.spool().segments()


DOWN = {"influx-url": "{nowhere}"}
DELIVERY = {
    "batch-size": Change(5, in_small_batches),
    "flush-interval": Change("500ms", gathers_ticks),
    "send-jitter": Change("1s", sends_late, {"interval": "1s"}),
    # Memory does not fill up in a test, because points go to the spool. A limit below the size of one batch is logged at once.
    "queue-max-size": Change("1KiB", says("(1024 bytes, --queue-max-size)")),
    "spool-dir": Change("{folder}/spool-2", lambda seen: seen.spool("spool-2").segments(), DOWN, before=spooled),
    "spool-max-size": Change("16KiB", says("--spool-max-size"), DOWN, before=spooled),
    # A tiny limit drops the points that were in the spool before the reload.
    "spool-max-age": Change("1s", says("--spool-max-age"), DOWN, before=spooled),
    # At the old rate of one line a second the spool would be empty after minutes.
    "spool-rate": Change(1_000_000, lambda seen: not spooled(seen), {"spool-rate": 1, "batch-size": 5}, before=Seen.writes, fill=DOWN),
}


def in_file(name):
    return lambda seen: seen.lines_of(name)


def no_server(name, **more):
    return {"influx-url": [], "json-file": "{folder}/" + name, **{key.replace("_", "-"): value for key, value in more.items()}}


JSON_FILE = {
    "json-file": Change("{folder}/b.jsonl", in_file("b.jsonl"), no_server("a.jsonl"), before=in_file("a.jsonl")),
    "json-max-size": Change("4KiB", in_file("c.jsonl.1"), no_server("c.jsonl"), before=in_file("c.jsonl")),
    "json-keep": Change(3, in_file("d.jsonl.3"), no_server("d.jsonl", json_max_size="4KiB", json_keep=1),
                        before=in_file("d.jsonl.1")),
    # The lines of before are no array; the file is not changed.
    "json-layout": Change("lxc-monitor", says("is no JSON array of objects"), no_server("g.jsonl"), before=in_file("g.jsonl")),
    "openmetrics-file": Change("{folder}/f.prom", in_file("f.prom"), {"openmetrics-file": "{folder}/e.prom"}, before=in_file("e.prom")),
    "openmetrics-listen": Change("127.0.0.1:29105", lambda seen: seen.says("http://127.0.0.1:29105/metrics")),
}


def measurements(seen):
    return {point.measurement for point in seen.tick()}


def without_filesystems(seen):
    """The first tick after a reload always has them."""
    return len(seen.ticks()) > 1 and not seen.tick("lxc_fs")


def commands_of_each(count):
    def sees(seen):
        names = [point.tags["container"] for point in seen.tick("lxc_process")]
        return names and max(names.count(name) for name in names) == count
    return sees


def every_300_ms(seen):
    times = [points[0].time for points in seen.ticks()][-3:]
    return len(times) == 3 and {later - earlier for earlier, later in zip(times, times[1:])} == {300_000_000}


SAMPLING = {
    "lxcpath": Change(["{lxcpath}", "{elsewhere}"], lambda seen: "it-far" in seen.tags("container")),
    "include": Change(["*two"], lambda seen: seen.tags("container") == {"it-two"}),
    "exclude": Change(["*two"], lambda seen: seen.tags("container") == {"it-one"}),
    "tag": Change(["site=berlin"], lambda seen: seen.tags("site") == {"berlin"}),
    "host": Change("other-host", lambda seen: seen.tags("host") == {"other-host"}),
    "metrics": Change(["lxc_cpu", "lxcmon_push"], lambda seen: measurements(seen) == {"lxc_cpu", "lxcmon_push"}),
    "schema": Change("lxd2influx", lambda seen: {"cpu", "memory", "network"} <= measurements(seen)),
    "no-host": Change(True, lambda seen: seen.tick() and not any(name.startswith("host_") for name in measurements(seen))),
    "fs-include": Change(["/run"], lambda seen: "/run" in seen.tags("mountpoint", "lxc_fs")),
    "fs-exclude": Change(["/tmp"], lambda seen: seen.tick("lxc_fs") and "/tmp" not in seen.tags("mountpoint", "lxc_fs")),
    "fs-interval": Change("1h", without_filesystems),
    "net-loopback": Change(True, lambda seen: "lo" in seen.tags("interface", "lxc_net")),
    "net-include": Change(["l?"], lambda seen: "lo" in seen.tags("interface", "lxc_net")),
    "net-exclude": Change(["lo"], lambda seen: seen.tick() and "lo" not in seen.tags("interface"), {"net-loopback": True},
                          before=lambda seen: "lo" in seen.tags("interface", "lxc_net")),
    "io-include": Change(["loop*"], lambda seen: any(device.startswith("loop") for device in seen.tags("device", "host_io"))),
    "io-exclude": Change(["*"], lambda seen: seen.tick() and not seen.tags("device", "host_io"),
                         before=lambda seen: seen.tags("device", "host_io")),
    "top-commands": Change(1, commands_of_each(1), {"metrics": ["+lxc_process"]}, before=commands_of_each(2)),
    "interval": Change("300ms", every_300_ms),
}

# Both move the moment of sending, and nothing else of the delivery: `web` is early in the jitter, 0.06 of it.
MOMENT = {
    "host": Change(HOST, sends_late, {"interval": "1s", "send-jitter": "1s", "host": "web"}),
    # Before it, of the 100 ms no more than 25 are used.
    "interval": Change("1s", sends_after(0.08), {"send-jitter": "100ms"}),
}


def is_json(seen):
    return [line for line in seen.log() if line.startswith("{") and json.loads(line)]


def log_to(name, **more):
    """At level debug each tick writes a line."""
    return {"log-file": "{folder}/" + name, "log-level": "debug", **{key.replace("_", "-"): value for key, value in more.items()}}


LOG = {
    "log-level": Change("debug", says(" debug: tick ")),
    "log-format": Change("json", is_json),
    "log-file": Change("{folder}/a.log", in_file("a.log")),
    "log-max-size": Change("1KiB", in_file("b.log.1"), log_to("b.log"), before=in_file("b.log")),
    "log-keep": Change(3, in_file("c.log.3"), log_to("c.log", log_max_size="1KiB", log_keep=1), before=in_file("c.log.1")),
}


@contextmanager
def loop_device(image):
    """A loop device with some I/O."""
    device = subprocess.run(["losetup", "--find", "--show", "--read-only", image], check=True, capture_output=True,
                            text=True).stdout.strip()
    try:
        subprocess.run(["dd", f"if={device}", "of=/dev/null", "bs=64k", "iflag=direct", "status=none"], check=True)
        yield
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


class EachOption(ReloadCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.workspace.folder("reload-ca"))
        cls.server_pair, cls.client, cls.other = (cls.authority.issue(name) for name in ("server", "client", "other"))

    def setUp(self):
        servers = {"first": self.recorder(), "second": self.recorder(), "tls": self.tls_recorder(False),
                   "mutual": self.tls_recorder(True)}
        servers["first"].answer = lambda request: (error_answer(404, 'database not found: "missing"')
                                                   if request.query.get("db") == "missing" else (204, {}, b""))
        proxy = Proxy()
        self.addCleanup(proxy.close)
        key, certificate = (self.client.key.read_text(), self.client.certificate.read_text())
        self.start(servers, proxy, nowhere=f"http://127.0.0.1:{free_port()}", ca=self.authority.certificate,
                   secret=self.file("secret", "s3cret\n"), client=self.file("client.pem", certificate + key),
                   mixed=self.file("mixed.pem", certificate + self.other.key.read_text()), client_key=self.client.key)

    def tls_recorder(self, want_client):
        server = RecordingServer(tls=self.authority.server_context(self.server_pair, want_client))
        self.addCleanup(server.close)
        return server

    def change_each(self, cases):
        for option, case in cases.items():
            with self.subTest(option):
                self.change(option, case)

    def test_of_the_server(self):
        self.change_each(SERVER)

    def test_of_tls(self):
        self.change_each(TLS)

    def test_of_delivery(self):
        self.change_each(DELIVERY)

    def test_of_the_json_file(self):
        self.change_each({**JSON_FILE, **CSV})

    def test_of_sampling(self):
        image = self.file("image", "x" * 65536)
        with loop_device(image):
            self.change_each(SAMPLING)

    def test_of_the_moment_of_sending(self):
        self.change_each(MOMENT)

    def test_of_the_log(self):
        self.change_each(LOG)

    def test_of_readable_secrets(self):
        """Without the option, a reload with such a file is refused: none of the cases above can show that."""
        settings = {**self.base, "influx-token-file": "{secret}"}
        self.reload(settings)
        self.wait_for(lambda: header("authorization", "Token s3cret")(self.seen), "the token")
        self.names["secret"].chmod(0o644)
        self.write_settings({**settings, "host": "other-host"})
        self.seen.begin_log()
        self.agent.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.seen.says("can't be used", "can be read by all users"), "the refusal")
        self.reload({**settings, "host": "other-host", "allow-readable-secrets": True})
        self.wait_for(lambda: self.seen.tags("host") == {"other-host"} and header("authorization", "Token s3cret")(self.seen),
                      "the new settings")


class AllOptions(unittest.TestCase):
    def test_each_has_a_case(self):
        options = set(re.findall(r"^ +(?:-\w,)?--([a-z-]+)", program.run("--help").stdout, re.MULTILINE))
        cases = ["allow-readable-secrets", *SERVER, *TLS, *DELIVERY, *JSON_FILE, *CSV, *SAMPLING, *LOG]
        self.assertEqual(sorted(options - COMMAND_LINE_ONLY), sorted(cases))


if __name__ == "__main__":
    unittest.main()
