# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's own figures, against a second source, and who is left out of them."""

import mmap
import os
import resource
import subprocess
import unittest
from pathlib import Path

import seen_fields
from support import agent as program
from support import host_source
from support.case import HOST, LabCase, row_after, wait_for_rows
from support.containers import Limits, Spec
from support.line_protocol import parse_lines
from support.waiting import wait_until

MIB = 1024 * 1024
MADV_PAGEOUT = 21
ALL = {"host_cpu", "host_memory", "host_load", "host_io", "host_net", "host_pressure"}


class HostCase(LabCase):
    """One container, one agent that has lo too, and one influxd for the tests of the class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls.lab.add("it-guest")
        cls.container.start()
        cls.influx = cls.start_influxd()
        cls.agent = program.Agent(cls.workspace, "--lxcpath", cls.lab.lxcpath, "--host", HOST, "--interval", "500ms", "--influx-url",
                                  cls.influx.url, "--tag", "site=lab", "--net-loopback", "--metrics", "+host_*.*")
        cls.addClassCleanup(cls.agent.kill)

    def row(self, measurement, **tags):
        return row_after(self.influx, self.agent, measurement, **tags)

    def compare(self, read, measurement, slack=0, **tags):
        """A point, near what the second source says while it is taken."""
        with host_source.Recorder(read) as recorder:
            row = self.row(measurement, **tags)
        self.assert_all_near(row, recorder.ranges(), slack)
        return row


class Host(HostCase):
    def test_cpu(self):
        begin = self.row("host_cpu")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["sh", "-c", "ulimit -t 2; while :; do :; done"], check=False)
        subprocess.run(["nice", "sh", "-c", "ulimit -t 1; while :; do :; done"], check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        end = self.compare(host_source.cpu, "host_cpu", slack=20_000)
        self.assert_all_equal(end, {"cpus": os.sysconf("SC_NPROCESSORS_ONLN")})
        rows = [row for row in self.influx.rows("host_cpu") if begin.time <= row.time <= end.time]
        told = sum(row["usage_percent"] / 100 * (row.time - earlier.time) / 1000 for earlier, row in zip(rows, rows[1:]))
        burnt = (after.ru_utime - before.ru_utime) * 1e6
        self.assertGreater(burnt, 1_500_000)
        self.assertGreater(told, burnt * 0.9, "a process that burns CPU is seen in usage_percent")
        # On a busy machine the agent reads a while after the tick's time, which moves CPU time from one tick to the next.
        self.assert_near(told, end["usage_usec"] - begin["usage_usec"], "usage_percent, added up", slack=300_000)
        self.assertLessEqual(max(row["usage_percent"] for row in rows), 105 * end["cpus"])
        seen_fields.note("host_cpu", "usage_percent")

    def test_context_switches_and_interrupts(self):
        begin = self.row("host_cpu")
        end = self.compare(host_source.events, "host_cpu")
        for field in ("context_switches", "interrupts", "soft_interrupts"):
            self.assertGreater(end[field], begin[field], field)

    def test_memory(self):
        # Counted by /proc/vmstat, whichever cgroup it is in.
        (small,) = self.started(self.lab.add("it-oom", Spec(Limits(memory_bytes=32 * MIB))))
        small.run_inside("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", check=False)
        self.assertGreater(host_source.memory()["oom_kill"], 0)
        before = self.row("host_memory")
        subprocess.run(["dd", "if=/dev/zero", f"of={self.path('paged')}", "bs=1M", "count=16", "oflag=direct", "status=none"], check=True, timeout=60)
        row = self.compare(host_source.memory, "host_memory", slack=MIB)
        self.assertGreaterEqual(row["pgpgout_bytes"] - before["pgpgout_bytes"], 16 * MIB, "vmstat counts KiB")
        if host_source.meminfo()["SwapTotal"] == 0:
            self.assertFalse({"swap_usage_bytes", "swap_limit_bytes"} & set(row.fields), "a host without swap")

    def test_swap(self):
        path = self.workspace.path / "swap"
        path.write_bytes(bytes(16 * MIB))
        path.chmod(0o600)
        subprocess.run(["mkswap", str(path)], check=True, capture_output=True, timeout=20)
        subprocess.run(["swapon", str(path)], check=True, timeout=20)
        self.addCleanup(subprocess.run, ["swapoff", str(path)], check=True, timeout=60)
        memory = mmap.mmap(-1, 8 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.addCleanup(memory.close)
        memory.write(os.urandom(8 * MIB))
        memory.madvise(MADV_PAGEOUT)
        wait_until(lambda: host_source.swap()["swap_usage_bytes"] > 4 * MIB, what="memory in the swap", describe=host_source.swap)
        self.compare(host_source.swap, "host_memory", slack=MIB)

    def test_load(self):
        self.compare(host_source.loads, "host_load", slack=0.01)
        self.compare(host_source.threads, "host_load", slack=4)

    def test_block_io(self):
        disk = host_source.disk_of(self.workspace.path)
        before = self.row("host_io", device=disk)
        target = self.path("direct")
        subprocess.run(["dd", "if=/dev/zero", f"of={target}", "bs=1M", "count=16", "oflag=direct", "status=none"], check=True, timeout=60)
        subprocess.run(["dd", f"if={target}", "of=/dev/null", "bs=1M", "iflag=direct", "status=none"], check=True, timeout=60)
        after = self.compare(lambda: host_source.disk_io(disk), "host_io", device=disk)
        for field in ("read_bytes", "write_bytes"):
            self.assertGreaterEqual(after[field] - before[field], 16 * MIB, field)
        self.assertEqual(self.influx.tag_values("device", measurement="host_io"), host_source.whole_disks())

    def test_block_io_in_flight(self):
        disk = host_source.disk_of(self.workspace.path)
        write = f"while :; do dd if=/dev/zero of={self.path('written')} bs=1M count=16 oflag=direct conv=notrunc status=none; done"
        writer = subprocess.Popen(["timeout", "120", "sh", "-c", write])
        self.workspace.note_process(writer.pid)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.terminate)
        most = 0

        def seen_by_both():
            nonlocal most
            most = max(most, host_source.in_flight(disk))
            return most and max(row["in_flight"] for row in self.influx.rows("host_io", device=disk))

        told = self.agent.wait_for(seen_by_both, 60, "I/O in flight")
        self.assertLessEqual(told, int(Path(f"/sys/block/{disk}/queue/nr_requests").read_text()) * os.cpu_count())
        seen_fields.note("host_io", "in_flight")

    def test_interfaces(self):
        bridge, outside = self.lab.bridge, self.row("lxc_net", interface="eth0")["host_interface"]
        subprocess.run(["ip", "address", "add", "10.213.255.254/16", "dev", bridge], check=True)
        self.container.run_inside("ping", "-q", "-c", "50", "-i", "0.002", "-s", "400", "10.213.255.254")
        tap = f"itap{os.getpid() % 10_000_000}"
        self.workspace.note_bridge(tap)
        subprocess.run(["ip", "tuntap", "add", "dev", tap, "mode", "tap"], check=True)
        row = self.compare(lambda: host_source.net(bridge), "host_net", slack=3, interface=bridge)
        self.assertGreater(row["tx_bytes"], 50 * 400)
        self.assert_all_equal(row, {"up": True})
        self.compare(lambda: host_source.net("lo"), "host_net", slack=64, interface="lo")
        kinds = {name: link.get("linkinfo", {}).get("info_kind") for name, link in host_source.links().items()}
        self.assertEqual((kinds[tap], kinds[outside]), ("tun", "veth"))
        seen = self.influx.tag_values("interface", measurement="host_net")
        self.assertEqual(seen & {tap, outside}, set(), "the guests' ends are not the host's")
        self.assertEqual({name for name, kind in kinds.items() if kind is None} - seen, set(), "the host's own are all there")

    def test_pressure(self):
        for name in ("cpu", "memory", "io"):
            def read(name=name):
                return {field: value for field, value in host_source.pressure(name).items() if name != "cpu" or field.startswith("some")}
            row = self.compare(read, "host_pressure", slack=0.01, resource=name)
            self.assertEqual(any(field.startswith("full") for field in row.fields), name != "cpu")

    def test_every_tick_and_the_hosts_tags_alone(self):
        ticks = {row.time for row in wait_for_rows(self.influx, self.agent, 5, "lxc_state")[:-1]}  # the last is just being written
        for measurement in ALL:
            rows = self.influx.rows(measurement)
            for row in rows:
                own = {key: value for key, value in row.tags.items() if key not in ("device", "stacked", "interface", "resource")}
                self.assertEqual(own, {"host": HOST, "site": "lab"})
            self.assertEqual(ticks - {row.time for row in rows}, set(), measurement)


class Choice(LabCase):
    def measurements(self, *arguments):
        result = program.run("--lxcpath", self.lab.lxcpath, "--once", "--dry-run", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return parse_lines(result.stdout) if result.stdout else []

    def test_what_is_sent(self):
        points = self.measurements()
        self.assertLessEqual(ALL, {point.measurement for point in points})
        self.assertNotIn("lo", {point.tags.get("interface") for point in points})
        self.assertEqual([point for point in self.measurements("--no-host") if point.measurement.startswith("host_")], [])
        (load,) = self.measurements("--metrics", "host_load")
        self.assertEqual((load.measurement, set(load.tags)), ("host_load", {"host"}))


if __name__ == "__main__":
    unittest.main()
