# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers of what stands between the agent and its server."""

import unittest

from support.delivery_case import DeliveryCase, points_of, ticks_taken
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
                self.assertEqual(len(server.writes()), 1, "the next try is a minute later")
                (line,) = self.lines_with(agent, "fails")
                self.assertRegex(line, "HTTP 4(00|22).*not an error of InfluxDB or VictoriaMetrics.*check the URL, --influx-proxy")
                self.stopped(agent)
                server.answer = GOOD
                later = self.deliver_to(server.url, "--spool-dir", agent.spool_dir)
                later.wait_for(lambda s=server, t=set(ticks_taken(agent.stderr)): t <= {point.time for point in points_of(s.delivered())},
                               60, "every tick")
                self.stopped(later)
                self.assert_delivered_once(server.delivered(), agent.stderr + later.stderr)
                self.assertEqual(self.spool(agent).rejected(), [])


if __name__ == "__main__":
    unittest.main()
