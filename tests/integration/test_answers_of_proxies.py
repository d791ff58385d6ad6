# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers of what stands between the agent and its server, and of a real InfluxDB behind it."""

import unittest

from support.delivery_case import DeliveryCase, points_of, ticks_on_time
from support.recording_server import json_answer
from test_answers import GOOD


class InBetween(DeliveryCase):
    """A 400 or 422 in no form of InfluxDB or VictoriaMetrics: a proxy, a firewall, another program."""

    PAGE = b"<html><head><title>400 Bad Request</title></head><body><center>nginx</center></body></html>"
    ANSWERS = ((400, {"Content-Type": "text/html"}, PAGE), (400, {}, b""), (400, {}, b"it says no\n"), (422, {}, b"it says no\n"),
               json_answer(400, {"message": "Bad Request"}), json_answer(400, {"status": 400, "error": "Bad Request", "path": "/write"}),
               (400, {}, b"[" * 900_000))

    def test_the_points_are_kept(self):
        trials = []
        for answer in self.ANSWERS:
            server = self.fault_server()
            server.answer = answer
            trials.append((server, self.deliver_to(server.url)))
        for server, agent in trials:
            with self.subTest(server.answer[2][:80]):
                agent.wait_for(lambda s=self.spool(agent): len(s.times()) >= 5, 20, "five ticks in the spool")
                self.assertEqual(self.spool(agent).rejected(), [])
                tries = [request.moment for request in server.writes()]
                gaps = [later - earlier for earlier, later in zip(tries, tries[1:])]
                self.assertEqual([gap for gap in gaps if gap < 55], [], "the next try is a minute later")
                (line,) = self.lines_with(agent, "fails")
                self.assertRegex(line, "HTTP 4(00|22).*not an error of InfluxDB or VictoriaMetrics.*check the URL, --influx-proxy")
                self.stopped(agent)
                server.answer = GOOD
                later = self.deliver_to(server.url, "--spool-dir", agent.spool_dir)
                later.wait_for(lambda s=server, t=set(ticks_on_time(agent.stderr)): t <= {point.time for point in points_of(s.delivered())},
                               60, "every tick")
                self.drained_and_stopped(later, agent)
                self.assert_delivered_once(server.delivered(), agent.stderr + later.stderr)
                self.assertEqual(self.spool(agent).rejected(), [])

    def test_a_413_to_everything_costs_no_point(self):
        server = self.fault_server()
        server.answer = (413, {"Content-Type": "text/html"}, b"<html><center>nginx</center></html>")
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 5, 20, "five ticks in the spool")
        self.assertTrue(any(request.body.count("\n") == 1 for request in server.writes()), "the batch is divided")
        (line,) = self.lines_with(agent, "fails")
        self.assertIn("raise the size of requests that the proxy allows", line)
        self.stopped(agent)
        server.answer = GOOD
        later = self.deliver_to(server.url, "--spool-dir", agent.spool_dir)
        later.wait_for(lambda t=set(ticks_on_time(agent.stderr)): t <= {point.time for point in points_of(server.delivered())}, 60, "every tick")
        self.drained_and_stopped(later, agent)
        self.assert_delivered_once(server.delivered(), agent.stderr + later.stderr)
        self.assertEqual(self.spool(agent).rejected(), [])
        self.assertIn(" 0 rejected", agent.stderr)


class RealServer(DeliveryCase):
    """The requests pass through a server that notes them."""

    def test_413_of_influxdb(self):
        influx = self.own_influxd(max_body_bytes=2000)
        server = self.fault_server(upstream=("127.0.0.1", influx.port))
        agent = self.deliver_to(server.url, "--influx-gzip", "off")
        agent.wait_for(lambda: len(server.delivered()) >= 8, 20, "pieces of some ticks")
        self.assert_spool_empty(agent)
        self.stopped(agent)
        self.assertTrue(any(request.status == 413 for request in server.writes()), "the server's limit is below a batch")
        self.assertTrue(all(len(request.body) <= 2000 for request in server.delivered()))
        self.assert_in_influx(influx, agent.stderr)
        self.assertIn(" 0 rejected", agent.stderr)

    def test_the_lines_of_a_type_conflict(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")
        influx.write("lxc", b'lxc_memory,container=another usage_bytes="a text"')
        server = self.fault_server(upstream=("127.0.0.1", influx.port))
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(self.spool(agent).rejected()) >= 4, 20, "refused lines of two ticks")
        self.stopped(agent)
        rejected = self.spool(agent).rejected()
        sent = [line for request in server.writes() for line in request.body.splitlines() if line.startswith("lxc_memory,")]
        # Each is sent once with the others, and again apart from them.
        self.assertEqual(sorted(each["line"] for each in rejected), sorted(set(sent)))
        self.assertTrue(all("field type conflict" in each["error"] for each in rejected), rejected[0])
        self.assertEqual(self.spool(agent).segments(), [])
        self.assertEqual(len(self.lines_with(agent, "refuses 1 line permanently")), 1, "said of the first one")


if __name__ == "__main__":
    unittest.main()
