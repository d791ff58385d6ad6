# SPDX-License-Identifier: GPL-2.0-or-later
"""Every figure that InfluxDB holds, against a second source, while the containers work."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

import seen_fields

from support.case import HOST, LabCase, row_after
from support.cgroup import hold_locked_memory
from support.containers import Limits, Spec
from support.second_source import CpuRecorder, SecondSource
from support.waiting import wait_until

MIB = 1024 * 1024
INTERVAL_NS = 500_000_000
DD = "exec dd if=/dev/zero of=/dev/null bs=64k"
UNLIMITED_FIELDS = {"lxc_cpu": {"limit_cores", "own_limit_cores"},
                    "lxc_memory": {"limit_bytes", "own_limit_bytes", "used_percent", "high_bytes", "swap_limit_bytes", "own_swap_limit_bytes"},
                    "lxc_pids": {"limit", "own_limit"}}

# What is sent in turn, and not at each tick: the point that has one of these has all of its measurement.
IN_TURN = {"lxc_cpu": "cpus", "lxc_memory": "peak_bytes"}

# Frames as they are, by a Python of the host's in the container's network namespace: interface, how many, in hex.
SEND = """
import socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((sys.argv[1], 0))
for _ in range(int(sys.argv[2])):
    sender.send(bytes.fromhex(sys.argv[3]))
"""


def two_interfaces(bridge):
    return ("lxc.net.1.type = veth", f"lxc.net.1.link = {bridge}", "lxc.net.1.name = data0",
            "lxc.mount.entry = tmpfs tmp tmpfs rw,size=200m 0 0")


class FiguresCase(LabCase):
    """Three containers, one agent and one influxd for the tests of a class: `it-limited` has every limit, a second interface that is
    down, and a tmpfs; `it-free` has none; `it-small` has a small root filesystem of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        limits = Limits(memory_bytes=256 * MIB, cpu_quota_usec=50_000, cpus="0", pids=60, goes_first=True)
        cls.limited = cls.lab.add("it-limited", Spec(limits, mtu=1400, extra=two_interfaces(cls.lab.bridge)))
        cls.free = cls.lab.add("it-free")
        cls.small = cls.lab.add("it-small", Spec(rootfs=cls.lab.small_rootfs(96)))
        # A bridge takes the smallest mtu of its ports, and LXC takes the bridge's: the small one comes last.
        cls.lab.start_all([cls.free, cls.small, cls.limited])
        cls.influx = cls.start_influxd()

    def setUp(self):
        self.agent = self.start_agent("--interval", "500ms", "--influx-url", self.influx.url, "--tag=site=lab", "--metrics=+lxc_memory.*")

    def row(self, measurement, container, moment_ns=None, **tags):
        return row_after(self.influx, self.agent, measurement, moment_ns, container=container.name,
                         **{"field": IN_TURN.get(measurement), **tags})

    def bracketed(self, read, measurement, container, **tags):
        """A point, and what the second source says before and after it: {field: (before, after)}."""
        before = read()
        row = self.row(measurement, container, **tags)
        after = read()
        return row, {name: (before[name], after[name]) for name in before if name in after}


