# SPDX-License-Identifier: GPL-2.0-or-later
"""Several servers: the next where one fails, or every point to each of them."""

import unittest

from support import agent as program
from support import fault_server as faults
from support.delivery_case import DeliveryCase, points_of, ticks_on_time
from support.influx import free_port
from support.recording_server import error_answer, json_answer
from support.spool import SpoolFolder
from support.waiting import wait_until

GOOD = (204, {}, b"")


class SeveralCase(DeliveryCase):
    def deliver_to_all(self, *urls, more=()):
        first, *rest = urls
        return self.deliver_to(first, *(word for url in rest for word in ("--influx-url", url)), *more)

    def rows_of(self, *servers):
        """{(measurement, container, time)} of what several InfluxDBs have together."""
        return {(measurement, row.tags["container"], row.time) for server in servers for measurement in ("lxc_cpu", "lxc_memory", "lxc_state")
                for row in server.rows(measurement)}


class Failover(SeveralCase):
    def test_the_next_where_the_first_fails(self):
        answers = (error_answer(503, "not now"), error_answer(401, "who are you?"), error_answer(500, "it broke"),
                   json_answer(404, {"code": "not found", "message": "bucket not found"}), faults.NoAnswer())
        for answer in answers:
            with self.subTest(answer):
                first, second = self.fault_server(), self.recorder()
                first.answer = answer
                agent = self.deliver_to_all(first.url, second.url)
                agent.wait_for(lambda s=second: len(s.delivered()) >= 4, 20, "four deliveries")
                self.stopped(agent)
                self.assert_delivered_once(second.delivered(), agent.stderr)
                self.assertEqual(first.delivered(), [])
                # libcurl by itself repeats a request to which a kept connection gave no answer.
                self.assertLessEqual(len(first.writes()), 2, "it stays with the one that works")
                self.assert_spool_empty(agent)
                (line,) = self.lines_with(agent, "sending to", second.url)
                self.assertIn(first.url, line)

    def test_a_refused_line_is_refused_for_good(self):
        first, second = self.fault_server(), self.recorder()
        word = "lxc_cpu,container=it-delivery-0"
        first.answer = lambda request: error_answer(400, "it says no") if word in request.body else GOOD
        agent = self.deliver_to_all(first.url, second.url)
        agent.wait_for(lambda: len(self.spool(agent).rejected()) >= 2, 20, "refused lines")
        self.stopped(agent)
        self.assertEqual(second.writes(), [])

    def test_real_servers_of_which_one_dies(self):
        first, second = self.own_influxd(), self.own_influxd(number=2)
        agent = self.deliver_to_all(first.url, second.url)
        self.wait_for_ticks(agent, 4)
        first.kill()
        self.wait_for_ticks(agent, 4)
        second.kill()
        outage = self.wait_for_ticks(agent, 8)[-3:]
        agent.wait_for(lambda: set(outage) <= set(self.spool(agent).times()), 20, "the outage in the spool")
        second.start()
        self.assert_spool_empty(agent)
        first.start()
        self.stopped(agent)
        self.assertEqual(sorted(self.keys_of_ticks(agent.stderr) - self.rows_of(first, second)), [])
        self.assertTrue(self.rows_of(first) and self.rows_of(second))

    def test_none_works(self):
        urls = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]
        agent = self.deliver_to_all(*urls)
        agent.wait_for(lambda: self.lines_with(agent, "fails"), what="the failure in the log")
        self.assertTrue(all(url in self.lines_with(agent, "fails")[0] for url in urls), agent.stderr)
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        self.assertEqual(set(ticks_on_time(agent.stderr)) - set(self.spool(agent).times()), set())

    def test_the_same_server_twice_is_a_mistake(self):
        url = f"http://127.0.0.1:{free_port()}"
        result = program.run(*self.arguments("--once", "--influx-url", url, "--influx-url", url))
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("influx-url", result.stderr)


class Everywhere(SeveralCase):
    ALL = ("--influx-mode", "all")

    def test_each_gets_everything(self):
        first, second, third = (self.recorder() for _ in range(3))
        agent = self.deliver_to_all(first.url, second.url, third.url, more=self.ALL)
        self.wait_for_ticks(agent, 5)
        self.stopped(agent)
        for server in (first, second, third):
            self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_each_has_its_own_queue_and_spool(self):
        first, second = self.fault_server(), self.fault_server()
        agent = self.deliver_to_all(first.url, second.url, more=self.ALL)
        self.wait_for_ticks(agent, 3)
        own = SpoolFolder(agent.spool_dir / f"http_127.0.0.1_{second.port}")
        second.answer = faults.Silence()
        agent.wait_for(lambda: len(own.times()) >= 3, 20, "three ticks in the second one's spool")
        already = len(first.delivered())
        agent.wait_for(lambda: len(first.delivered()) >= already + 5, 5, "the first to go on")
        agent.wait_for(lambda: not self.spool(agent).segments(), 5, "the first one's spool to be empty")
        second.close()
        second.answer = GOOD
        second.listen()
        agent.wait_for(lambda: not own.segments(), 30, "the second one's spool to be empty")
        # And the other way round.
        first.answer = error_answer(401, "who are you?")
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 3, 20, "three ticks in the first one's spool")
        agent.wait_for(lambda: not own.segments(), 5, "the second one's spool to be empty")
        self.stopped(agent)
        self.assert_delivered_once(second.delivered(), agent.stderr)
        left = {(p["name"], p["tags"].get("container"), p["timestamp"]) for p in self.spool(agent).points()}
        left |= {(p.measurement, p.tags.get("container"), p.time) for p in points_of(first.delivered())}
        self.assertEqual(sorted(self.keys_of_ticks(agent.stderr) - left), [])

    def test_a_stop_leaves_each_its_rest(self):
        first, second = self.recorder(), f"http://127.0.0.1:{free_port()}"
        agent = self.deliver_to_all(first.url, second, more=self.ALL)
        self.wait_for_ticks(agent, 4)
        self.stopped(agent)
        self.assert_delivered_once(first.delivered(), agent.stderr)
        own = SpoolFolder(agent.spool_dir / second.replace("://", "_").replace(":", "_"))
        self.assertEqual(set(ticks_on_time(agent.stderr)) - set(own.times()), set())
        wait_until(lambda: not self.spool(agent).segments(), what="no segments of the first")


if __name__ == "__main__":
    unittest.main()
