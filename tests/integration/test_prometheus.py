# SPDX-License-Identifier: GPL-2.0-or-later
"""--openmetrics-file: what promtool, node_exporter's textfile collector and Prometheus make of it, and what is there when."""

import json
import os
import signal
import stat
import unittest

from support import agent as program
from support.case import HOST
from support.metrics_case import ALL, MetricsFileCase
from support.prometheus import NodeExporter, Prometheus, promtool_says, samples_of, values_of
from support.reload_case import NOT_SET
from support.waiting import wait_until


class Text(MetricsFileCase):
    def test_promtool_has_nothing_to_say(self):
        # The names of a tenant: quotes, backslashes and line ends in a mount point and a command.
        self.web.run_inside("sh", "-c", "mkdir -p '/tmp/a\"b\\c' && mount -t tmpfs x '/tmp/a\"b\\c'")
        self.addCleanup(self.web.run_inside, "umount", "/tmp/a\"b\\c")
        self.web.run_inside("sh", "-c", "cp /bin/busybox '/tmp/s\"l\\p'")
        burner = self.web.spawn_inside("/tmp/s\"l\\p", "sleep", "1000")
        self.addCleanup(burner.kill)
        text = self.run_once("--dry-run", "--openmetrics-file", "-", "--tag", "a-b=1", "--tag", "lock=x\"y", *ALL).stdout
        self.assertEqual(promtool_says(text), "")
        samples = samples_of(text)
        self.assertEqual(len(values_of(samples, "lxc_fs_total_bytes", mountpoint="/tmp/a\"b/c", a_b="1", lock_="x\"y")), 1)
        self.assertEqual(values_of(samples, "lxc_state", container="it-prom-web", lxc_state="RUNNING"), [1])
        self.assertEqual(values_of(samples, "lxc_state", container="it-prom-stopped", lxc_state="STOPPED"), [1])
        self.assertNotIn("lxc_cpu,", text)

    def test_values_and_labels_are_those_of_the_points(self):
        self.run_once("--json-file", self.points_path(), "--openmetrics-file", self.metrics)
        points = [json.loads(line) for line in self.points_path().read_text().splitlines()]
        samples = self.read()
        self.assertEqual(len(samples), len(set(samples)))
        wanted = {"usage_usec": ("lxc_cpu_usage_seconds_total", 1e-6), "usage_percent": ("lxc_cpu_usage_ratio", 0.01),
                  "limit_cores": ("lxc_cpu_limit_cores", 1), "nr_periods": ("lxc_cpu_nr_periods_total", 1)}
        (cpu,) = [point for point in points if point["name"] == "lxc_cpu"]
        for field, (name, factor) in wanted.items():
            self.assertAlmostEqual(samples[name, tuple(sorted(cpu["tags"].items()))], cpu["fields"][field] * factor, 9, field)
        # No number is forgotten, and none is made up; the state has a sample for each state, a text one.
        count = sum(1 if key != "state" else 8 for point in points for key in point["fields"])
        self.assertEqual(len(samples), count)
        self.assertEqual(stat.S_IMODE(self.metrics.stat().st_mode), 0o644)

    def test_a_dry_run_touches_no_file(self):
        result = self.run_once("--dry-run", "--openmetrics-file", self.metrics)
        self.assertIn("lxc_cpu,", result.stdout)
        self.assertFalse(self.metrics.exists())

    def test_check_names_what_is_wrong(self):
        good = program.run(*self.arguments("check", "--json-file", self.points_path(), "--openmetrics-file", self.metrics))
        self.assertIn(f"ok    prometheus  {self.metrics}: can be written", good.stdout)
        missing = self.path("no-folder") / "x.prom"
        bad = program.run(*self.arguments("check", "--json-file", self.points_path(), "--openmetrics-file", missing))
        self.assertIn(f"FAIL  prometheus  {missing}: opening its folder", bad.stdout)
        self.assertEqual(bad.returncode, 1)


class Collectors(MetricsFileCase):
    def test_node_exporter_and_prometheus_read_it(self):
        exporter = NodeExporter(self.workspace, f"node-exporter-{self._testMethodName}")
        self.addCleanup(exporter.stop)
        exporter.start(self.metrics.parent)
        agent = self.watch(*ALL)

        def read_by_exporter():
            text = exporter.metrics()
            return text if "lxc_cpu_usage_ratio{" in text else None  # the second tick's: it has all
        text = agent.wait_for(read_by_exporter, what="node_exporter to read the file")
        samples = samples_of(text)
        self.assertEqual(values_of(samples, "node_textfile_scrape_error"), [0])
        self.assertEqual(len(values_of(samples, "node_textfile_mtime_seconds", file=str(self.metrics))), 1)
        self.assertIn("# TYPE lxc_cpu_usage_seconds_total counter\n", text)
        self.assertIn("# TYPE lxc_memory_usage_bytes gauge\n", text)
        self.assertEqual({name for name, _ in self.read()} - {name for name, _ in samples}, set())
        self.assertEqual(promtool_says(self.metrics.read_text()), "")

        prometheus = Prometheus(self.workspace, f"prometheus-{self._testMethodName}")
        self.addCleanup(prometheus.stop)
        prometheus.start(exporter.address)
        # What always works is the agent itself.
        agent.wait_for(lambda: any(value > 0 for _, value in prometheus.query("rate(lxcmon_push_cpu_seconds_total[10s])")),
                       what="a rate in Prometheus")
        self.assertEqual(prometheus.troubles(), [])
        ((labels, value),) = prometheus.query('lxc_memory_limit_bytes{container="it-prom-web"}')
        self.assertEqual((labels["host"], value), (HOST, 256 << 20))
        ((labels, _),) = prometheus.query('lxc_state{container="it-prom-web"} == 1')
        self.assertEqual(labels["lxc_state"], "RUNNING")
        self.assertEqual(prometheus.metadata("lxc_cpu_usage_seconds_total")[0]["type"], "counter")

        agent.stop()
        # Its end is seen at the next scrape, and not after the five minutes of a target that is gone.
        wait_until(lambda: not prometheus.query("lxc_state"), 30, "the series to end")


