# SPDX-License-Identifier: GPL-2.0-or-later
"""The dashboards in PromQL on made histories, whose figures are known: in Prometheus, and in VictoriaMetrics under the names of a scrape
and of line protocol."""

import json
import subprocess
import sys
import tempfile
import time
import unittest

from support.dashboards import GRAFANA
from support.prometheus import Prometheus
from support.promql import PromqlApi, asked_by, filled_in, rows_of, table_of
from support.victoria_metrics import VictoriaMetrics
from support.workspace import Workspace

sys.path.insert(0, str(GRAFANA))
from generator.promql import SCRAPED  # noqa: E402  pylint: disable=wrong-import-position

SECONDS = 60


def device(name, rate, **more):
    return "lxc_io", {"container": "disks", "device": name, **more}, lambda at: {"read_bytes": at * rate, "write_bytes": at * rate}


def network(at):
    """Starts again in the middle."""
    grown = at * 100 if at < 30 else (at - 30) * 100
    return {"rx_bytes": grown, "tx_bytes": grown}


def filesystem(mountpoint, percent):
    return "lxc_fs", {"container": "busy", "mountpoint": mountpoint}, lambda at: {"used_percent": percent}


def stopped(container, **more):
    return "lxc_state", {"container": container}, lambda at: {"state": "STOPPED", "running": False, **more}


# (measurement, tags, fields after so many seconds)
HISTORY = [
    device("vda", 100), device("vdb", 20), device("dm-7", 100, stacked="true"), device("loop1", 100, stacked="true"),
    ("lxc_net", {"container": "busy", "interface": "eth0"}, network),
    ("lxc_cpu", {"container": "busy"}, lambda at: {"usage_percent": 30, "limit_cores": 0.5, "nr_periods": at * 10, "nr_throttled": at}),
    ("lxc_cpu", {"container": "idle"}, lambda at: {"usage_percent": 10, "nr_periods": 0, "nr_throttled": 0}),
    ("lxc_memory", {"container": "busy"}, lambda at: {"used_percent": 70, "high_bytes": 7, "events_high": at}),
    filesystem("/", 10), filesystem("/full", 90), filesystem("/other", 20),
    stopped("plain"), stopped("saved", lock="backup", onboot=True, template=False), stopped("base", onboot=False, template=True),
    ("lxc_state", {"container": "cold"}, lambda at: {"state": "FROZEN", "running": True, "frozen": True}),
    # Restarts; then the agent does.
    ("lxc_state", {"container": "busy"}, lambda at: {"state": "RUNNING", "running": True, "frozen": False, "restarts": int(20 <= at < 40)}),
    ("lxc_state", {"container": "twice"}, lambda at: {"restarts": 3}),
    ("lxc_state", {"container": "twice", "lxcpath": "/home/bob/lxc"}, lambda at: {"restarts": 7}),
]


def in_lines(begin):
    def written(value):
        return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(float(value))
    for measurement, tags, fields in HISTORY:
        key = ",".join([measurement, "host=h", *(f"{name}={value}" for name, value in tags.items())])
        for at in range(SECONDS + 1):
            yield f"{key} {','.join(f'{name}={written(value)}' for name, value in fields(at).items())} {(begin + at) * 10**9}\n"


def scraped(begin, in_a_second):
    """As the agent's text, with times."""
    for measurement, tags, fields in HISTORY:
        for at in range(SECONDS + 1):
            for field, value in fields(at).items():
                name, labels = SCRAPED.name(measurement, field), {"host": "h", "instance": "i", **tags}
                if isinstance(value, str):
                    labels[name if name == measurement else field] = value
                    value = 1
                text = ",".join(f'{key}="{each}"' for key, each in labels.items())
                yield f"{name}{{{text}}} {value / SCRAPED.unit(measurement, field)} {(begin + at) * in_a_second}\n"


class DashboardsPromqlPoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        # Not in the last hours, of which Prometheus makes its own block.
        cls.begin = int(time.time()) - 6 * 3600
        cls.end = cls.begin + SECONDS
        prometheus = Prometheus(cls.workspace, "prometheus")
        scraper, lines = VictoriaMetrics(cls.workspace, "scraper"), VictoriaMetrics(cls.workspace, "lines")
        for server in (prometheus, scraper, lines):
            cls.addClassCleanup(server.stop)
        prometheus.add("".join(scraped(cls.begin, 1)) + "# EOF\n").start()
        scraper.start().add("/api/v1/import/prometheus", "".join(scraped(cls.begin, 1000)))
        lines.start().add("/write?db=lxc", "".join(in_lines(cls.begin)))
        cls.servers = [("prometheus", PromqlApi(f"http://{prometheus.address}")), ("prometheus", PromqlApi(scraper.url)),
                       ("victoriametrics", PromqlApi(lines.url))]

    @staticmethod
    def filled(query):
        return filled_in(query.text, SECONDS, 30, host=None, container=None, interface=None)

    def table(self, language, server, dashboard, panel, *by):
        return rows_of([(query, server.instant(self.filled(query), self.end)) for query in table_of(language, dashboard, panel)
                        if query.is_instant], *by)

    def lines(self, language, server, dashboard, panel, **wanted):
        """{letter: [values]} of a graph's series with these labels."""
        found = {}
        for query in table_of(language, dashboard, panel):
            for labels, values in server.over_time(self.filled(query), self.begin + 31, self.end):
                if wanted.items() <= labels.items():
                    found[query.where.split()[-1]] = values
        return found

    def near(self, values, wanted):
        self.assertTrue(values)
        for value in values:
            self.assertAlmostEqual(value / wanted, 1, delta=0.05)

    def test_stacked_devices(self):
        for at in self.servers:
            self.near([self.table(*at, "LXC Fleet", "Top 10: disk writes", "container")["disks",]["written"]], 120)
            disk = self.lines(*at, "LXC Fleet", "Disk", container="disks")
            self.near(disk["A"], 120)
            self.near(disk["B"], 120)
            self.near(self.lines(*at, "LXC Container", "Bytes", device="dm-7")["A"], 100)

    def test_a_counter_that_starts_again(self):
        for at in self.servers:
            self.near(self.lines(*at, "LXC Container", "Traffic", container="busy")["A"], 100)

    def test_of_limits(self):
        for at in self.servers:
            self.near(self.lines(*at, "LXC Container", "CPU of its limit", container="busy")["A"], 60)
            self.near(self.lines(*at, "LXC Container", "CPU", container="busy")["C"], 50)
            self.assertEqual(self.lines(*at, "LXC Container", "CPU of its limit", container="idle"), {})
            self.near(self.lines(*at, "LXC Container", "Memory of its limit", container="busy")["A"], 70)
            throttled = self.table(*at, "LXC Fleet", "Throttled", "container")
            self.near([throttled["busy",]["throttled"]], 10)
            self.assertNotIn(("idle",), throttled)

    def test_the_fullest_filesystem(self):
        for at in self.servers:
            self.assertAlmostEqual(self.table(*at, "LXC Fleet", "Containers", "container")["busy",]["disk"], 90)
            self.near(self.lines(*at, "LXC Container", "Filesystem", container="busy")["A"], 90)

    def test_states(self):
        for language, server in self.servers:
            down = self.table(language, server, "LXC Fleet", "Down", "container")
            texts = language == "prometheus"
            state = {"plain": "STOPPED", "saved": "STOPPED", "base": "STOPPED", "cold": "FROZEN", "busy": "RUNNING"}
            if not texts:
                state = {container: ("STOPPED", "RUNNING", "FROZEN").index(word) for container, word in state.items()}
            self.assertEqual({container: row["state"] for (container,), row in down.items()}, state)
            self.assertEqual({**down["saved",], "state": 0}, {"state": 0, "lock": "backup" if texts else 0, "onboot": 1, "template": 0})
            self.assertEqual({**down["base",], "state": 0}, {"state": 0, "onboot": 0, "template": 1})

    def test_states_over_time(self):
        for at in self.servers:
            codes = {name: set(self.lines(*at, "LXC Container", "State", container=name)["A"]) for name in ("plain", "busy", "cold")}
            self.assertEqual(codes, {"plain": {0}, "busy": {1}, "cold": {2}})
            (running,) = table_of(at[0], "LXC Fleet", "Running")
            self.assertEqual([value for _, value in at[1].instant(self.filled(running), self.end)], [2])

    def test_a_second_container_of_the_same_name(self):
        for at in self.servers:
            rows = self.table(*at, "LXC Fleet", "Containers", "container", "lxcpath")
            self.assertEqual({key: row["restarts"] for key, row in rows.items() if key[0] == "twice"},
                             {("twice", None): 3, ("twice", "/home/bob/lxc"): 7})
            (count,) = [query for query in table_of(at[0], "LXC Fleet", "Containers") if "count" in query.text]
            self.assertEqual([value for _, value in at[1].instant(self.filled(count), self.end)], [3])

    def test_memory_high(self):
        for at in self.servers:
            self.near(self.lines(*at, "LXC Container", "Memory by kind", container="busy")["E"], 7)
            self.assertGreater(self.lines(*at, "LXC Container", "Memory events", container="busy")["C"][-1], 0)

    def test_a_restart_is_marked_once(self):
        for language, server in self.servers:
            (query,) = [query for query in asked_by(language) if "annotation" in query.where]
            ((labels, values),) = server.over_time(self.filled(query), self.begin, self.end, 5)
            self.assertEqual((labels["host"], labels["container"], values), ("h", "busy", [1]))


class BetweenTicks(unittest.TestCase):
    def test_a_steady_rate(self):
        """100 bytes a second, counted at each tick of 10 s, seen at scrapes of 15 s and of 5 s."""
        (asked,) = [query.text for query in table_of("prometheus", "LXC Fleet", "Containers") if "rx_bytes" in query.text]
        steady = f"abs(({filled_in(asked, 3600, host=None, container=None)}) - 100) < bool 5"
        tests = [{"interval": f"{seconds}s", "input_series": [{
            "series": 'lxc_net_rx_bytes_total{host="h",container="c",interface="eth0"}',
            "values": " ".join(str(at // 10 * 1000) for at in range(0, 900, seconds))}],
            "promql_expr_test": [{"expr": steady, "eval_time": f"{at}s", "exp_samples": [
                {"labels": '{host="h",container="c"}', "value": 1}]} for at in range(600, 660, 5)]} for seconds in (15, 5)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"evaluation_interval": "5s", "tests": tests}, file)  # JSON is YAML
            file.flush()
            done = subprocess.run(["promtool", "test", "rules", file.name], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
