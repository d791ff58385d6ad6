# SPDX-License-Identifier: GPL-2.0-or-later
"""The subcommands: list, check and replay; and what the log looks like."""

import gzip
import json
import os
import re
import subprocess
import time
import unittest

from support import agent as program
from support.case import HOST, LabCase, wait_for_file
from support.containers import Limits, Spec
from support.influx import ADMIN, free_port
from support.line_protocol import parse_lines
from support.second_source import SecondSource

MIB = 1024 * 1024
LIST_KEYS = {"name", "lxcpath", "state", "init_pid", "cpu_percent", "memory_used_bytes", "memory_limit_bytes", "rx_bytes_per_sec",
             "tx_bytes_per_sec", "disk_used_bytes", "disk_total_bytes", "cpu_pressure_percent", "memory_pressure_percent",
             "io_pressure_percent", "processes", "oom_kills", "throttled_percent", "swap_used_bytes"}
T = 1700000000000000000
# JSON Lines and the line protocol that they must become, byte for byte.
GOLDEN = (
    (f'{{"fields":{{"usage_usec":12,"usage_percent":0.5}},"name":"lxc_cpu","tags":{{"container":"a","host":"h"}},"timestamp":{T}}}',
     f"lxc_cpu,container=a,host=h usage_usec=12i,usage_percent=0.5 {T}"),
    (f'{{"fields":{{"x":-9223372036854775808,"y":9223372036854775807}},"name":"m","tags":{{"host":"h"}},"timestamp":{T + 1}}}',
     f"m,host=h x=-9223372036854775808i,y=9223372036854775807i {T + 1}"),
    (f'{{"fields":{{"b":true,"c":false,"s":"say \\"hi\\""}},"name":"m","tags":{{"host":"h"}},"timestamp":{T}}}',
     f'm,host=h b=true,c=false,s="say \\"hi\\"" {T}'),
    (f'{{"fields":{{"x":1}},"name":"lxc fs","tags":{{"mountpoint":"/a b,c=d"}},"timestamp":{T}}}',
     f"lxc\\ fs,mountpoint=/a\\ b\\,c\\=d x=1i {T}"),
    (f'{{"fields":{{"x":1}},"name":"m","tags":{{"container":"b\u00fccher \u2603","host":"h"}},"timestamp":{T}}}',
     f"m,container=b\u00fccher\\ \u2603,host=h x=1i {T}"),
)


class CommandsCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls.lab.add("it-running", Spec(Limits(memory_bytes=128 * MIB)))
        cls.lab.start_all([cls.container])
        cls.stopped = cls.lab.add("it-stopped")

    def run_agent(self, *arguments, **more):
        return program.run(*self.arguments(*arguments), **more)

    def record_points(self, *more):
        """A JSON Lines file as the agent writes it."""
        path = self.path("points.jsonl")
        result = self.run_agent("--once", "--json-file", path, *more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return path


class List(CommandsCase):
    def test_a_table_for_people(self):
        result = self.run_agent("list")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        header, *rows = result.stdout.splitlines()
        for word in ("name", "state", "cpu", "memory", "disk"):
            self.assertIn(word, header.lower())
        by_name = {row.split()[0]: row for row in rows if row.strip()}
        self.assertEqual(set(by_name), {"it-running", "it-stopped", "TOTAL"})
        self.assertIn("RUNNING", by_name["it-running"])
        self.assertIn("STOPPED", by_name["it-stopped"])

    def test_json_for_scripts(self):
        burner = self.container.spawn_burner(2)
        result = self.run_agent("list", "--json")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        containers = {each["name"]: each for each in json.loads(result.stdout)}
        burner.wait(300)
        running, stopped = containers["it-running"], containers["it-stopped"]
        self.assertEqual(set(running), LIST_KEYS)
        self.assertEqual((running["state"], running["lxcpath"], running["init_pid"]),
                         ("RUNNING", str(self.lab.lxcpath), self.container.init_pid()))
        self.assertGreater(running["cpu_percent"], 5)
        self.assertEqual(running["memory_limit_bytes"], 128 * MIB)
        disk = SecondSource(self.container).filesystem()
        self.assert_near(running["disk_total_bytes"], disk["total_bytes"], "disk_total_bytes")
        self.assert_near(running["disk_used_bytes"], disk["used_bytes"], "disk_used_bytes")
        self.assertEqual(stopped, {"name": "it-stopped", "lxcpath": str(self.lab.lxcpath), "state": "STOPPED"})

    def test_no_container_is_not_an_error(self):
        empty = self.path("no-containers")
        empty.mkdir()
        result = program.run("list", "--json", "--lxcpath", empty)
        self.assertEqual((result.returncode, json.loads(result.stdout)), (0, []))


class Check(CommandsCase):
    def test_all_is_well(self):
        influx = self.own_influxd()
        result = self.run_agent("check", "--influx-url", influx.url)
        self.assertEqual(result.returncode, 0, result)
        lines = (result.stdout + result.stderr).splitlines()
        self.assertGreaterEqual(len(lines), 4, lines)
        for word in ("settings", "liblxc", influx.url, "container"):
            self.assertTrue([line for line in lines if word in line], f"no line tells of {word}: {lines}")

    def test_the_server_is_down(self):
        url = f"http://127.0.0.1:{free_port()}"
        result = self.run_agent("check", "--influx-url", url)
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stdout + result.stderr, f"(?i){re.escape(url)}.*(refused|connect|reach)")
        self.assertLess(result.seconds, 10)

    def test_credentials(self):
        influx = self.own_influxd(auth=True)
        for password, code in ((ADMIN[1], 0), ("wrong-password", 1)):
            result = self.run_agent("check", "--influx-url", influx.url, "--influx-user", ADMIN[0], "--influx-password-file",
                                    self.file("password", f"{password}\n"))
            self.assertEqual(result.returncode, code, result)
            self.assertNotIn(password, result.stdout + result.stderr)
        self.assertRegex(result.stdout + result.stderr, "(?i)401|credential|password|authoriz")

    def test_it_writes_no_file(self):
        path = self.path("of-check.jsonl")
        no_spool = {"LXCMON_SPOOL_DIR": None, "LXCMON_SEND_JITTER": None}
        self.assertEqual(self.run_agent("check", "--json-file", path, env=no_spool).returncode, 0)
        self.assertFalse(path.exists() and path.stat().st_size)