class Life(MetricsFileCase):
    def test_series_come_and_go_with_their_containers(self):
        (short,) = self.started(self.lab.add("it-prom-short"))
        agent = self.watch()

        def names():
            return {name for name, labels in self.read() if dict(labels).get("container") == "it-prom-short"}
        # Longer than what is kept between two samples of a filesystem.
        agent.wait_for(lambda: "lxc_fs_free_bytes" in names(), what="the series of a container")
        short.stop()
        agent.wait_for(lambda: all(name.startswith("lxc_state") for name in names()), what="the series of what runs to end")
        self.assertTrue(names())
        short.destroy()
        agent.wait_for(lambda: not names(), what="all series to end")
        self.assertTrue(values_of(self.read(), "lxc_state_running", container="it-prom-web"))

    def test_series_do_not_flicker(self):
        """Filesystems are sampled once a minute and peaks at each sixth tick: their series must be there in between."""
        agent = self.watch("--lxcpath", self.lab.lxcpath, "--include", "it-prom-web", "--no-host", env={"LXCMON_FS_INTERVAL": "60s"})

        def new_text(before):
            return agent.wait_for(lambda: (text := self.metrics.read_text()) != before and text, what="the next text")
        text = ""
        for _ in range(7):  # until each value has been sampled
            text = new_text(text)
        series = set(samples_of(text))
        self.assertIn("lxc_memory_peak_bytes", {name for name, _ in series})
        self.assertIn("lxc_fs_free_bytes", {name for name, _ in series})
        for _ in range(14):
            text = new_text(text)
            self.assertEqual(series ^ set(samples_of(text)), set())

    def test_the_end_of_the_agent(self):
        agent = self.watch()
        self.assertEqual(agent.stop().returncode, 0)
        self.assertEqual([path.name for path in self.metrics.parent.iterdir()], ["points.jsonl"])
        agent = self.watch()
        agent.kill()
        before = self.metrics.stat().st_mtime_ns
        agent = self.watch()
        agent.wait_for(lambda: self.metrics.stat().st_mtime_ns > before, what="the file to be replaced")

    def test_a_folder_that_comes_and_goes(self):
        folder = self.path("later")
        self.metrics = folder / "x.prom"
        agent = self.start_agent("--interval", "200ms", "--json-file", self.points_path(), "--openmetrics-file", self.metrics)
        agent.wait_for(lambda: f"no metrics for Prometheus: {self.metrics}: opening its folder" in agent.stderr, what="the error")
        folder.mkdir()
        agent.wait_for(lambda: "metrics for Prometheus are written again" in agent.stderr, what="the end of the error")
        self.assertEqual(agent.stderr.count("no metrics for Prometheus"), 1)
        self.assertTrue(self.read())

    def test_a_reader_that_does_not_read(self):
        """As a disk that does not answer: ticks go on, the log says so, and the agent can be ended."""
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        agent = self.start_agent("--interval", "200ms", "--json-file", self.points_path(), "--openmetrics-file", "-",
                                 prefix=("sh", "-c", f'exec "$@" >{pipe}', "sh"))
        agent.wait_for(lambda: "no metrics for Prometheus: the reader of standard output does not read" in agent.stderr, 40, "the error")
        before = self.points_path().stat().st_size
        agent.wait_for(lambda: self.points_path().stat().st_size > before, what="more points")
        self.assertEqual(agent.stop().returncode, 0)

    def test_reload(self):
        settings = self.file("settings.toml")

        def write(*more):
            settings.write_text("\n".join([f'lxcpath = ["{self.lab.lxcpath}"]', 'interval = "200ms"', f'json-file = "{self.points_path()}"', *more]))
        other = self.path("other.prom")
        write(f'openmetrics-file = "{self.metrics}"')
        agent = program.Agent(self.workspace, "--config", settings, env=NOT_SET)
        self.addCleanup(agent.kill)
        agent.wait_for(self.metrics.exists, what="the file of metrics")
        write(f'openmetrics-file = "{other}"')
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(other.exists, what="the other file")
        self.assertFalse(self.metrics.exists())
        write()
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: not other.exists(), what="the end of the other file")
        self.assertEqual(agent.stop().returncode, 0)


if __name__ == "__main__":
    unittest.main()
