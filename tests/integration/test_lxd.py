# SPDX-License-Identifier: GPL-2.0-or-later
"""LXD and Incus, with containers of their own kind: unprivileged, in projects, with limits that the daemon sets."""

import json
import time
import unittest

from support import agent as program
from support.flavour_case import FlavourCase
from support.instances import INCUS, LXD, Daemon, fetch_incus

MIB = 1024 * 1024
LIMITS = ("limits.memory=64MiB", "limits.cpu.allowance=50ms/100ms", "limits.processes=60")


class InstanceTests:
    """`limited` and `shop_web` (of project `shop`) run; `shop_idle` never did."""

    flavour = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = Daemon(cls.workspace, cls.flavour)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.start()
        cls.daemon.add_project("shop")
        cls.limited = cls.daemon.create("limited", bridge=cls.lab.bridge, settings=LIMITS).start()
        cls.web = cls.daemon.create("web", "shop", cls.lab.bridge, ("raw.lxc=lxc.uts.name = shopfront",)).start()
        cls.idle = cls.daemon.create("idle", "shop")
        for number, instance in enumerate((cls.limited, cls.web), 1):
            instance.run_inside("ip", "address", "add", f"10.214.0.{number}/24", "dev", "eth0")
            instance.run_inside("ip", "link", "set", "eth0", "up")

    def arguments(self, *more):
        return ["--lxcpath", self.daemon.lxcpath, "--host", "it-host", *more]

    def wait_for_state(self, container, state):
        return self.agent.wait_for(lambda: [row for row in self.rows("lxc_state", container)[-1:] if row["state"] == state], 15,
                                   f"{container.name} to be {state}")[0]

    def test_figures(self):
        self.watch()
        self.limited.run_inside("ping", "-q", "-c", "50", "-i", "0.005", "10.214.0.2")
        self.limited.burn()
        for container in (self.limited, self.web):
            points = self.assert_figures(container)
            self._compare_with_the_daemon(container, points)
        self.assert_all_equal(points["lxc_pids"][0], {"processes": 2, "threads": 2})
        points = self.next_tick(self.limited)
        self.assert_all_equal(points["lxc_memory"][0], {"limit_bytes": 64 * MIB})
        self.assert_all_equal(points["lxc_cpu"][0], {"limit_cores": 0.5})
        self.assert_all_equal(points["lxc_pids"][0], {"limit": 60})

    def _compare_with_the_daemon(self, container, points):
        state = container.state()
        self.assert_near(points["lxc_cpu"][0]["usage_usec"], state["cpu"]["usage"] / 1000, "usage_usec", slack=20_000)
        self.assert_near(points["lxc_memory"][0]["usage_bytes"], state["memory"]["usage"], "usage_bytes", slack=256 * 1024)
        self.assertEqual(points["lxc_pids"][0]["processes"], state["processes"])
        link, net = state["network"]["eth0"], points["lxc_net"][0]
        self.assertEqual((net["host_interface"], net["mtu"], net["up"]), (link["host_name"], link["mtu"], link["state"] == "up"))
        for ours, theirs in (("rx_bytes", "bytes_received"), ("tx_packets", "packets_sent")):
            self.assert_near(net[ours], link["counters"][theirs], ours, slack=200)

    def test_names(self):
        """Of those that run and those that do not: the project is no part of an instance's own name, and raw.lxc may set another."""
        self.watch()
        for container, name, state in ((self.limited, None, "RUNNING"), (self.web, "shopfront", "RUNNING"), (self.idle, "idle", "STOPPED")):
            self.assertEqual(self.wait_for_state(container, state).tags.get("name"), name, container.name)
        self.assertEqual(self.influx.tag_values("container", measurement="lxc_state", db=self.db), {"limited", "shop_web", "shop_idle"})
        self.assertNotIn("warn", self.agent.stderr)

    def test_settings(self):
        """Of one that does not run; its own daemon's client is the second source."""
        container = self.daemon.create("tuned", "shop", settings=("boot.autostart=true", "limits.cpu=2"))
        self.addCleanup(lambda: container.do("delete", "--force"))
        onboot, cores = (self.daemon.client("--project", "shop", "config", "get", "tuned", key).strip()
                         for key in ("boot.autostart", "limits.cpu"))
        self.watch()
        row = self.wait_for_state(container, "STOPPED")
        self.assert_all_equal(row, {"onboot": onboot == "true", "cores": int(cores)})
        unset = self.wait_for_state(self.idle, "STOPPED")
        self.assertEqual({"onboot", "cores", "lock", "tags", "template"} & unset.fields.keys(), set())

    def listed(self):
        """State by name, as the command `list` has it."""
        return {row["name"]: row["state"] for row in json.loads(program.run(*self.arguments("list", "--json")).stdout)}

    def test_a_folder_that_is_no_instance_any_more(self):
        """As one that has moved, or was deleted by halves, leaves it. With the daemon's word only: while it hangs nothing changes."""
        self.daemon.lxcpath.joinpath("ghost").mkdir()
        self.addCleanup(self.daemon.lxcpath.joinpath("ghost").rmdir)
        self.assertEqual(self.listed(), {"limited": "RUNNING", "shop_web": "RUNNING", "shop_idle": "STOPPED"})
        check = self.arguments("check", "--influx-url", self.influx.url, "--influx-db", self.db)
        result = program.run(*check)
        self.assertEqual(result.returncode, 0, result)
        self.assertRegex(result.stdout, r"(?m)^ok +instances .*/unix.socket has 3 containers; .*: ghost \(destroyed\)$")
        self.daemon.pause()
        self.addCleanup(self.daemon.go_on)
        result = program.run(*check)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"(?m)^FAIL +instances .*/unix.socket does not answer: is its daemon running\?$")
        self.assertEqual(self.listed(), {"limited": "RUNNING", "shop_web": "RUNNING", "shop_idle": "STOPPED", "ghost": "STOPPED"})

    def test_pause_restart_and_rename(self):
        container = self.daemon.create("moving", "shop")
        self.addCleanup(lambda: container.do("delete", "--force"))
        container.start().burn()
        self.watch()
        self.wait_for_state(container, "RUNNING")
        container.do("pause")
        self.wait_for_state(container, "FROZEN")
        container.start()
        before = self.next_tick(container)["lxc_cpu"][0]
        self.assertGreater(before["usage_usec"], 900_000)
        container.stop()
        self.assertEqual(self.wait_for_state(container, "STOPPED").tags["name"], "moving")
        container.start()
        self.assertEqual(self.wait_for_state(container, "RUNNING")["restarts"], 1)
        self._check_a_rename(container)

    def _check_a_rename(self, container):
        container.stop()
        old = container.name
        container.rename("moved")
        container.start()
        renamed = time.time_ns()
        points = self.next_tick(container)
        self.assertEqual((points["lxc_state"][0].tags["name"], points["lxc_state"][0]["restarts"]), ("moved", 0))
        self.assertLess(self.rows("lxc_cpu", container)[0]["usage_usec"], 500_000)
        self.assertNotIn("usage_percent", self.rows("lxc_cpu", container)[0].fields)
        late = [row for row in self.influx.rows("lxc_state", db=self.db, container=old) if row.time > renamed]
        self.assertEqual(late, [], "points of a name that is no more")

    def test_once(self):
        result = program.run(*self.arguments("--once", "--dry-run"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Lxd(InstanceTests, FlavourCase):
    flavour = LXD


class Incus(InstanceTests, FlavourCase):
    flavour = INCUS

    @classmethod
    def setUpClass(cls):
        fetch_incus()
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
