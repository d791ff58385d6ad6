# SPDX-License-Identifier: GPL-2.0-or-later
"""Every query of the Grafana dashboards, with their variables filled in, against what the agent sent of real containers."""

import os
import time
import unittest

from support.agent import Agent
from support.busy_lab import BusyLab
from support.cgroup import CgroupPlace
from support.dashboards import dashboards, filled_in, panel_queries, variable_queries

# Grafana has to quote every letter of it.
HOST = "it.host (a+b)/1"
# Every query must return rows but these, and these must not.
WITHOUT_ROWS = {
    "LXC Container / Huge pages / A",  # the kernel here has no controller hugetlb
    # Proxmox VE, LXD and Incus alone have lock, onboot and template; see test_dashboards_points.py.
    "LXC Fleet / Down / B", "LXC Fleet / Down / C", "LXC Fleet / Down / D",
    "LXC Container / Container / I", "LXC Container / Container / J", "LXC Container / Container / K",
    "LXC Container / Memory by kind / E",  # no container here has memory.high
}
if CgroupPlace(os.getpid()).folder("memory"):
    WITHOUT_ROWS.add("LXC Container / Memory events / C")  # v1 has no memory.high


class Dashboards(BusyLab):
    """`web` works, is throttled and loses a process to the OOM killer; `web.2` is restarted; `old` is stopped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.influx = cls.start_influxd()
        cls.begin_ms = time.time_ns() // 1_000_000
        cls.agent = Agent(cls.workspace, "--lxcpath", cls.lab.lxcpath, "--host", HOST, "--interval", "500ms", "--influx-url",
                          cls.influx.url, "--metrics", "+lxc_socket", "--metrics", "+lxc_process")
        cls.addClassCleanup(cls.agent.kill)
        cls.make_them_work()
        cls.end_ms = time.time_ns() // 1_000_000

    @classmethod
    def make_them_work(cls):
        cls.wait_for("four ticks", 'SELECT "restarts" FROM "lxc_state" WHERE "container" = \'web\' LIMIT 1 OFFSET 3')
        cls.web.restart()
        cls.wait_for("a restart", 'SELECT "restarts" FROM "lxc_state" WHERE "restarts" = 1')
        cls.keep_busy(60)
        cls.wait_for("an OOM kill", 'SELECT "oom_kill" FROM "lxc_memory" WHERE "oom_kill" > 0')
        for measurement in ("lxc_io", "lxc_process", "lxc_pressure"):
            # A rate takes two intervals of 1 s.
            cls.wait_for(f"points of {measurement}", f'SELECT * FROM "{measurement}" WHERE "container" = \'web\' LIMIT 1 OFFSET 23')

    @classmethod
    def wait_for(cls, what, query):
        cls.agent.wait_for(lambda: "lxc" in cls.influx.databases() and cls.influx.execute(query, "lxc").get("series"), 30, what)

    def rows(self, query, **variables):
        text = filled_in(query.text, self.begin_ms, self.end_ms, **variables)
        return self.influx.execute(text, "lxc").get("series", [])

    def has_figures(self, query, **variables):
        return any(value is not None for series in self.rows(query, **variables) for row in series["values"] for value in row[1:])

    def check_all(self, **variables):
        asked = [query for dashboard in dashboards() for query in panel_queries(dashboard)]
        self.assertGreater(len(asked), 100)
        empty = {query.where for query in asked if not self.has_figures(query, **variables)}
        self.assertEqual(empty, WITHOUT_ROWS, variables)

    def test_all(self):
        self.check_all(host=None, container=None, interface=None)

    def test_one_container(self):
        self.check_all(host=[HOST], container=["web"], interface=["eth0"])

    def test_several(self):
        self.check_all(host=[HOST, "other"], container=["web", "web.2"], interface=["eth0", "lo"])

    def found(self, dashboard, panel, column, tag="container"):
        """What a table's query says: {container: figure}."""
        (asked,) = [query for each in dashboards() for query in panel_queries(each)
                    if query.where.startswith(f"{dashboard} / {panel} /") and f'AS "{column}"' in query.text]
        series = self.rows(asked, host=None, container=None)
        return {each["tags"][tag]: each["values"][0][each["columns"].index(column)] for each in series}

    def test_what_they_say(self):
        self.assertEqual(self.found("LXC Fleet", "Down", "state"), {"web": "RUNNING", "web.2": "RUNNING", "old": "STOPPED"})
        kills = self.found("LXC Fleet", "OOM-killed", "kills")
        self.assertGreaterEqual(kills["web"], 1)
        self.assertEqual(kills["web.2"], 0)
        self.assertGreaterEqual(self.found("LXC Fleet", "Hosts", "OOM kills", "host")[HOST], kills["web"])
        throttled = self.found("LXC Fleet", "Throttled", "throttled")
        self.assertTrue(5 < throttled["web"] <= 100, throttled)
        self.assertEqual(throttled["web.2"], 0)
        received = self.found("LXC Fleet", "Top 10: network", "received")
        self.assertGreater(received["web"], 10 * received["web.2"])
        self.assertEqual(self.found("LXC Fleet", "Containers", "restarts"), {"web": 1, "web.2": 0, "old": 0})

    def test_variables(self):
        asked = [query for dashboard in dashboards() for query in variable_queries(dashboard)]
        values = {"host": {HOST}, "container": {"web", "web.2", "old"}, "interface": {"eth0"}}
        for query in asked:
            name = query.where.split()[-1]
            self.assertEqual(self.values(query, host=None, container=None), values[name], query.where)
            self.assertEqual(self.values(query, host=[HOST], container=["web", "web.2", "old"]), values[name], query.where)
            if name != "host":
                self.assertEqual(self.values(query, host=["other"], container=None), set(), query.where)

    def values(self, query, **variables):
        return {value for series in self.rows(query, **variables) for _, value in series["values"]}


if __name__ == "__main__":
    unittest.main()