class Cpu(FiguresCase):
    def test_a_busy_container(self):
        source, idle = SecondSource(self.free), SecondSource(self.small)
        idle_before = idle.usage_usec()
        with CpuRecorder(source) as recorder:
            begin = self.row("lxc_cpu", self.free).time
            for burner in (self.free.spawn_burner(4), self.free.spawn_burner(3, DD)):
                burner.wait(300)
            end = self.row("lxc_cpu", self.free).time
            wait_until(lambda: recorder.covers(begin, end), what="the recorder to cover the last tick")
        rows = [row for row in self.influx.rows("lxc_cpu", container="it-free") if begin < row.time <= end]
        self._check_percents(rows, recorder, begin, end)
        self.assertLess(idle.usage_usec() - idle_before, 500_000, "the burn was seen in a container that did nothing")
        last_of_idle = self.row("lxc_cpu", self.small)
        self.assertLess(last_of_idle["usage_percent"], 10)

    def _check_percents(self, rows, recorder, begin, end):
        self.assertGreaterEqual(len(rows), 6)
        measured = recorder.usage_at(end) - recorder.usage_at(begin)
        self.assertGreater(measured, 1_500_000, "the burners got too little CPU for a comparison")
        seen_fields.note("lxc_cpu", "usage_percent")
        told = sum(row["usage_percent"] for row in rows) / 100 * INTERVAL_NS / 1000
        self.assert_near(told, measured, "usage_percent over the whole burn")
        for row in rows:
            wanted = (recorder.usage_at(row.time) - recorder.usage_at(row.time - INTERVAL_NS)) / (INTERVAL_NS / 1000) * 100
            self.assert_near(row["usage_percent"], wanted, "usage_percent of one tick", tolerance=0.15, slack=10)

    def test_times_add_up_and_are_the_kernels(self):
        for burner in (self.free.spawn_burner(2), self.free.spawn_burner(2, DD)):
            burner.wait(300)
        row, wanted = self.bracketed(SecondSource(self.free).cpu, "lxc_cpu", self.free)
        self.assertGreater(row["usage_usec"], 1_000_000)
        self.assert_all_near(row, wanted, slack=20_000)
        self.assert_near(row["user_usec"] + row["system_usec"], row["usage_usec"], "user and system together", slack=50_000)

    def test_a_throttled_container(self):
        self.limited.burn(2)
        row, wanted = self.bracketed(SecondSource(self.limited).cpu, "lxc_cpu", self.limited)
        self.assertGreater(row["nr_throttled"], 3)
        self.assertGreater(row["throttled_usec"], 50_000)
        self.assert_all_near(row, wanted, slack=20_000)
        busiest = max(each.fields.get("usage_percent", 0) for each in self.influx.rows("lxc_cpu", container="it-limited"))
        # It never gets more than its half core, and what a period lets over.
        self.assertTrue(5 < busiest < 65, f"usage_percent under a quota of half a core: {busiest}")

    def test_limits_and_usable_cpus(self):
        limited, free = self.row("lxc_cpu", self.limited), self.row("lxc_cpu", self.free)
        self.assert_all_equal(limited, {"limit_cores": 0.5, "own_limit_cores": 0.5, "cpus": 1})
        self.assertNotIn("limit_cores", free.fields)
        self.assertEqual(free["cpus"], os.cpu_count())


class Memory(FiguresCase):
    def test_anonymous_memory_tmpfs_and_files(self):
        hold = "x=$(dd if=/dev/zero bs=1M count=24 2>/dev/null | tr '\\0' a); sleep 1000; true"
        self.limited.spawn_inside("sh", "-c", hold)
        source = SecondSource(self.limited)
        wait_until(lambda: source.memory()["anon_bytes"] > 24 * MIB, 60, "the shell to hold its memory", source.memory)
        self.limited.run_inside("dd", "if=/dev/zero", "of=/tmp/big", "bs=1M", "count=48")
        self.limited.run_inside("dd", "if=/dev/zero", "of=/cached", "bs=1M", "count=32", "conv=fsync")
        hold_locked_memory(self, self.limited.cgroup(), 4 * MIB)
        # The kernel brings memory.stat up to date every other second only.
        wait_until(lambda: source.memory()["file_bytes"] > 79 * MIB, 60, "memory.stat to tell of the files", source.memory)
        wait_until(lambda: source.memory()["unevictable_bytes"] > 3 * MIB, 60, "locked memory in memory.stat", source.memory)
        row, wanted = self.bracketed(source.memory, "lxc_memory", self.limited)
        self.assertGreater(row["anon_bytes"], 24 * MIB)
        self.assertGreater(row["shmem_bytes"], 47 * MIB)
        # The files of /tmp can't be dropped, those of the disk can.
        self.assertTrue(72 * MIB < row["used_bytes"] < 100 * MIB, row.fields)
        self.assert_all_near(row, wanted, slack=64 * 1024)
        self.assertEqual(row["limit_bytes"], 256 * MIB)
        self.assert_near(row["used_percent"], row["used_bytes"] / row["limit_bytes"] * 100, "used_percent", tolerance=0.001)
        self.assertLess(self.row("lxc_memory", self.free)["usage_bytes"], 20 * MIB, "another container's memory was counted here")


