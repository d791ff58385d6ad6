# SPDX-License-Identifier: GPL-2.0-or-later
"""How points reach InfluxDB and the JSON file, also when the server is away, refuses, or wants them otherwise."""

import json
import time
import unittest

from support import agent as program
from support.case import wait_for_file, wait_for_rows
from support.delivery_case import DeliveryCase, points_of
from support.findings import SANITIZED
from support.influx import Influxd, free_port
from support.line_protocol import parse_lines
from support.waiting import wait_until

INTERVAL_NS = 500_000_000


class WatchingCase(DeliveryCase):
    container_count = 3

    def watch(self, url, *arguments, env=None):
        return self.start_agent("--interval", "500ms", "--influx-url", url, *arguments, env=env)

    def assert_no_gap(self, times):
        times = sorted(set(times))
        gaps = [(earlier, later) for earlier, later in zip(times, times[1:]) if later - earlier != INTERVAL_NS]
        self.assertEqual(gaps, [])


class Requests(WatchingCase):
    def test_one_gzip_post_for_each_batch(self):
        server = self.recorder()
        self.run_once("--influx-url", server.url, "--influx-db", "my db", "--batch-size", "7")
        requests = server.writes()
        for request in requests:
            self.assertEqual((request.method, request.path), ("POST", "/write"))
            self.assertEqual({key: request.query[key] for key in ("db", "precision")}, {"db": "my db", "precision": "ns"})
            self.assertEqual(request.headers["content-encoding"], "gzip")
            self.assertEqual(request.raw_body[:2], b"\x1f\x8b")
            self.assertNotIn("authorization", request.headers)
            self.assertTrue(request.body.endswith("\n"))
        # What was sampled last goes first.
        sizes = sorted((len(parse_lines(request.body)) for request in requests), reverse=True)
        self.assertEqual(sizes[:-1], [7] * (len(sizes) - 1))
        self.assertTrue(len(sizes) >= 3 and sizes[-1] <= 7, sizes)

    def test_all_of_a_tick_in_one_request(self):
        server = self.recorder()
        self.run_once("--influx-url", server.url)
        (request,) = server.writes()
        points = points_of([request])
        names = {container.name for container in self.containers}
        self.assertEqual({point.tags["container"] for point in points if point.measurement.startswith("lxc_")}, names)
        self.assertIn("host_cpu", {point.measurement for point in points})
        self.assertEqual(len({point.time for point in points}), 1)

    def test_basic_authorization(self):
        server = self.recorder()
        self.run_once("--influx-url", server.url, "--influx-user", "me", "--influx-password-file", self.file("password", "pass:word\n"))
        self.assertEqual(server.writes()[0].headers["authorization"], "Basic bWU6cGFzczp3b3Jk")

    def test_v2(self):
        server = self.recorder()
        self.run_once(env={"INFLUX_URL": server.url, "INFLUX_TOKEN": "t0ken", "INFLUX_ORG": "my org", "INFLUX_BUCKET": "b/1"})
        (request,) = server.writes()
        self.assertEqual(request.path, "/api/v2/write")
        self.assertEqual({key: request.query[key] for key in ("org", "bucket", "precision")},
                         {"org": "my org", "bucket": "b/1", "precision": "ns"})
        self.assertEqual(request.headers["authorization"], "Token t0ken")

    def test_a_path_in_the_url_is_kept(self):
        server = self.recorder()
        self.run_once("--influx-url", f"{server.url}/behind/proxy/")
        self.assertEqual(server.writes()[0].path, "/behind/proxy/write")

    def test_the_flush_interval_gathers_ticks(self):
        server = self.recorder()
        agent = self.watch(server.url, "--flush-interval", "2s")
        agent.wait_for(lambda: len(server.writes()) >= 2, 15, "two requests")
        ticks = [len({point.time for point in points_of([request])}) for request in server.writes()]
        self.assertTrue(all(3 <= count <= 5 for count in ticks[1:]), ticks)

    def test_the_oldest_goes_first_and_nothing_twice(self):
        server = self.recorder()
        agent = self.watch(server.url)
        agent.wait_for(lambda: len(server.writes()) >= 6, 15, "six requests")
        agent.stop()
        points = points_of(server.writes())
        times = [point.time for point in points]
        self.assertEqual(times, sorted(times))
        keys = [(point.measurement, tuple(point.tags.items()), point.time) for point in points]
        self.assertEqual(len(set(keys)), len(keys))
        self.assert_no_gap(times)


