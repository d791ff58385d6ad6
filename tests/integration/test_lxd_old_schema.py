# SPDX-License-Identifier: GPL-2.0-or-later
"""The measurements of lxd2influx beside the agent's own, for old dashboards: real LXD, real InfluxDB."""

import os
import subprocess
import unittest

from support.case import row_after
from support.flavour_case import FlavourCase
from support.instances import LXD, Daemon
from support.second_source import SecondSource
from support.spool import SpoolFolder

OLD = {"cpu": ("cpuacct.stat.user", "cpuacct.stat.system"), "memory": ("memory.usage_in_bytes",),
       "network": ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets"), "disk": ("usage",)}
USEC_PER_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")
# Queries as the dashboards that went with lxd2influx have them.
QUERIES = ('SELECT non_negative_derivative(mean("cpuacct.stat.user"), 1s) FROM "cpu" WHERE {where} GROUP BY time(2s), "container" fill(none)',
           'SELECT mean("memory.usage_in_bytes") FROM "memory" WHERE {where} GROUP BY time(2s), "host", "container" fill(null)',
           'SELECT non_negative_derivative(mean("rx_bytes"), 1s) FROM "network" WHERE "interface" = \'eth0\' AND {where} '
           'GROUP BY time(2s), "container" fill(none)',
           'SELECT last("usage") FROM "disk" WHERE {where} GROUP BY "container", "disk"')


class Lxd2influx(FlavourCase):
    """`old` and `shop_web` (of project `shop`) run; `old` has a disk device beside its root."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = Daemon(cls.workspace, LXD)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.start()
        cls.daemon.add_project("shop")
        cls.old = cls.daemon.create("old", bridge=cls.lab.bridge)
        cls.web = cls.daemon.create("web", "shop", cls.lab.bridge)
        cls.other = cls.daemon.create("web", bridge=cls.lab.bridge)
        # A filesystem of its own: what shares that of the root is in lxc_fs once.
        folder = cls.workspace.folder("shared-disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "shared", folder], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        (folder / "file").write_bytes(bytes(1 << 20))
        cls.daemon.client("config", "device", "add", "old", "data", "disk", f"source={folder}", "path=srv/data/")
        for number, instance in enumerate((cls.old, cls.web, cls.other), 1):
            instance.start()
            instance.run_inside("ip", "address", "add", f"10.215.0.{number}/24", "dev", "eth0")
            instance.run_inside("ip", "link", "set", "eth0", "up")

    def arguments(self, *more):
        return ["--lxcpath", self.daemon.lxcpath, "--host", "it-host", *more]

    def old_points(self):
        """One tick's points of `old`, ours and the old ones, with lxc_fs, and what the second source said before and after."""
        source = SecondSource(self.old)
        readings = [(source.cpu(), source.memory(), source.net("eth0"))]
        moment = row_after(self.influx, self.agent, "disk", db=self.db, container="old").time
        readings.append((source.cpu(), source.memory(), source.net("eth0")))
        names = (*OLD, "lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs")
        rows = {name: [row for row in self.rows(name, self.old) if row.time == moment] for name in names}
        return rows, readings

    def test_figures(self):
        self.watch("--schema", "lxd2influx")
        self.old.burn()
        self.old.run_inside("ping", "-q", "-c", "50", "-i", "0.005", "10.215.0.2")
        rows, ((cpu, memory, net), (cpu_after, memory_after, net_after)) = self.old_points()
        (row,), (ours,) = rows["cpu"], rows["lxc_cpu"]
        for way in ("user", "system"):
            ticks = row[f"cpuacct.stat.{way}"]
            self.assertEqual(ticks, ours[f"{way}_usec"] // USEC_PER_TICK)
            self.assert_near(ticks, (cpu[f"{way}_usec"] // USEC_PER_TICK, cpu_after[f"{way}_usec"] // USEC_PER_TICK), way, slack=2)
        self.assertGreaterEqual(row["cpuacct.stat.user"] + row["cpuacct.stat.system"], 90)
        (row,), (ours,) = rows["memory"], rows["lxc_memory"]
        self.assertEqual(row["memory.usage_in_bytes"], ours["usage_bytes"])
        self.assert_near(row["memory.usage_in_bytes"], (memory["usage_bytes"], memory_after["usage_bytes"]), "usage", slack=256 * 1024)
        (row,) = [each for each in rows["network"] if each.tags["interface"] == "eth0"]
        for name in OLD["network"]:
            self.assert_near(row[name], (net[name], net_after[name]), name, slack=200)
        self.assertGreaterEqual(row["rx_packets"], 50)
        self.assertEqual({tuple(sorted(each.tags)) for each in rows["cpu"] + rows["memory"]}, {("container", "host")})

    def test_disks_have_the_names_of_their_devices(self):
        self.watch("--schema", "lxd2influx")
        rows, _ = self.old_points()
        devices = {name: device["path"] for name, device in
                   self.daemon.query("/1.0/instances/old")["expanded_devices"].items() if device["type"] == "disk"}
        self.assertEqual(devices, {"root": "/", "data": "srv/data/"})
        self.assertEqual({row.tags["disk"] for row in rows["disk"]}, devices.keys())
        used = {row.fields.get("disk_device"): (row.tags["mountpoint"], row["used_bytes"]) for row in rows["lxc_fs"]}
        self.assertEqual({device: mount for device, (mount, _) in used.items() if device}, {"root": "/", "data": "/srv/data"})
        for row in rows["lxc_fs"]:
            if "disk_device" in row.fields:
                self.assert_all_equal(row, {"disk_device": {"/": "root", "/srv/data": "data"}[row.tags["mountpoint"]]})
        for row in rows["disk"]:
            self.assertEqual(row["usage"], used[row.tags["disk"]][1])
            self.assertGreater(row["usage"], 0)
            self.assertEqual(set(row.tags), {"host", "container", "disk"})

    def test_old_queries_have_rows(self):
        self.watch("--schema", "lxd2influx")
        self.agent.wait_for(lambda: len({row.time for row in self.rows("cpu", self.old)}) >= 12, 60, "twelve ticks")
        where = "\"container\" = 'old' AND time > now() - 10m"
        for query in QUERIES:
            series = self.influx.execute(query.format(where=where), self.db).get("series", [])
            self.assertTrue(series and any(value is not None for row in series[0]["values"] for value in row[1:]), query)
        self.assertEqual(self.influx.tag_values("container", self.db, "cpu"), {"old", "web", "shop_web"})
        kinds = {(series["name"], name): kind for series in self.influx.execute("SHOW FIELD KEYS", self.db)["series"]
                 for name, kind in series["values"] if series["name"] in OLD}
        self.assertEqual(kinds, {(measurement, name): "integer" for measurement, names in OLD.items() for name in names})

    def test_nothing_is_lost_while_the_server_is_away(self):
        server = self.own_influxd(number=2)
        self.agent = self.start_agent("--interval", "500ms", "--fs-interval", "500ms", "--influx-url", server.url, "--influx-db", "lxd",
                                      "--schema", "lxd2influx", "--log-level", "debug")
        row_after(server, self.agent, "disk", db="lxd", container="old")
        server.stop()
        spool = SpoolFolder(self.agent.spool_dir)
        self.agent.wait_for(lambda: len(spool.times()) >= 3, 30, "three ticks in the spool")
        server.start()
        self.agent.wait_for(lambda: not spool.segments(), 60, "an empty spool")
        self.assertEqual(self.agent.stop().returncode, 0)
        ours = {name: {(row.time, row.tags.get("interface")) for row in server.rows(f"lxc_{other}", db="lxd", container="old")}
                for name, other in (("cpu", "cpu"), ("memory", "memory"), ("network", "net"))}
        for name, times in ours.items():
            old = {(row.time, row.tags.get("interface")) for row in server.rows(name, db="lxd", container="old")}
            self.assertEqual(old, times, name)
            self.assertGreater(len(times), 3)

    def test_without_the_option_there_is_none(self):
        self.watch()
        row_after(self.influx, self.agent, "lxc_fs", db=self.db, container="old")
        self.assertEqual(self.influx.measurements(self.db) & OLD.keys(), set())


if __name__ == "__main__":
    unittest.main()
