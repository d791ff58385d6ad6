# SPDX-License-Identifier: GPL-2.0-or-later
"""--openmetrics-listen: a Prometheus that asks, others that ask wrongly or slowly, and addresses that are not ours."""

import ctypes
import http.client
import os
import signal
import socket
import unittest

from support import agent as program
from support.influx import free_port
from support.metrics_case import ALL, MetricsFileCase
from support.prometheus import Prometheus, promtool_says, samples_of
from support.reload_case import NOT_SET
from support.waiting import wait_until


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_at(path):
    """The status, the headers and the text of an answer, over a unix socket."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def ask(port, path="/metrics", method="GET", **headers):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def ask_for_text(port, **more):
    """The same, once a tick is young enough: a busy machine may be late with one."""
    return wait_until(lambda: (answer := ask(port, **more))[0] == 200 and answer, 30, "status 200")


class Listening(MetricsFileCase):
    def listen(self, *arguments, port=None):
        self.port = port or free_port()
        agent = self.start_agent("--interval", "500ms", "--json-file", self.points_path(), "--openmetrics-listen", f"127.0.0.1:{self.port}",
                                 *arguments)
        agent.wait_for(lambda: "metrics for Prometheus: http://" in agent.stderr, what="the agent to listen")
        return agent

    def test_prometheus_scrapes_openmetrics(self):
        agent = self.listen(*ALL)
        prometheus = Prometheus(self.workspace, f"prometheus-{self._testMethodName}")
        self.addCleanup(prometheus.stop)
        prometheus.start(f"127.0.0.1:{self.port}")
        agent.wait_for(lambda: prometheus.query("up == 1"), what="the first scrape")
        agent.wait_for(lambda: prometheus.query('lxc_cpu_usage_seconds_total{container="it-prom-web"}'), what="a counter")
        self.assertEqual(prometheus.troubles(), [])
        # Of OpenMetrics' own types and units: it was not the text format.
        found = {name: prometheus.metadata(name)[0] for name in ("lxc_cpu_usage_seconds", "lxc_state", "lxc_net_host_interface")}
        self.assertEqual((found["lxc_cpu_usage_seconds"]["type"], found["lxc_cpu_usage_seconds"]["unit"]), ("counter", "seconds"))
        self.assertEqual((found["lxc_state"]["type"], found["lxc_net_host_interface"]["type"]), ("stateset", "info"))

    def test_forms_methods_and_paths(self):
        self.listen("--openmetrics-file", self.metrics)
        status, headers, plain = ask_for_text(self.port)
        self.assertEqual((status, headers["content-type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertEqual(promtool_says(plain), "")
        status, headers, text = ask_for_text(self.port, Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        self.assertEqual((status, headers["content-type"]), (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertEqual({name for name, _ in samples_of(text)} - {name for name, _ in self.read()}, set())
        status, headers, body = ask_for_text(self.port, method="HEAD")
        self.assertEqual((status, body), (200, ""))
        self.assertGreater(int(headers["content-length"]), 1000)
        self.assertEqual(ask(self.port, "/")[0], 404)
        status, headers, _ = ask(self.port, method="POST")
        self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"))

    def test_who_does_not_ask_on_holds_up_nobody(self):
        agent = self.listen()
        for _ in range(20):
            idle = socket.create_connection(("127.0.0.1", self.port))
            self.addCleanup(idle.close)
            idle.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
        ask_for_text(self.port)
        # A request of more than the memory of a connection.
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as large:
            try:
                large.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 200_000)
                self.assertNotIn(b" 200 ", large.recv(1000))
            except ConnectionError:
                pass
        ask_for_text(self.port)
        self.assertEqual(agent.stop().returncode, 0)

    def test_an_old_sample_is_no_answer(self):
        agent = self.listen()
        ask_for_text(self.port)
        # No tick while the main thread is traced and stopped; the listener's thread goes on.
        tracer = Tracee(agent.pid)
        self.addCleanup(tracer.release)
        wait_until(lambda: ask(self.port)[0] == 503, 20, "503 instead of an old sample")
        tracer.release()
        ask_for_text(self.port)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            agent = self.start_agent("--interval", "200ms", "--json-file", self.points_path(), "--openmetrics-listen", f"127.0.0.1:{port}")
            agent.wait_for(lambda: f"can't listen on 127.0.0.1:{port}: Address already in use" in agent.stderr, what="the error")
            agent.wait_for(lambda: self.points_path().exists(), what="points")
        agent.wait_for(lambda: "metrics for Prometheus: http://" in agent.stderr, what="the agent to listen")
        self.assertEqual(agent.stderr.count("can't listen"), 1)
        ask_for_text(port)

    def test_two_agents(self):
        """Not both: figures would alternate."""
        self.listen()
        second = self.start_agent("--interval", "200ms", "--json-file", self.path("second.jsonl"), "--openmetrics-listen",
                                  f"127.0.0.1:{self.port}")
        second.wait_for(lambda: f"can't listen on 127.0.0.1:{self.port}: Address already in use" in second.stderr, what="the error")

    def test_a_reload_lets_nobody_else_listen(self):
        settings, port = self.file("settings.toml"), free_port()

        def write(tag):
            settings.write_text("\n".join([f'lxcpath = ["{self.lab.lxcpath}"]', 'interval = "10s"', f'json-file = "{self.points_path()}"',
                                           f'openmetrics-listen = "127.0.0.1:{port}"', f'tag = ["site={tag}"]']))
        write("a")
        agent = program.Agent(self.workspace, "--config", settings, env=NOT_SET)
        self.addCleanup(agent.kill)
        agent.wait_for(lambda: "metrics for Prometheus: http://" in agent.stderr, what="the agent to listen")
        for count, tag in enumerate("bcd", 1):
            write(tag)
            agent.send_signal(signal.SIGHUP)
            agent.wait_for(lambda count=count: agent.stderr.count("the new settings are in force") == count, what="the reload")
            self.assertEqual(ask(port)[0], 200)  # long before the next tick, as a rule
        self.assertEqual(agent.stderr.count("metrics for Prometheus: http://"), 1)

    def check(self, address):
        return program.run(*self.arguments("check", "--json-file", self.points_path(), "--openmetrics-listen", address))

    def test_check_tells_whether_the_agent_can_listen(self):
        port = free_port()
        self.assertIn(f"ok    prometheus  127.0.0.1:{port}: the agent can listen there", self.check(f"127.0.0.1:{port}").stdout)
        self.listen()
        running = self.check(f"127.0.0.1:{self.port}")
        self.assertIn(f"ok    prometheus  127.0.0.1:{self.port}: an agent listens there already", running.stdout)
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = self.check(f"127.0.0.1:{other.getsockname()[1]}")
        self.assertIn(": can't listen: Address already in use, by another program; choose another address", taken.stdout)
        self.assertEqual(taken.returncode, 1)

    def test_a_unit_that_may_not_listen(self):
        """What the filter of system calls in the unit does."""
        agent = self.start_agent("--interval", "200ms", "--json-file", self.points_path(), "--openmetrics-listen", f"127.0.0.1:{free_port()}",
                                 prefix=("strace", "-D", "-f", "-qq", "-e", "trace=listen", "-e", "inject=listen:error=EPERM", "-o", "/dev/null"))
        agent.wait_for(lambda: "Operation not permitted; the service needs a drop-in to listen" in agent.stderr, what="the error")
        agent.wait_for(self.points_path().exists, what="points")
        self.assertEqual(agent.stop().returncode, 0)

    def test_a_unix_socket(self):
        """It goes with the agent; one that a killed agent has left is replaced."""
        path = self.path("metrics.sock")
        arguments = ("--interval", "500ms", "--json-file", self.points_path(), "--openmetrics-listen", f"unix://{path}")
        for end in ("kill", "stop"):
            agent = self.start_agent(*arguments)
            agent.wait_for(lambda agent=agent: "metrics for Prometheus: unix://" in agent.stderr, what="the agent to listen")
            _, _, text = wait_until(lambda: (answer := ask_at(path))[0] == 200 and answer, 30, "status 200")
            self.assertIn("lxc_cpu_usage_seconds_total{", text)
            self.assertEqual(promtool_says(text), "")
            path.unlink()
            wait_until(path.exists, 30, "the socket, made again")
            wait_until(lambda: ask_at(path)[0] == 200, 30, "status 200")
            getattr(agent, end)()
            self.assertEqual(path.exists(), end == "kill")

    def test_other_addresses_are_refused(self):
        for address in ("0.0.0.0:9105", "[::]:9105", "9105"):
            result = program.run(*self.arguments("--openmetrics-listen", address))
            self.assertEqual(result.returncode, 2)
            self.assertIn("is no loopback address with a port", result.stderr)


class Tracee:
    """Stops one thread of a process, and no other."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, thread):
        self._thread = thread
        self._call(self.SEIZE)
        self._call(self.INTERRUPT)
        os.waitpid(thread, 0x40000000)  # __WALL

    def _call(self, request):
        ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if ptrace(request, self._thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def release(self):
        if self._thread is not None:
            self._call(self.DETACH)
        self._thread = None


if __name__ == "__main__":
    unittest.main()
