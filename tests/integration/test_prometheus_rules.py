# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/prometheus/lxcmon-rules.yaml on made histories of an hour, by promtool: each rule fires for the sick alone."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "contrib/prometheus/lxcmon-rules.yaml"
MINUTES = 60


def steady(value, minutes=MINUTES):
    return f"{value}+0x{minutes}"


def then(before, after, minutes):
    """`after` in the last minutes."""
    return f"{steady(before, MINUTES - minutes - 1)} {steady(after, minutes)}"


def until(value, minutes):
    """Ends so long ago: a container that was removed, an agent that ended."""
    return f"{steady(value, MINUTES - minutes - 1)} stale"


def place(container, mountpoint, fstype):
    of = f',container="{container}"' if container else ""
    return f'{of},mountpoint="{mountpoint}",fstype="{fstype}"'


def filesystem(container, mountpoint, used, readonly, fstype="ext4"):
    prefix = "lxc_fs" if container else "host_fs"
    figures = {"used_ratio": steady(used), "inodes_used": steady(used * 100), "inodes": steady(100), "readonly": readonly}
    return [(f"{prefix}_{metric}", place(container, mountpoint, fstype), values) for metric, values in figures.items()]


UP, DOWN = steady(1), then(1, 0, 8)
FILE = ',file="/var/lib/prometheus/node-exporter/lxcmon.prom"'
NOW = "0+60x60"
# (metric, the labels after host="h", values). The container or mountpoint says whom it is about.
HISTORY = [
    ("lxcmon_push_containers", "", UP), ("lxcmon_push_containers", ',of="gone"', until(1, 20)),
    ("lxcmon_push_containers", ',of="late"', until(1, 3)),
    *(("lxc_state_running", f',container="{name}"', values) for name, values in {
        "well": UP, "down": DOWN, "moved": until(1, 20), "never": steady(0), "locked": DOWN, "by-hand": DOWN, "template": DOWN,
        "just": then(1, 0, 2), "with-onboot": DOWN}.items()),
    ("lxc_state_lock_info", ',container="locked",lock="backup"', steady(1)), ("lxc_state_onboot", ',container="by-hand"', steady(0)),
    ("lxc_state_onboot", ',container="with-onboot"', steady(1)), ("lxc_state_template", ',container="template"', steady(1)),
    # A user's container of the same name.
    ("lxc_state_running", ',container="down",lxcpath="/home/bob/lxc"', UP),
    ("lxc_state_onboot", ',container="down",lxcpath="/home/bob/lxc"', steady(0)),
    # Proxmox VE's host name changes before it goes down.
    ("lxc_state_running", ',container="renamed",name="a"', until(1, 20)),
    ("lxc_state_running", ',container="renamed",name="b"', f"_x{MINUTES - 20} {steady(0, 20)}"),
    ("lxc_state_restarts_total", ',container="loop"', f"{steady(0, 50)} 1+1x8"),
    ("lxc_state_restarts_total", ',container="once"', then(0, 1, 5)),
    *((f"{prefix}_memory_oom_kill_total", f',{label}="{name}"', values) for prefix, label in (("lxc", "container"), ("host", "of"))
      for name, values in {"killed": then(0, 1, 20), "long-ago": then(0, 1, 45), "new-counter": then(5, 0, 10)}.items()),
    ("lxc_memory_used_ratio", ',container="full"', then(0.5, 0.97, 20)), ("lxc_memory_used_ratio", ',container="peak"', then(0.5, 0.97, 4)),
    *((f"{prefix}_pressure_full_seconds_total", f',{label}="{name}",resource="{resource}"', values)
      for prefix, label in (("lxc", "container"), ("host", "of"))
      for name, resource, values in (("thrashes", "memory", "0+30x60"), ("well", "memory", "0+3x60"), ("busy", "cpu", "0+30x60"))),
    *filesystem("disks", "/full", 0.95, then(0, 1, 20)), *filesystem("disks", "/more", 0.97, then(0, 1, 15)),
    *filesystem("disks", "/well", 0.5, steady(0)), *filesystem("iso", "/", 0.5, steady(1)),
    # What a tenant does to his own memory is no error of a disk.
    *filesystem("tmp", "/tmp", 0.5, then(0, 1, 20), "tmpfs"), *filesystem("tmp", "/over", 0.5, then(0, 1, 20), "overlay"),
    *filesystem("shared", "/", 0.95, then(0, 1, 20)), ("lxc_fs_shared", place("shared", "/", "ext4"), steady(1)),
    ("lxc_fs_shared", place("disks", "/full", "ext4"), steady(0)),
    *filesystem(None, "/full", 0.95, then(0, 1, 20)), *filesystem(None, "/iso", 0.5, steady(1)),
    # node_exporter's own. Old: the agent hangs for 10 minutes.
    *(("node_textfile_mtime_seconds", f'instance="{name}"{file}', values) for name, file, values in (
        ("old", FILE, "0+60x50 3000+0x9"), ("fresh", FILE, NOW), ("others", FILE, NOW), ("refused", FILE, "0+60x40 stale"),
        ("others", ',file="/var/lib/prometheus/node-exporter/apt.prom"', steady(0)), ("stopped", FILE, "0+60x40 stale"))),
    *(("node_textfile_scrape_error", f'instance="{name}"', values) for name, values in {
        "old": steady(0), "others": steady(1), "refused": f"{steady(0, 40)} {steady(1, 19)}", "no-agent": steady(1),
        "stopped": steady(0)}.items()),
    *((f"lxc_cpu_nr_{metric}_total", f',container="{name}"', f"0+{growth}x60") for name, throttled, periods in (
        ("slow", 300, 600), ("well", 60, 600), ("no-limit", 0, 0)) for metric, growth in (("throttled", throttled), ("periods", periods))),
    ("lxcmon_push_spool_bytes", ',of="grows"', "0+100x60"), ("lxcmon_push_spool_bytes", ',of="at-its-end"', steady(1000)),
    ("lxcmon_push_dropped_points_total", ',of="at-its-end"', "0+5x60"), ("lxcmon_push_spool_bytes", ',of="left"', steady(50)),
    ("lxcmon_push_spool_bytes", ',of="empties"', "0 900 " * 30), ("lxcmon_push_rejected_points_total", ',of="refused"', then(0, 3, 10)),
    ("lxcmon_push_rejected_points_total", ',of="long-ago"', then(0, 3, 45)),
]
FIRES = {
    "LxcAgentSilent": {"gone"}, "LxcContainerDown": {"down", "with-onboot", "renamed"}, "LxcRestartLoop": {"loop"},
    "LxcOomKill": {"killed"}, "LxcHostOomKill": {"killed"}, "LxcMemoryFull": {"full"}, "LxcMemoryPressure": {"thrashes"},
    "LxcHostMemoryPressure": {"thrashes"}, "LxcFilesystemFull": {"disks"}, "LxcHostFilesystemFull": {"/full"}, "LxcInodesFull": {"disks"},
    "LxcHostInodesFull": {"/full"}, "LxcFilesystemReadonly": {"disks"}, "LxcHostFilesystemReadonly": {"/full"},
    "LxcThrottled": {"slow"}, "LxcSpoolGrowing": {"grows", "at-its-end"}, "LxcPointsRejected": {"refused"},
    "LxcMetricsOld": {"old"}, "LxcMetricsRefused": {"refused"},
}
OF_HOSTS = {"LxcAgentSilent", "LxcHostOomKill", "LxcHostMemoryPressure", "LxcSpoolGrowing", "LxcPointsRejected"}