class BlockIo(FiguresCase):
    def test_direct_reads_and_writes(self):
        source = SecondSource(self.free)
        number = source.root_mount()[2]
        self.free.run_inside("dd", "if=/dev/zero", "of=/direct", "bs=1M", "count=32", "oflag=direct")
        self.free.run_inside("dd", "if=/direct", "of=/dev/null", "bs=1M", "count=24", "iflag=direct")
        self.free.run_inside("dd", "if=/dev/zero", "of=/synced", "bs=1M", "count=4", "conv=fsync")
        device = os.path.basename(os.path.realpath(f"/sys/dev/block/{number}"))
        row, wanted = self.bracketed(lambda: source.io(number), "lxc_io", self.free, device=device)
        self.assertGreaterEqual(row["write_bytes"], 32 * MIB)
        self.assertGreaterEqual(row["read_bytes"], 24 * MIB)
        self.assertLessEqual({"read_bytes", "write_bytes", "read_ops", "write_ops"}, set(wanted))
        self.assert_all_near(row, wanted)
        others = self.influx.rows("lxc_io", container="it-small")
        self.assertFalse([each for each in others if each.fields.get("write_bytes", 0) > 8 * MIB], "seen in another container")


class Network(FiguresCase):
    def test_packets_between_two_containers(self):
        self.free.run_inside("dd", "if=/dev/zero", "of=/six", "bs=1M", "count=6")
        self.free.run_inside("httpd", "-p", "5001", "-h", "/")
        fetch = f"until wget -q -O /dev/null http://{self.free.address}:5001/six; do :; done"
        self.limited.run_inside("timeout", "30", "sh", "-c", fetch)
        self.free.run_inside("ping", "-q", "-c", "200", "-i", "0.005", "-s", "400", self.limited.address)
        rows = {}
        for container in (self.free, self.limited):
            row, wanted = self.bracketed(SecondSource(container).net, "lxc_net", container, interface="eth0")
            self.assert_all_near(row, wanted, slack=3)
            rows[container.name] = row
        self.assertGreater(rows["it-free"]["tx_bytes"], 6 * MIB)
        self.assertLess(rows["it-free"]["rx_bytes"], 6 * MIB)
        self.assertGreater(rows["it-limited"]["rx_bytes"], 6 * MIB)
        self.assertLess(rows["it-limited"]["tx_bytes"], 6 * MIB)

    def test_dropped_packets(self):
        source = SecondSource(self.limited)
        inside = ["nsenter", "--target", str(self.limited.init_pid()), "--net"]
        # Nobody takes frames of this kind, and none goes out where the other end is down.
        frame = (b"\xff" * 6 + b"\x02" + bytes(5) + b"\x88\xb5" + bytes(50)).hex()
        subprocess.run([sys.executable, "-c", SEND, source.host_interface(), "30", frame], check=True)
        subprocess.run(["ip", "link", "set", source.host_interface("data0"), "down"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "set", source.host_interface("data0"), "up"], check=True)
        subprocess.run([*inside, "ip", "link", "set", "data0", "up"], check=True)
        self.addCleanup(subprocess.run, [*inside, "ip", "link", "set", "data0", "down"], check=True)
        subprocess.run([*inside, sys.executable, "-c", SEND, "data0", "20", frame], check=True)
        for interface, field, count in (("eth0", "rx_dropped", 30), ("data0", "tx_dropped", 20)):
            row, wanted = self.bracketed(lambda name=interface: source.net(name), "lxc_net", self.limited, interface=interface)
            self.assertGreaterEqual(row[field], count)
            self.assert_all_near(row, wanted, slack=3)

    def test_interfaces(self):
        source = SecondSource(self.limited)
        up = self.row("lxc_net", self.limited, interface="eth0")
        self.assert_all_equal(up, {"mtu": 1400, "up": True, "host_interface": source.host_interface()})
        down = self.row("lxc_net", self.limited, interface="data0")
        self.assertEqual((down["up"], down["host_interface"]), (False, source.host_interface("data0")))
        self.assertEqual(self.row("lxc_net", self.free, interface="eth0")["mtu"], 1500)
        self.assertEqual(self.influx.tag_values("interface", measurement="lxc_net"), {"eth0", "data0"}, "lo only when asked for")


