# SPDX-License-Identifier: GPL-2.0-or-later
"""--json-layout lxc-monitor and import-config: what users of LXC Monitor have (docs/moving-lxc-monitor.md)."""

import json
import os
import random
import re
import threading
from datetime import datetime, timedelta

from support import agent as program
from support.case import LabCase
from support.containers import Limits, Spec
from support.second_source import SecondSource

LAYOUT = ("--json-layout", "lxc-monitor")
FLOATS = ("cpu_usage_percent", "memory_usage_mb", "swap_usage_mb", "swap_total_mb", "filesystem_usage_gb", "filesystem_total_gb",
          "filesystem_free_gb")
PAIRS = {"io_stats": ("reads", "writes"), "network_usage": ("rx_bytes", "tx_bytes")}
SUMMARY = ("total_duration_seconds", "monitor_cpu_percent", "monitor_memory_usage_mb")
EXAMPLE = """\
logging:
  log_file: "{folder}/lxc_monitor.log"
  log_max_bytes: 5242880  # 5 MB
  log_backup_count: 7
  log_level: "INFO"
monitoring:
  export_file: "{folder}/lxc_metrics.json"
  check_interval: {interval}  # seconds
  enable_swap: true
  enable_network: {network}
  enable_filesystem: true
  parallel_processing: true
  max_workers: 8
  excluded_devices: ['loop', 'dm-']
  retry_limit: 3
  retry_delay: 2
"""


def rows_of(snapshots):
    """A row for each container of each snapshot, with all that the readers of AutoScale ML need; KeyError if something is missing."""
    rows = []
    for snapshot in snapshots:
        for name, entry in snapshot.items():
            if name != "summary":
                row = {"container_id": name, "timestamp": datetime.fromisoformat(entry["timestamp"])}
                row |= {key: entry[key] for key in (*FLOATS, "process_count")}
                row |= {each: entry[key][each] for key, parts in PAIRS.items() for each in parts}
                rows.append(row)
    return rows


class ArrayCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one = cls.lab.add("it-mon-one", Spec(limits=Limits(memory_bytes=256 << 20, cpu_quota_usec=200_000, goes_first=True)))
        cls.two = cls.lab.add("it-mon-two")
        cls.lab.start_all([cls.one, cls.two])

    def setUp(self):
        self.array = self.path("lxc_metrics.json")

    def watch(self, *arguments):
        return self.start_agent(*LAYOUT, "--json-file", self.array, *arguments)

    def read(self):
        return json.loads(self.array.read_text()) if self.array.exists() else []

    def wait_for_snapshots(self, agent, count, timeout=60):
        return agent.wait_for(lambda: len(found := self.read()) >= count and found, timeout, f"{count} snapshots")