class Replay(CommandsCase):
    def test_golden_lines(self):
        path = self.file("golden.jsonl", "".join(f"{line}\n" for line, _ in GOLDEN))
        wanted = "".join(f"{line}\n" for _, line in GOLDEN)
        result = program.run("replay", "--dry-run", path)
        self.assertEqual((result.returncode, result.stdout), (0, wanted), result.stderr)
        self.assertEqual(program.run("replay", path, "--dry-run").stdout, wanted)
        self.assertEqual(program.run("replay", "--dry-run", "-", stdin=path.read_text()).stdout, wanted)
        self.assertEqual(program.run("replay", "--dry-run", path, path).stdout, wanted * 2)
        gzipped = self.path("golden.jsonl.gz")
        gzipped.write_bytes(gzip.compress(path.read_bytes()))
        self.assertEqual(program.run("replay", "--dry-run", gzipped).stdout, wanted)
        gzipped.write_bytes(gzip.compress(path.read_bytes())[:-6])
        result = program.run("replay", "--dry-run", gzipped)
        self.assertEqual((result.returncode, result.stdout), (1, wanted), result.stderr)
        self.assertRegex(result.stderr, r"golden\.jsonl\.gz: can't be read to its end: damaged gzip")

    def test_the_agents_own_points(self):
        path = self.record_points("--tag", "site=a b,c=d")
        objects = [json.loads(line) for line in path.read_text().splitlines()]
        result = program.run("replay", "--dry-run", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        points = parse_lines(result.stdout)
        self.assertEqual(len(points), len(objects))
        for point, wanted in zip(points, objects):
            self.assertEqual((point.measurement, point.tags, point.time), (wanted["name"], wanted["tags"], wanted["timestamp"]))
            # Types too: 1 is not 1.0, for one is an integer field and the other a float.
            self.assertEqual({key: repr(value) for key, value in point.fields.items()},
                             {key: repr(value) for key, value in wanted["fields"].items()})

    def test_it_needs_somewhere_to_deliver_to(self):
        result = program.run("replay", self.record_points())
        self.assertEqual((result.returncode, result.stdout, len(result.error_lines())), (2, "", 1), result)
        self.assertRegex(result.stderr, "--influx-url")

    def test_into_influxdb(self):
        influx = self.own_influxd()
        path = self.record_points()
        result = program.run("replay", path, "--influx-url", influx.url, "--influx-db", "replayed")
        self.assertEqual(result.returncode, 0, result.stderr)
        for wanted in map(json.loads, path.read_text().splitlines()):
            rows = influx.rows(wanted["name"], db="replayed", **wanted["tags"])
            self.assertEqual([(row.time, row.fields) for row in rows], [(wanted["timestamp"], wanted["fields"])], wanted)

    def test_a_server_that_is_down_is_a_failure(self):
        path = self.record_points()
        result = program.run("replay", path, "--influx-url", f"http://127.0.0.1:{free_port()}", timeout=60)
        self.assertIn("; replay stops if this lasts", result.stderr)
        self.assertNotIn("sent again", result.stderr)
        self.assertEqual(result.returncode, 1, result)

    def test_broken_lines(self):
        good, wanted = GOLDEN[0]
        for broken in ("{", "not json", '{"name":"m"}', good[:40], "[]", good.replace("12", '"a\\ud800"')):
            with self.subTest(broken):
                path = self.file("broken.jsonl", f"{good}\n{broken}\n{good}\n")
                result = program.run("replay", "--dry-run", path)
                self.assertEqual(result.returncode, 1, result)
                self.assertRegex(result.stderr, r"broken\.jsonl.*\b2\b")
                self.assertTrue(set(result.stdout.splitlines()) <= {wanted}, result.stdout)


class Log(CommandsCase):
    def test_json(self):
        agent = self.start_agent("--interval", "100ms", "--log-format", "json", "--log-level", "debug", "--json-file", self.path("p.jsonl"),
                                 "--tag", 'quoted="a\\b"')
        agent.wait_for(lambda: agent.stderr.count("\n") >= 2, what="two log lines")
        for line in agent.stop().stderr.splitlines():
            self.assertIsInstance(json.loads(line), dict, line)

    def test_to_a_file_that_is_rotated(self):
        path = self.path("agent.log")
        agent = self.start_agent("--interval", "100ms", "--log-file", path, "--log-level", "trace", "--log-max-size", "1KiB",
                                 "--log-keep", "2", "--json-file", self.path("p.jsonl"))
        agent.wait_for(lambda: len(list(path.parent.glob("agent*.log*"))) == 3, 60, "two rotated logs")
        self.assertEqual(agent.stop().stderr, "")
        self.assertLessEqual(max(each.stat().st_size for each in path.parent.glob("agent*.log*")), 4 * 1024)

    def test_check_tests_the_file_and_makes_none(self):
        path = self.path("agent.log")
        result = self.run_agent("check", "--log-file", path)
        self.assertIn(f" log         {path}: can be made in ", result.stdout)
        self.assertFalse(path.exists())
        missing = self.path("none") / "agent.log"
        result = self.run_agent("check", "--log-file", missing)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn(f"FAIL  log         the folder {missing.parent} does not exist", result.stdout)
        self.assertFalse(missing.parent.exists())

    def test_another_users_link_is_not_followed(self):
        target = self.path("target")
        link = self.path("agent.log")
        link.symlink_to(target)
        os.chown(link, 47921, 47921, follow_symlinks=False)
        result = self.run_agent("--once", "--json-file", "-", "--log-file", link)
        self.assertEqual((result.returncode, result.stdout), (2, ""), result)
        self.assertIn("is a symbolic link, and no link is followed", result.stderr)
        self.assertFalse(target.exists())

    def test_nothing_but_points_on_standard_output(self):
        result = self.run_agent("--once", "--json-file", "-", "--log-level", "trace")
        self.assertEqual(result.returncode, 0, result.stderr)
        points = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual({point["tags"]["host"] for point in points}, {HOST})
        self.assertEqual({point["timestamp"] for point in points}, {points[0]["timestamp"]})


class OnceAndStop(CommandsCase):
    def test_once_has_rates_and_is_quick(self):
        result = self.run_agent("--once", "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        (cpu,) = [point for point in parse_lines(result.stdout) if point.measurement == "lxc_cpu"]
        self.assertIn("usage_percent", cpu.fields)
        self.assertLess(result.seconds, 5)
        self.assertLess(abs(cpu.time - time.time_ns()), 30e9)

    def test_it_ends_when_nobody_reads_its_standard_output(self):
        command = [program.binary(), *map(str, self.arguments("--interval", "100ms", "--json-file", "-"))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=program.clean_environment(self.path("spool")))
        self.workspace.note_process(process.pid)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(10), 0, process.stderr.read())

    def test_ticks_in_a_file(self):
        path = self.path("ticks.jsonl")
        agent = self.start_agent("--interval", "200ms", "--json-file", path)
        wait_for_file(path, 1)
        agent.wait_for(lambda: len({json.loads(line)["timestamp"] for line in path.read_text().splitlines(True) if line.endswith("\n")}) > 3,
                       what="four ticks")
        agent.stop()
        times = sorted({json.loads(line)["timestamp"] for line in path.read_text().splitlines()})
        self.assert_on_time(times, 200_000_000)
        self.assertEqual(times[0] % 200_000_000, 0)


if __name__ == "__main__":
    unittest.main()