class Filesystem(FiguresCase):
    def test_a_small_root_that_fills(self):
        source = SecondSource(self.small)
        empty = self.row("lxc_fs", self.small, mountpoint="/")
        self.small.run_inside("dd", "if=/dev/zero", "of=/fill", "bs=1M", "count=40")
        full, wanted = self.bracketed(source.filesystem, "lxc_fs", self.small, mountpoint="/")
        self.assert_near(full["used_bytes"] - empty["used_bytes"], 40 * MIB, "growth of used_bytes")
        self.assert_all_near(full, wanted)
        device, total, used, available = source.df()
        self.assertEqual((full.tags["device"], full.tags["fstype"]), (device, "tmpfs"))
        for name, value in (("total_bytes", total), ("used_bytes", used), ("available_bytes", available)):
            self.assert_near(full[name], value, f"{name} (df)")
        self.assert_all_near(full, {"used_percent": used / (used + available) * 100})
        self.assertFalse(full["readonly"])
        self.assertNotIn("block_device", full.fields)

    def test_a_root_on_the_hosts_disk(self):
        source = SecondSource(self.free)
        row, wanted = self.bracketed(source.filesystem, "lxc_fs", self.free, mountpoint="/")
        self.assert_all_near(row, wanted)
        device, kind, number = source.root_mount()
        self.assertEqual((row.tags["device"], row.tags["fstype"]), (device, kind))
        self.assert_all_equal(row, {"block_device": Path(f"/sys/dev/block/{number}").resolve(strict=True).name})

    def test_a_read_only_root(self):
        (container,) = self.started(self.lab.add("it-read-only", Spec(read_only=True)))
        self.assert_all_equal(self.row("lxc_fs", container, mountpoint="/"), {"readonly": True})


class Processes(FiguresCase):
    def test_processes_and_threads(self):
        self.limited.spawn_inside("sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1000 & done; wait")
        self._threads_inside(8)
        source = SecondSource(self.limited)
        wait_until(lambda: source.pids()["processes"] >= 10 and source.pids()["threads"] >= 18, what="the processes to run",
                   describe=source.pids)
        row, wanted = self.bracketed(source.pids, "lxc_pids", self.limited, field="processes")
        self.assert_all_equal(row, {name: wanted[name][0] for name in ("processes", "threads")})
        self.assertEqual(row["threads"] - row["processes"], 8)
        self.assertEqual(row["limit"], 60)
        self.assertNotIn("limit", self.row("lxc_pids", self.free).fields)

    def test_they_are_counted_when_the_threads_change_and_in_turn(self):
        before = self.row("lxc_pids", self.limited)["threads"]
        self.limited.spawn_inside("sleep", "1000")
        self.agent.wait_for(lambda: self.row("lxc_pids", self.limited)["threads"] > before, 15, "the new process to show")
        rows = self.influx.rows("lxc_pids", container="it-limited")
        self.assertIn("processes", rows[0].fields)
        changed = [later for earlier, later in zip(rows, rows[1:]) if later["threads"] != earlier["threads"]]
        self.assertEqual([row.time for row in changed if "processes" not in row.fields], [])
        self.agent.wait_for(lambda: "processes" not in self.row("lxc_pids", self.small).fields, 15, "one that stays as it is to be left out")

    def _threads_inside(self, count):
        """A process of the host with that many threads more, put into the container's PID namespace and cgroups."""
        script = (f"import sys, threading\nfor _ in range({count}):\n"
                  "    threading.Thread(target=threading.Event().wait, daemon=True).start()\nsys.stdin.read()")
        enter = ["nsenter", "--target", str(self.limited.init_pid()), "--pid", sys.executable, "-c", script]
        process = subprocess.Popen(enter, stdin=subprocess.PIPE)
        self.workspace.note_process(process.pid)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        # nsenter stays outside; its child is what lives in the container's PID namespace.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        child = wait_until(lambda: children.read_text().split(), what="nsenter to start its command")
        self.limited.cgroup().adopt(int(child[0]))


class State(FiguresCase):
    def test_state_of_a_running_container(self):
        begin = time.time()
        (container,) = self.started(self.lab.add("it-fresh"))
        row = self.row("lxc_state", container)
        self.assertEqual((row["state"], row["running"], row["frozen"], row["restarts"]), ("RUNNING", True, False, 0))
        self.assertEqual(row["init_pid"], container.init_pid())
        self.assert_near(row["uptime_sec"], row.time / 1e9 - begin, "uptime_sec", slack=1.5)

    def test_no_field_stands_for_unlimited(self):
        for measurement, fields in UNLIMITED_FIELDS.items():
            row = self.row(measurement, self.free)
            self.assertFalse(fields & set(row.fields), f"{measurement} of a container without limits: {row.fields}")

    def test_tags_are_the_containers_own(self):
        newest = self.row("lxc_state", self.free).time
        names = {"it-limited", "it-free", "it-small"}
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids", "lxc_state"):
            rows = [row for row in self.influx.rows(measurement) if row.time == newest]
            self.assertEqual({row.tags["container"] for row in rows}, names, measurement)
            self.assertEqual({(row.tags["host"], row.tags["site"]) for row in rows}, {(HOST, "lab")}, measurement)


if __name__ == "__main__":
    unittest.main()