class Layout(ArrayCase):
    def test_keys_types_and_times(self):
        agent = self.watch("--interval", "1s")
        snapshots = self.wait_for_snapshots(agent, 3)
        for snapshot in snapshots:
            self.assertEqual(set(snapshot), {"it-mon-one", "it-mon-two", "summary"})
            summary = snapshot["summary"]
            self.assertEqual(summary["total_containers"], 2)
            begin, end = (datetime.fromisoformat(summary[f"collection_{key}_time"]) for key in ("start", "end"))
            self.assertLessEqual(begin, end)
            for key in SUMMARY:
                self.assertIsInstance(summary[key], float, key)
            self.assertGreater(summary["monitor_memory_usage_mb"], 1)
        rows = rows_of(snapshots)
        disk = os.statvfs(self.one.lxcpath)
        for row in rows:
            self.assertLess(abs((datetime.now() - row["timestamp"]).total_seconds()), 600)
            for key in FLOATS:
                self.assertIsInstance(row[key], float, key)
            self.assertGreaterEqual(row["process_count"], 1)
            self.assertGreater(row["filesystem_total_gb"], 0)
            self.assertAlmostEqual(row["filesystem_total_gb"], disk.f_blocks * disk.f_frsize / 2**30, 2)
        seconds = sorted({row["timestamp"] for row in rows})
        self.assertGreaterEqual(len(seconds), 3)

    def test_once(self):
        done = program.run(*self.arguments("--once", *LAYOUT, "--json-file", self.array))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(rows_of(self.read())), 2)

    def test_cpu_usage_is_of_the_limit_over_the_last_interval(self):
        """One of two cores is 50 % within two samples, although the container has been idle for long."""
        agent = self.watch("--interval", "1s", "--no-host")
        self.wait_for_snapshots(agent, 2)
        source = SecondSource(self.one)
        idle = source.usage_usec()
        self.addCleanup(self.one.spawn_burner(30).kill)
        agent.wait_for(lambda: source.usage_usec() > idle + 50_000, what="the burner")
        before = len(self.read())
        values = [each["it-mon-one"]["cpu_usage_percent"] for each in self.wait_for_snapshots(agent, before + 2)[before:][:2]]
        self.assertGreater(max(values), 45)
        self.assertLess(max(values), 53)

    def test_operations_count_at_their_container_alone(self):
        agent = self.watch("--interval", "500ms")
        before = self.wait_for_snapshots(agent, 1)[-1]
        self.one.run_inside("dd", "if=/dev/zero", "of=/monitored", "bs=1M", "count=16", "oflag=direct")
        source = SecondSource(self.one)
        number = source.root_mount()[2]

        def counted():
            """What the kernel has counted for the container."""
            last, wanted = self.read()[-1], source.io(number).get("write_ops", 0)
            return last if last.get("it-mon-one", {}).get("io_stats", {}).get("writes", 0) >= wanted > 0 else None
        after = agent.wait_for(counted, what="the writes")
        self.assertGreaterEqual(after["it-mon-one"]["io_stats"]["writes"] - before["it-mon-one"]["io_stats"]["writes"], 16)
        self.assertLess(after["it-mon-two"]["io_stats"]["writes"] - before["it-mon-two"]["io_stats"]["writes"], 16)

    def test_containers_that_come_and_go(self):
        """A new container is there within two intervals; a stopped one is not, and the others stay complete."""
        agent = self.watch("--interval", "500ms")
        self.wait_for_snapshots(agent, 1)
        (late,) = self.started(self.lab.add("it-mon-late"))
        agent.wait_for(lambda: any("it-mon-late" in each for each in self.read()), what="the new container")
        late.stop(kill=True)
        agent.wait_for(lambda: "it-mon-late" not in self.read()[-1], what="its end")
        self.assertTrue(agent.running())
        for snapshot in self.read():
            self.assertLessEqual({"it-mon-one", "it-mon-two", "summary"}, set(snapshot))
            rows_of([snapshot])