class Answers(WatchingCase):
    def test_503_with_retry_after(self):
        server = self.recorder()
        server.answer = (503, {"Retry-After": "2"}, b"")
        agent = self.watch(server.url)
        agent.wait_for(server.writes, what="the first request")
        self.assertEqual(len(wait_until(server.writes)), 1)
        agent.wait_for(lambda: len(server.writes()) >= 2, 15, "the second try")
        first, second = server.writes()[:2]
        self.assertGreaterEqual(second.moment - first.moment, 1.9)
        server.answer = (204, {}, b"")
        agent.wait_for(lambda: len(server.delivered()) >= 4, 15, "deliveries")
        self.assert_spool_empty(agent)
        agent.stop()
        self.assertEqual(set(first.body.splitlines()) - {line for request in server.delivered() for line in request.body.splitlines()},
                         set(), "what is sent again is identical, also from the spool")
        self.assert_no_gap([point.time for point in points_of(server.delivered())])

    def test_415_goes_on_without_gzip(self):
        server = self.recorder()
        server.answer = lambda request: (415 if "content-encoding" in request.headers else 204, {}, b"")
        agent = self.watch(server.url)
        agent.wait_for(lambda: len(server.writes()) >= 4, what="four requests")
        first, *later = server.writes()
        self.assertEqual(first.headers.get("content-encoding"), "gzip")
        self.assertEqual({request.headers.get("content-encoding") for request in later}, {None})
        self.assertEqual(later[0].body, first.body)

    def test_a_type_conflict_costs_only_its_own_points(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")
        # InfluxDB keeps a field's type for each shard, so the intruder's time must be near.
        intruder = f'lxc_pids,container=x processes="many" {time.time_ns()}\n'
        self.assertEqual(influx.write("lxc", intruder.encode()), (204, ""))
        agent = self.watch(influx.url)
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_state"):
            for container in self.containers:
                wait_for_rows(influx, agent, 4, measurement, container=container.name)
        agent.stop()
        self.assert_no_gap([row.time for row in influx.rows("lxc_cpu", container="it-delivery-0")])
        self.assertEqual([row.fields for row in influx.rows("lxc_pids") if "processes" in row.fields], [{"processes": "many"}])


class Outage(WatchingCase):
    def test_the_database_is_made(self):
        influx = self.own_influxd()
        self.assertEqual(influx.databases(), set())
        self.run_once("--influx-url", influx.url, "--influx-db", 'odd "name"')
        self.assertEqual(influx.databases(), {'odd "name"'})

    def test_ticks_of_an_outage_arrive_afterwards(self):
        influx = self.own_influxd()
        agent = self.watch(influx.url)
        wait_for_rows(influx, agent, 2, "lxc_cpu", container="it-delivery-0")
        influx.stop()
        begin = time.time_ns()
        wait_until(lambda: time.time_ns() > begin + 5 * INTERVAL_NS, what="five ticks without a server")
        end = time.time_ns()
        influx.start()
        agent.wait_for(lambda: influx.rows("lxc_cpu", container="it-delivery-0")[-1].time > end, 30, "rows after the outage")
        self.assert_spool_empty(agent)
        result = agent.stop()
        self.assertEqual(result.returncode, 0)
        for container in self.containers:
            times = [row.time for row in influx.rows("lxc_cpu", container=container.name)]
            self.assert_no_gap(times)
            self.assertGreaterEqual(len([moment for moment in times if begin < moment < end]), 4)
        failures = [line for line in result.stderr.splitlines() if "refused" in line.lower() or "connect" in line.lower()]
        self.assertTrue(1 <= len(failures) <= 4, f"an outage is told of, and not with each tick: {result.stderr}")

    def test_a_server_that_starts_after_the_agent(self):
        influx = Influxd(self.workspace, name="influxd-that-is-late")
        self.addCleanup(influx.stop)
        begin = time.time_ns()
        agent = self.watch(influx.url)
        wait_until(lambda: time.time_ns() > begin + 3 * INTERVAL_NS)
        end = time.time_ns()
        influx.start()
        agent.wait_for(lambda: influx.rows("lxc_state", container="it-delivery-1"), 30, "rows")
        self.assert_spool_empty(agent)
        self.assertLess(influx.rows("lxc_state", container="it-delivery-1")[0].time, end)


class Stopping(WatchingCase):
    def test_sigterm_delivers_the_last_tick(self):
        for more in ((), ("--flush-interval", "1h")):
            with self.subTest(more):
                server = self.recorder()
                agent = self.watch(server.url, *more)
                begin = time.time_ns()
                wait_until(lambda begin=begin: time.time_ns() > begin + 3.5 * INTERVAL_NS)
                stopped = time.time_ns()
                result = agent.stop()
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertLess(result.seconds, 10)
                times = [point.time for point in points_of(server.writes())]
                # A sanitizer's build may still be taking the tick that is due.
                self.assertGreater(max(times), stopped - (3 if SANITIZED else 1) * INTERVAL_NS)
                self.assert_no_gap(times)

    def test_sigterm_is_prompt_without_a_server(self):
        agent = self.watch(f"http://127.0.0.1:{free_port()}")
        agent.wait_for(lambda: agent.stderr, what="the first failure in the log")
        result = agent.stop()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(result.seconds, 5)

    def test_sigterm_is_prompt_between_two_far_ticks(self):
        agent = self.start_agent("--interval", "1h", "--json-file", self.path("points.jsonl"), "--log-level", "debug")
        agent.wait_for(lambda: agent.stderr, what="the agent to have started")
        result = agent.stop()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(result.seconds, 10)

    def test_once_against_a_dead_server_is_a_failure(self):
        result = program.run(*self.arguments("--once", "--influx-url", f"http://127.0.0.1:{free_port()}"))
        self.assertEqual(result.returncode, 1, result)


class JsonFile(WatchingCase):
    def test_rotation_keeps_the_newest(self):
        path = self.path("rotating.jsonl")
        agent = self.start_agent("--interval", "100ms", "--json-file", path, "--json-max-size", "20KiB", "--json-keep", "2")

        def files():
            return sorted(path.parent.glob("rotating*"))

        def oldest_time():
            return min(int(json.loads(each.read_text().splitlines()[0])["timestamp"]) for each in files() if each.stat().st_size)
        wait_for_file(path, 1)
        begin = oldest_time()
        agent.wait_for(lambda: len(files()) == 3 and oldest_time() > begin, 30, "the third rotation")
        agent.stop()
        self.assertEqual(len(files()), 3)
        points = [json.loads(line) for each in files() for line in each.read_text().splitlines()]
        times = sorted({point["timestamp"] for point in points})
        self.assert_on_time(times, 100_000_000)
        one_tick = sum(len(json.dumps(point)) for point in points if point["timestamp"] == times[1])
        self.assertLessEqual(max(each.stat().st_size for each in files()), 20 * 1024 + one_tick)

    def test_lines_have_the_layout_of_the_contract(self):
        path = self.path("points.jsonl")
        # The time is a multiple of the interval, so with the default one two quick runs would share it.
        self.run_once("--json-file", path, "--interval", "100ms")
        self.run_once("--json-file", path, "--interval", "100ms")
        lines = path.read_text().splitlines()
        self.assertEqual(len({json.loads(line)["timestamp"] for line in lines}), 2, "a second run adds to the file")
        for line in lines:
            point = json.loads(line)
            self.assertEqual(list(point), ["fields", "name", "tags", "timestamp"])
            self.assertEqual(line, json.dumps(point, separators=(",", ":"), ensure_ascii=False), "not compact")
            self.assertIsInstance(point["timestamp"], int)
            self.assertTrue(point["fields"] and point["tags"]["host"])
            self.assertEqual("container" in point["tags"], point["name"].startswith("lxc_"))
            if "usage_percent" in point["fields"]:
                self.assertIsInstance(point["fields"]["usage_percent"], float)


if __name__ == "__main__":
    unittest.main()