# node_exporter's file, and the listener: what both have is one alert.
TARGETS = ('job="node",instance="h:9100"', 'job="lxcmon",instance="h:9105"')


def series_of(metric, labels):
    if metric.startswith("node_"):
        return [f"{metric}{{{labels}}}"]
    # Whom an agent's metric is about is its host.
    host = re.search(r',of="([^"]+)"', labels)
    made = f'host="{host[1]}"{labels.replace(host[0], "")}' if host else f'host="h"{labels}'
    return [f"{metric}{{{made},{target}}}" for target in TARGETS]


class PrometheusRules(unittest.TestCase):
    def test_each_fires_for_the_sick_alone(self):
        wanted = [(alert, name) for alert, names in FIRES.items() for name in names]
        firing = 'count by (alertname, container, lxcpath, mountpoint, host, instance, file) (ALERTS{alertstate="firing"})'
        samples = [{"labels": self.labels_of(alert, name), "value": 1} for alert, name in wanted]
        test = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
            "interval": "1m",
            "input_series": [{"series": series, "values": values.strip()} for metric, labels, values in HISTORY
                             for series in series_of(metric, labels)],
            "promql_expr_test": [{"expr": firing, "eval_time": f"{MINUTES}m", "exp_samples": samples}]}]}
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump(test, file)  # JSON is YAML
            file.flush()
            done = subprocess.run(["promtool", "test", "rules", file.name], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr).replace("},", "},\n"))

    @staticmethod
    def labels_of(alert, name):
        if alert.startswith("LxcMetrics"):
            return f'{{alertname="{alert}", instance="{name}"{FILE if alert == "LxcMetricsOld" else ""}}}'
        if name.startswith("/"):
            return f'{{alertname="{alert}", host="h", mountpoint="{name}"}}'
        if alert in OF_HOSTS:
            return f'{{alertname="{alert}", host="{name}"}}'
        return f'{{alertname="{alert}", host="h", container="{name}"}}'

    def test_each_rule_has_a_history(self):
        rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
        self.assertEqual({rule["alert"] for rule in rules}, set(FIRES))
        for rule in rules:
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))

    def test_they_ask_for_metrics_that_there_are(self):
        metrics = {metric for fields in json.loads((ROOT / "contrib/grafana/generator/metrics.json").read_text()).values()
                   for metric in fields.values()}
        rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
        used = {metric for rule in rules for metric in re.findall(r"\b(?:lxc|host|lxcmon)_\w+", rule["expr"])}
        self.assertGreater(len(used), 20)
        self.assertEqual(used - metrics, set())


if __name__ == "__main__":
    unittest.main()
