# SPDX-License-Identifier: GPL-2.0-or-later
"""Every query of the dashboards in PromQL against a real Prometheus and a real VictoriaMetrics: what they have scraped from the agent,
and what it has sent to VictoriaMetrics."""

import time
import unittest

import yaml

from support.agent import Agent
from support.busy_lab import MIB, BusyLab
from support.dashboards import GRAFANA
from support.influx import free_port
from support.prometheus import Prometheus
from support.promql import PromqlApi, asked_by, filled_in, rows_of, table_of, variables_of
from support.victoria_metrics import VictoriaMetrics
from test_dashboards import HOST, WITHOUT_ROWS

OTHER = "other"


class DashboardsPromql(BusyLab):
    """`web` works, is throttled and loses a process to the OOM killer; `web.2` is restarted; `old` is stopped. A second agent tells the
    same of them under another name of the host."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ports = [free_port(), free_port()]
        # The same target twice must count once.
        targets = [f"127.0.0.1:{ports[0]}", f"localhost:{ports[0]}", f"127.0.0.1:{ports[1]}"]
        prometheus = cls.opened(Prometheus(cls.workspace, "prometheus")).start(*targets)
        scraper = cls.opened(VictoriaMetrics(cls.workspace, "scraper")).start(*targets)
        lines = cls.opened(VictoriaMetrics(cls.workspace, "lines")).start()
        cls.servers = {"Prometheus": ("prometheus", PromqlApi(f"http://{prometheus.address}")),
                       "VictoriaMetrics, scraped": ("prometheus", PromqlApi(scraper.url)),
                       "VictoriaMetrics, line protocol": ("victoriametrics", PromqlApi(lines.url))}
        cls.begin = int(time.time())
        cls.agent, _ = (cls.start(host, port, lines.url) for host, port in zip((HOST, OTHER), ports))
        cls.make_them_work()
        cls.end = time.time()

    @classmethod
    def opened(cls, server):
        cls.addClassCleanup(server.stop)
        return server

    @classmethod
    def start(cls, host, port, url):
        agent = Agent(cls.workspace, "--lxcpath", cls.lab.lxcpath, "--host", host, "--interval", "500ms", "--influx-url", url,
                      "--openmetrics-listen", f"127.0.0.1:{port}", "--metrics", "+lxc_socket", "--metrics", "+lxc_process")
        cls.addClassCleanup(agent.kill)
        return agent

    @classmethod
    def make_them_work(cls):
        both = "count(lxc_state_running{container='web'})"
        cls.wait_for("both agents' points", f"{both} > 1", f"{both} > 2")
        cls.web.restart()
        cls.wait_for("a restart", "min(lxc_state_restarts{container='web'}) == 1", "min(lxc_state_restarts_total{container='web'}) == 1")
        cls.keep_busy(120)
        cls.wait_for("an OOM kill", "lxc_memory_oom_kill > 0", "lxc_memory_oom_kill_total > 0")
        for field, metric in (("lxc_io_read_bytes", "lxc_io_read_bytes_total"), ("lxc_process_cpu_usec", "lxc_process_cpu_seconds_total"),
                              ("lxc_pressure_some_total_usec", "lxc_pressure_some_seconds_total")):
            # Of each agent; a rate needs two scrapes, or two of the agent's own intervals of 1 s.
            cls.wait_for(metric, f"count(count_over_time({field}{{container='web'}}[10m]) > 23) > 1",
                         f"count(count_over_time({metric}{{container='web'}}[10m]) > 11) > 2")

    @classmethod
    def wait_for(cls, what, in_lines, scraped):
        for name, (language, server) in cls.servers.items():
            text = scraped if language == "prometheus" else in_lines
            cls.agent.wait_for(lambda: server.instant(text, time.time()), 60, f"{what} in {name}")

    def ask(self, server, query, **variables):
        """[(labels, value)]; of a series, the last value that is a number."""
        text = filled_in(query.text, int(self.end - self.begin), **variables)
        if query.is_instant:
            return server.instant(text, self.end)
        return [(labels, values[-1]) for labels, values in server.over_time(text, self.begin, self.end)]

    def check_all(self, **variables):
        for name, (language, server) in self.servers.items():
            asked = list(asked_by(language))
            self.assertGreater(len(asked), 100)
            empty = {query.where.replace(" (Prometheus)", "").replace(" (VictoriaMetrics)", "") for query in asked
                     if not any(value == value for _, value in self.ask(server, query, **variables))}
            self.assertEqual(empty, WITHOUT_ROWS, (name, variables))

    def test_all(self):
        self.check_all(host=None, container=None, interface=None)

    def test_one_container(self):
        self.check_all(host=[HOST], container=["web"], interface=["eth0"])

    def test_several(self):
        self.check_all(host=[HOST, "no host"], container=["web", "web.2"], interface=["eth0", "lo"])

    def test_variables(self):
        values = {"host": {HOST, OTHER}, "container": {"web", "web.2", "old"}, "interface": {"eth0"}}
        for name, (language, server) in self.servers.items():
            def found(text, **variables):
                return server.label_values(filled_in(text, 1, **variables), self.begin, self.end)
            for variable, text in variables_of(language):
                self.assertEqual(found(text, host=None, container=None), values[variable], (name, text))
                if variable != "host":
                    self.assertEqual(found(text, host=[HOST], container=["web", "web.2", "old"]), values[variable], (name, text))
                    self.assertEqual(found(text, host=["no host"], container=None), set(), (name, text))

    def table(self, name, dashboard, panel, *by, **variables):
        language, server = self.servers[name]
        chosen = {"host": None, "container": None, **variables}
        answers = [(query, self.ask(server, query, **chosen)) for query in table_of(language, dashboard, panel) if query.is_instant]
        self.assertTrue(answers)
        return rows_of(answers, *by)

    def test_what_they_say(self):
        for name, (language, _) in self.servers.items():
            with self.subTest(name):
                # A number without line protocol's texts.
                running, stopped = ("RUNNING", "STOPPED") if language == "prometheus" else (1, 0)
                down = self.table(name, "LXC Fleet", "Down", "host", "container")
                states = {"web": running, "web.2": running, "old": stopped}
                self.assertEqual(down, {(host, each): {"state": state} for host in (HOST, OTHER) for each, state in states.items()})
                kills = self.table(name, "LXC Fleet", "OOM-killed", "host", "container")
                self.assertGreaterEqual(kills[HOST, "web"]["kills"], 1)
                self.assertEqual(kills[HOST, "web"]["kills"] % 1, 0)
                self.assertEqual(kills[HOST, "web.2"]["kills"], 0)
                throttled = self.table(name, "LXC Fleet", "Throttled", "container", host=[HOST])
                self.assertTrue(5 < throttled["web",]["throttled"] <= 100, throttled)
                self.assertEqual(throttled.get(("web.2",), {"throttled": 0})["throttled"], 0)
                received = self.table(name, "LXC Fleet", "Top 10: network", "host", "container")
                self.assertGreater(received[HOST, "web"]["received"], 10 * received[HOST, "web.2"]["received"])
                fleet = self.table(name, "LXC Fleet", "Containers", "host", "container")
                restarts = {each: row["restarts"] for (host, each), row in fleet.items() if host == HOST}
                self.assertEqual(restarts, {"web": 1, "web.2": 0, "old": 0})
                # What has stopped has no figures.
                self.assertLessEqual(fleet[HOST, "old"].keys(), {"state", "restarts"})
                one = self.table(name, "LXC Container", "Container", "host", "container", host=[HOST], container=["web"])
                self.assertEqual((one[HOST, "web"]["memory limit"], one[HOST, "web"]["CPU limit"]), (48 * MIB, 0.2))
                self.assertEqual(one[HOST, "web"]["init"], self.web.init_pid())

    def test_two_targets_of_an_agent_count_once(self):
        for name, (language, server) in self.servers.items():
            def only(title):
                (query,) = [query for query in table_of(language, "LXC Fleet", title) if query.text.startswith("count")]
                ((_, value),) = self.ask(server, query, host=[HOST], container=None)
                return value
            self.assertEqual((only("Hosts"), only("Containers")), (1, 3), name)
            ending = "_total" if language == "prometheus" else ""
            ((_, wanted),) = server.instant(f"max(rate(lxc_net_rx_bytes{ending}{{host='{HOST}', container='web'}}"
                                            f"[{int(self.end - self.begin)}s]))", self.end)
            received = self.table(name, "LXC Fleet", "Top 10: network", "container", host=[HOST])
            self.assertAlmostEqual(received["web",]["received"] / wanted, 1, 6, name)

    def test_alert_rules(self):
        """Those of contrib/prometheus, which test_prometheus_rules.py tests, are asked of both servers that scrape."""
        rules = yaml.safe_load((GRAFANA.parent / "prometheus/lxcmon-rules.yaml").read_text())["groups"][0]["rules"]
        for name in ("Prometheus", "VictoriaMetrics, scraped"):
            _, server = self.servers[name]
            fires = {rule["alert"]: {(labels["host"], labels.get("container")) for labels, _ in server.instant(rule["expr"], self.end)}
                     for rule in rules}
            self.assertEqual(fires["LxcOomKill"], {(HOST, "web"), (OTHER, "web")}, name)
            self.assertEqual(fires["LxcContainerDown"], set(), name)
            self.assertEqual(fires["LxcAgentSilent"], set(), name)


if __name__ == "__main__":
    unittest.main()
