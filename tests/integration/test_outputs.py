# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers, JSON file, CSV files and metrics for Prometheus side by side: each gets every tick, and one that fails costs the others
nothing."""

import csv
import json
import shutil
import signal
import subprocess
import unittest
import urllib.request

from support.delivery_case import DeliveryCase, points_of, ticks_with
from support.recording_server import error_answer

GOOD = (204, {}, b"")
LISTEN = "127.0.0.1:19105"


class Outputs(DeliveryCase):
    def setUp(self):
        self.first, self.second = self.fault_server(), self.fault_server()
        self.json = self.path("points.jsonl")
        self.files = self.path("csv")
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir()
        self.json.unlink(missing_ok=True)

    def start(self, *arguments):
        return self.deliver_to(self.first.url, "--influx-url", self.second.url, "--influx-mode", "all", "--json-file", self.json,
                               "--csv-dir", self.files, "--openmetrics-listen", LISTEN, *arguments)

    # What each output has: {(container, time in ms)} of lxc_pids.
    def of_server(self, server):
        return {(point.tags["container"], point.time // 1_000_000) for point in points_of(server.delivered()) if point.measurement == "lxc_pids"}

    def of_json(self, path=None):
        points = [json.loads(line) for line in (path or self.json).read_text().splitlines()]
        return {(point["tags"]["container"], point["timestamp"] // 1_000_000) for point in points if point["name"] == "lxc_pids"}

    def of_csv(self):
        with open(next(self.files.glob("lxc_pids.*.csv")), newline="", encoding="utf-8") as file:
            return {(row["container"], row["time"]) for row in csv.DictReader(file)}

    def wanted(self, agent):
        """Of the ticks that surely have both containers with the tick's time."""
        return {(each.name, moment // 1_000_000) for moment in ticks_with(self.container_count, agent.stderr) for each in self.containers}

    def metrics(self):
        with urllib.request.urlopen(f"http://{LISTEN}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def stopped_with(self, agent, code):
        self.assertEqual(agent.stop().returncode, code, agent.stderr)

    def test_all_of_them_get_every_tick(self):
        agent = self.start()
        self.wait_for_ticks(agent, 5)
        self.assertIn('container="it-delivery-1"', self.metrics())
        self.drained_and_stopped(agent)
        wanted = self.wanted(agent)
        self.assertTrue(wanted)
        for name, got in {"first": self.of_server(self.first), "second": self.of_server(self.second), "json": self.of_json()}.items():
            self.assertEqual(wanted - got, set(), name)
        self.assertEqual(len(self.of_csv()), len(self.of_json()))

    def test_a_server_that_fails_costs_the_others_nothing(self):
        self.first.answer = error_answer(503, "not now")
        agent = self.start()
        agent.wait_for(lambda: self.spool(agent).segments(), 30, "points in the spool")
        self.wait_for_ticks(agent, 3)
        self.assertIn('container="it-delivery-1"', self.metrics())
        agent.wait_for(lambda: len(self.of_server(self.second)) >= 6, 30, "points in the second server")
        self.stopped_with(agent, 0)
        wanted = self.wanted(agent)
        self.assertEqual(self.of_server(self.first), set())
        self.assertEqual(wanted - self.of_json(), set())
        self.assertEqual(len(self.of_csv()), len(self.of_json()))

    def test_files_that_fail_cost_the_servers_nothing_and_catch_up(self):
        disk = self.path("disk")
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "lxcmon-it", str(disk)], check=True)
        self.json = disk / "points.jsonl"
        self.files.rmdir()
        agent = self.start()
        agent.wait_for(lambda: self.lines_with(agent, "No space left on device"), 60, "a full disk in the log")
        agent.wait_for(lambda: self.lines_with(agent, "does not exist; correct --csv-dir"), 30, "the missing folder in the log")
        self.wait_for_ticks(agent, 3)
        self.assertIn('container="it-delivery-1"', self.metrics())
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        agent.wait_for(lambda: self.wanted(agent) <= self.of_json(), 60, "the file to have caught up")
        agent.wait_for(lambda: not self.spool(agent).segments(), 60, "an empty spool")
        wanted = self.wanted(agent)
        agent.stop()  # 1: the rows of the missing folder are lost
        for server in (self.first, self.second):
            self.assertEqual(wanted - self.of_server(server), set())

    def test_snapshots_beside_a_server_and_csv_files_and_a_reload_that_changes_the_outputs(self):
        settings = self.path("settings.toml")
        settings.write_text(f'json-file = "{self.json}"\njson-layout = "lxc-monitor"\n')
        agent = self.start("--config", settings)
        self.wait_for_ticks(agent, 3)
        agent.wait_for(lambda: self.json.exists() and len(json.loads(self.json.read_text())) >= 3, 30, "three snapshots")
        self.stopped_with(agent, 0)
        snapshots = json.loads(self.json.read_text())
        self.assertLessEqual({each.name for each in self.containers}, set(snapshots[-1]))
        self.assertEqual(self.wanted(agent) - self.of_server(self.second), set())
        self.assertTrue(self.of_csv())

    def test_a_reload_begins_and_ends_the_json_file_beside_a_server(self):
        settings = self.path("reload.toml")
        settings.write_text(f'influx-url = ["{self.first.url}"]\n')
        sent = [f"--metrics={each}" for each in ("lxc_pids", "lxc_state")]
        agent = self.start_agent("--interval", "200ms", "--log-level", "debug", "--config", settings, *sent)
        self.wait_for_ticks(agent, 2)
        self.assertFalse(self.json.exists())
        settings.write_text(f'influx-url = ["{self.first.url}"]\njson-file = "{self.json}"\n')
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: self.json.exists() and len(self.of_json()) >= 4, 30, "points in the file")
        settings.write_text(f'influx-url = ["{self.first.url}"]\n')
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: agent.stderr.count("the new settings are in force") == 2, 30, "the second reload")
        size = self.json.stat().st_size
        self.wait_for_ticks(agent, 3)
        self.assertEqual(self.json.stat().st_size, size)
        self.drained_and_stopped(agent)
        self.assertEqual(self.wanted(agent) - self.of_server(self.first), set())


if __name__ == "__main__":
    unittest.main()