class Readers(ArrayCase):
    def test_a_reader_never_sees_invalid_json_while_the_agent_is_killed(self):
        arguments = ("--interval", "100ms", "--json-max-size", "16KiB", "--json-keep", "2")
        agent = self.watch(*arguments)
        self.wait_for_snapshots(agent, 1)
        wrong, reads, ended = [], [], threading.Event()

        def keep_reading():
            while not ended.is_set():
                try:
                    reads.append(len(json.loads(self.array.read_text())))
                except (ValueError, OSError) as error:
                    wrong.append(error)
                ended.wait(0.01)
        reader = threading.Thread(target=keep_reading)
        reader.start()
        self.addCleanup(ended.set)
        moments = random.Random(17)
        for _ in range(50):
            before = self.read()[-1]["summary"]["collection_start_time"]
            agent.wait_for(lambda old=before: self.read()[-1]["summary"]["collection_start_time"] > old, what="another snapshot")
            last = self.read()[-1]["summary"]["collection_start_time"]
            ended.wait(moments.uniform(0, 0.1))  # a kill at any moment between two ticks
            agent.kill()
            self.assertGreaterEqual(self.read()[-1]["summary"]["collection_start_time"], last, "a snapshot that was there is lost")
            agent = self.watch(*arguments)
        ended.set()
        reader.join()
        self.assertEqual(wrong[:3], [])
        self.assertGreater(len(reads), 50)
        files = sorted(self.array.parent.glob("lxc_metrics.json*"))
        self.assertEqual([file.name for file in files], ["lxc_metrics.json", "lxc_metrics.json.1", "lxc_metrics.json.2"])
        for file in files:
            rows_of(json.loads(file.read_text()))
            self.assertLessEqual(file.stat().st_size, 16 << 10)

    def test_a_reader_takes_a_thousand_snapshots(self):
        """An array of LXC Monitor, as its json.dump(indent=4) leaves it, is continued."""
        agent = self.watch("--interval", "100ms", "--no-host")
        begin, *_ = self.wait_for_snapshots(agent, 1)
        agent.stop()
        self.array.write_text(json.dumps([self.earlier(begin, seconds) for seconds in range(997, 0, -1)], indent=4))
        agent = self.watch("--interval", "100ms", "--no-host")
        snapshots = self.wait_for_snapshots(agent, 1000)
        rows = rows_of(snapshots)
        self.assertEqual(len(rows), 2 * len(snapshots))
        times = [row["timestamp"] for row in rows if row["container_id"] == "it-mon-one"]
        self.assertEqual(times, sorted(set(times)))

    @staticmethod
    def earlier(snapshot, seconds):
        def shifted(text):
            return (datetime.fromisoformat(text) - timedelta(seconds=seconds)).isoformat()
        return {name: {**entry, "timestamp": shifted(entry["timestamp"])} if name != "summary" else entry
                for name, entry in snapshot.items()}


class Import(ArrayCase):
    def settings(self, interval=1, network="true"):
        yaml = self.file("lxc_monitor.yaml", EXAMPLE.format(folder=self.array.parent, interval=interval, network=network))
        done = program.run("import-config", yaml)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.file("lxcmon-push.toml", done.stdout)

    def test_the_example(self):
        text = self.settings(60).read_text()
        for line in ('interval = "60s"', 'log-max-size = "5MiB"', 'log-keep = "7"', 'io-exclude = ["loop*", "dm-*"]'):
            self.assertIn(line, text)
        for key in ("max_workers", "parallel_processing", "retry_limit", "retry_delay"):
            self.assertRegex(text, rf"#   monitoring\.{key} \(line \d+\): not needed: ")
        wrong = program.run("import-config", self.file("wrong.yaml", "monitoring:\n  max_worker: 8\n"))
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("wrong.yaml:2: monitoring.max_worker: unknown key of LXC Monitor (did you mean monitoring.max_workers?)", wrong.stderr)
        several = program.run("import-config", "/dev/null", "/dev/null")
        self.assertEqual(several.returncode, 2)

    def test_the_agent_runs_with_them(self):
        agent = self.start_agent("--config", self.settings())
        self.wait_for_snapshots(agent, 2)
        agent.stop()
        self.assertIn("stopped", (self.array.parent / "lxc_monitor.log").read_text())

    def test_excluded_devices(self):
        points = program.run(*self.arguments("--config", self.settings(), "--once", "--dry-run", "--io-include", "*")).stdout
        self.assertNotRegex(points, r"(?m)^(lxc|host)_io,.*device=(loop|dm-)")

    def test_a_network_that_is_switched_off_is_0_and_not_asked(self):
        for network, is_asked in ("true", True), ("false", False):
            with self.subTest(network):
                trace = self.path("trace")
                done = program.run(*self.arguments("--config", self.settings(network=network), "--once"),
                                   prefix=("strace", "-f", "-qq", "-e", "trace=sendto,setns", "-o", str(trace)))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(re.findall("RTM_GETLINK|CLONE_NEWNET", trace.read_text()) != [], is_asked)
                for row in rows_of(self.read()[-1:]):
                    self.assertEqual(row["rx_bytes"] + row["tx_bytes"] > 0, is_asked)
