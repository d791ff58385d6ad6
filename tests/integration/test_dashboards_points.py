# SPDX-License-Identifier: GPL-2.0-or-later
"""Panels about what no container of this host can show (Proxmox VE's locks, stacked devices, memory.high, days), on points made
here."""

import re
import unittest

from support.dashboards import dashboards, filled_in, panel_queries
from support.influx_case import InfluxCase

SECOND_NS = 10**9


class DashboardsPoints(InfluxCase):
    def write(self, db, *series, times=range(61)):
        """A point of each at each of these seconds, the last of which is now: functions of the second, or of those without, None."""
        self.influx.execute(f'CREATE DATABASE "{db}"')
        made = [(each(at), at) for each in series for at in times]
        lines = [f"{line} {self.now_ns - (times[-1] - at) * SECOND_NS}" for line, at in made if line]
        self.assertEqual(self.influx.write(db, "\n".join(lines).encode()), (204, ""))

    def found(self, db, panel, *by, seconds=60, interval="10s"):
        """What the queries of the panel say of the last seconds: {values of the tags `by`: {letter: the last value}}."""
        made = {}
        end_ms = self.now_ns // 10**6
        for each in (query for dashboard in dashboards() for query in panel_queries(dashboard)):
            if not each.where.startswith(f"{panel} / "):
                continue
            text = filled_in(each.text, end_ms - seconds * 1000, end_ms, interval, host=None, container=None, interface=None)
            for series in self.influx.execute(text, db).get("series", []):
                key = tuple(series.get("tags", {}).get(tag) for tag in by)
                values = [row[1] for row in series["values"] if row[1] is not None]
                if values:
                    made.setdefault(key, {})[each.where.split()[-1]] = values[-1]
        return made

    def test_meant_to_be_down(self):
        def state(container, more=""):
            return lambda at: f'lxc_state,host=h,container={container} state="STOPPED"{more}'
        self.write("down", state("plain"), state("saved", ',lock="backup",onboot=true,template=false'),
                   state("base", ",onboot=false,template=true"))
        self.assertEqual(self.found("down", "LXC Fleet / Down", "container"),
                         {("plain",): {"A": "STOPPED"}, ("saved",): {"A": "STOPPED", "B": "backup", "C": True, "D": False},
                          ("base",): {"A": "STOPPED", "C": False, "D": True}})
        self.assertEqual(self.found("down", "LXC Container / Container", "container")[("saved",)],
                         {"A": "STOPPED", "I": "backup", "J": True, "K": False})

    def test_running(self):
        """What has stopped within the 5 minutes of the tables does not run."""
        def state(container, until=99):
            return lambda at: f'lxc_state,host=h,container={container} running={str(at < until).lower()},uptime_sec={at}i'
        self.write("running", state("up"), state("ended", 30), state("never", 0))
        self.assertEqual(self.found("running", "LXC Fleet / Running"), {(): {"A": 1}})

    def test_a_second_container_of_the_same_name(self):
        def state(more, word):
            return lambda at: f'lxc_state,host=h,container=web{more} state="{word}",running={str(word == "RUNNING").lower()},restarts=0i'
        bob = "/home/bob/lxc"
        self.write("second", state("", "STOPPED"), state(f",lxcpath={bob}", "RUNNING"))
        self.assertEqual(self.found("second", "LXC Fleet / Containers", "container")[(None,)]["A"], 2)
        self.assertEqual(self.found("second", "LXC Fleet / Running"), {(): {"A": 1}})
        self.assertEqual(self.found("second", "LXC Fleet / Down", "container", "lxcpath"),
                         {("web", ""): {"A": "STOPPED"}, ("web", bob): {"A": "RUNNING"}})

    def test_cpu_of_its_limit(self):
        """Without a limit there is no line, not even one without values."""
        self.write("limit", lambda at: "lxc_cpu,host=h,container=free usage_percent=30",
                   lambda at: "lxc_cpu,host=h,container=limited usage_percent=30,limit_cores=0.5")
        (asked,) = [each for dashboard in dashboards() for each in panel_queries(dashboard)
                    if each.where == "LXC Container / CPU of its limit / A"]
        end_ms = self.now_ns // 10**6
        text = filled_in(asked.text, end_ms - 60_000, end_ms, "60s", host=None, container=None)
        self.assertEqual([each["tags"]["container"] for each in self.influx.execute(text, "limit")["series"]], ["limited"])

    def test_memory_high(self):
        self.write("high", lambda at: "lxc_memory,host=h,container=c anon_bytes=5i,high_bytes=7i,oom_kill=0i,events_max=1i,"
                   f"events_high={at}i")
        self.assertEqual(self.found("high", "LXC Container / Memory by kind", "container"), {("c",): {"A": 5, "E": 7}})
        hits = self.found("high", "LXC Container / Memory events", "container")[("c",)]
        self.assertEqual((hits["A"], hits["B"]), (0, 0))
        self.assertGreater(hits["C"], 0)

    def test_stacked_devices(self):
        def device(name, more, rate):
            return lambda at: f"lxc_io,host=h,container=c,device={name}{more} read_bytes={at * rate}i,write_bytes={at * rate}i"
        disks = device("vda", "", 100), device("vdb", "", 20)
        self.write("layers", *disks, device("dm-7", ",stacked=true", 100), device("loop1", ",stacked=true", 100))
        # An agent that knows no such tag.
        self.write("disks", *disks)
        for db in ("layers", "disks"):
            self.assertEqual(self.found(db, "LXC Fleet / Top 10: disk writes", "container"), {("c",): {"A": 120}}, db)
            self.assertEqual(self.found(db, "LXC Fleet / Disk", "container"), {("c",): {"A": 120, "B": 120}}, db)
        self.assertEqual(self.found("layers", "LXC Container / Bytes", "device")[("dm-7",)], {"A": 100, "B": 100})

    def test_means_of_a_day(self):
        """They are computed from hours and not from points; restarts, silence and odd ends must not bend them. A mean of all points
        is what it was before."""
        day, hour = 86_400, 3600

        containers = {
            "steady": (lambda at: at * 300, lambda at: True),
            "restarted": (lambda at: at % 20_000 * 250, lambda at: True),
            "daily": (lambda at: at * 100 if at < day / 2 else at * 300 - day * 100, lambda at: True),
            "silent": (lambda at: at * 200, lambda at: not 30_000 < at < 45_000),
            "young": (lambda at: (at - 70_000) * 150, lambda at: at > 70_000)}
        times = range(60, day + 60, 60)
        for way, measurement, fields in (("rate", "lxc_net,{},interface=eth0", "rx_bytes={}i"),
                                         ("share", "lxc_cpu,{}", "nr_throttled={}i,nr_periods={periods}i")):
            series = []
            for name, (counted, has) in containers.items():
                tags = measurement.format(f"host=h,container={name}")
                series.append(lambda at, tags=tags, counted=counted, has=has: (
                    f"{tags} {fields.format(counted(at), periods=counted(at) * 4)}" if has(at) else None))
            self.write(f"day-{way}", *series, times=times)
        for seconds, interval in ((day, "1h"), (5 * hour + 1234, "15m"), (hour, "2m")):
            found = self.found("day-rate", "LXC Fleet / Top 10: network", "container", seconds=seconds, interval=interval)
            before = self.mean_of_points("day-rate", seconds)
            self.assertEqual(set(found), set(before))
            for key, numbers in found.items():
                self.assertAlmostEqual(numbers["A"] / before[key], 1, delta=0.03, msg=(key, seconds))
            throttled = self.found("day-share", "LXC Fleet / Throttled", "container", seconds=seconds, interval=interval)
            self.assertEqual(set(throttled), set(before))
            for key, numbers in throttled.items():
                self.assertAlmostEqual(numbers["A"], 25, delta=0.01, msg=(key, seconds))

    def test_what_opens(self):
        """No counter of all containers is read over the whole time in a row that is not folded, and LXC Container begins with one:
        see tests/grafana/query_times.py."""
        open_ones = [query for dashboard in dashboards() for query in panel_queries({**dashboard, "panels": [
            {**panel, "panels": []} for panel in dashboard["panels"]]})]
        fleet = [query for query in open_ones if query.where.startswith("LXC Fleet /")]
        self.assertGreater(len(fleet), 40)
        whole = [query.where for query in fleet if re.search(r'non_neg.* FROM "lxc_.*\$timeFilter', query.text)]
        self.assertEqual(whole, [])
        has_all = {(dashboard["title"], each["name"]): each["includeAll"] for dashboard in dashboards()
                   for each in dashboard["templating"]["list"] if each["type"] == "query"}
        self.assertEqual([where for where, value in has_all.items() if not value], [("LXC Container", "container")])

    def mean_of_points(self, db, seconds):
        end_ms = self.now_ns // 10**6
        text = ('SELECT mean("a") FROM (SELECT non_negative_derivative("rx_bytes", 1s) AS "a" FROM "lxc_net" WHERE '
                f'time >= {end_ms - seconds * 1000}ms AND time <= {end_ms}ms GROUP BY "container") GROUP BY "container"')
        return {(each["tags"]["container"],): each["values"][0][1] for each in self.influx.execute(text, db)["series"]}


if __name__ == "__main__":
    unittest.main()
