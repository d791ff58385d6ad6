# SPDX-License-Identifier: GPL-2.0-or-later
"""What the agent says of itself: the measurement lxcmon_push, compared with what really was sent, refused and spooled."""

import os
import signal
import threading
import unittest
from pathlib import Path

import seen_fields

from support.case import HOST
from support.cgroup import controller_folders
from support.delivery_case import DeliveryCase, points_of, wait_seconds
from support.recording_server import error_answer

GOOD = (204, {}, b"")
NOT_NOW = error_answer(503, "not now")
FIELDS = {"containers", "points", "tick_usec", "missed_ticks", "sample_errors", "queue_points", "spool_bytes", "delivered_points",
          "rejected_points", "dropped_points", "retries", "last_status", "cpu_usec", "rss_bytes"}
USEC_PER_CLOCK_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")


def own_points(requests):
    return [point for point in points_of(requests) if point.measurement == "lxcmon_push"]


def newest(server):
    points = own_points(server.delivered())
    return max(points, key=lambda point: point.time) if points else None


def cpu_usec(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total * USEC_PER_CLOCK_TICK


def rss_bytes(pids):
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * os.sysconf("SC_PAGE_SIZE")


class Counters(DeliveryCase):
    def wait_for_newest(self, agent, server, condition, what):
        def found():
            point = newest(server)
            return point if point and condition(point.fields) else None
        return agent.wait_for(found, 30, what)

    def test_fields_and_types(self):
        influx = self.own_influxd()
        agent = self.deliver_to(influx.url)
        agent.wait_for(lambda: len(influx.rows("lxcmon_push")) >= 4, what="four points")
        self.stopped(agent)
        keys = influx.execute('SHOW FIELD KEYS FROM "lxcmon_push"', "lxc")["series"][0]["values"]
        self.assertEqual({name: kind for name, kind in keys}, {name: "integer" for name in FIELDS})
        for row in influx.rows("lxcmon_push"):
            self.assertEqual(row.tags, {"host": HOST})
        self.assertEqual(set(influx.rows("lxcmon_push")[-1].fields), FIELDS)

    def test_while_all_is_well(self):
        server = self.fault_server()
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.delivered()) >= 8, what="eight requests")
        self.stopped(agent)
        sent = 0
        for request in server.delivered():
            points = points_of([request])
            (own,) = own_points([request])
            self.assertEqual(own.fields["delivered_points"], sent, "what was acknowledged before")
            self.assertEqual(own.fields["points"], len(points) - 1)
            self.assertEqual(own.fields["containers"], len(self.containers))
            for name in ("queue_points", "spool_bytes", "rejected_points", "dropped_points", "retries", "missed_ticks", "sample_errors"):
                self.assertEqual(own.fields[name], 0, name)
            self.assertEqual(own.fields.get("last_status"), 204 if sent else None)
            sent += len(points)
        seen_fields.note("lxcmon_push", "containers", "points", "delivered_points", "last_status")
        self.assertIn(f"{sent} points delivered", agent.stderr)

    def test_what_the_agent_costs(self):
        server = self.fault_server()
        agent = self.deliver_to(server.url, interval="100ms")
        self.wait_for_ticks(agent, 20)
        before = cpu_usec(agent.process_tree()) - 2 * 2 * USEC_PER_CLOCK_TICK
        self.wait_for_ticks(agent, 3)
        point = newest(server)
        self.assertGreaterEqual(point.fields["cpu_usec"], before)
        self.assertLessEqual(point.fields["cpu_usec"], cpu_usec(agent.process_tree()) + 2 * 2 * USEC_PER_CLOCK_TICK)
        self.assert_near(point.fields["rss_bytes"], rss_bytes(agent.process_tree()), "rss_bytes", tolerance=0.2)
        seen_fields.note("lxcmon_push", "cpu_usec", "rss_bytes")
        self.assertTrue(0 < point.fields["tick_usec"] < 100_000, point.fields)

    def test_an_outage(self):
        server = self.fault_server()
        server.answer = NOT_NOW
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 10 and len(server.writes()) >= 2, 30, "ten ticks in the spool")
        low = self.spool(agent).size()
        self.wait_for_ticks(agent, 2)
        sizes = [self.spool(agent).size()]
        server.answer = GOOD
        # The next try may be seconds away: the spool grows until then.
        first = agent.wait_for(lambda: sizes.append(self.spool(agent).size()) or own_points(server.delivered()), 30, "a delivery")[0]
        self.assertTrue(low * 0.5 <= first.fields["spool_bytes"] <= max(sizes) * 1.5, (low, sizes, first))
        self.assertEqual(first.fields["last_status"], 503)
        self.assertEqual(first.fields["delivered_points"], 0)
        self.assert_spool_empty(agent)
        refused = [request for request in server.writes() if request.status == 503]
        point = self.wait_for_newest(agent, server, lambda fields: fields["spool_bytes"] == 0, "spool_bytes 0")
        self.assertEqual(point.fields["retries"], len(refused))
        seen_fields.note("lxcmon_push", "spool_bytes", "retries")
        self.assertEqual(point.fields["last_status"], 204)
        self.assertEqual(point.fields["dropped_points"], 0)
        self.stopped(agent)
        self.assertIn(f"{len(points_of(server.delivered()))} points delivered", agent.stderr)

    def test_refused_lines(self):
        server = self.fault_server()
        word = "lxc_cpu,container=it-delivery-0"
        server.answer = lambda request: error_answer(400, "it says no") if word in request.body else GOOD
        agent = self.deliver_to(server.url)
        self.wait_for_newest(agent, server, lambda fields: fields["rejected_points"] >= 3, "three refused points")
        server.answer = GOOD
        agent.wait_for(lambda: newest(server).fields["last_status"] == 204, what="good answers")
        refused = len(self.spool(agent).rejected())
        point = self.wait_for_newest(agent, server, lambda fields: fields["rejected_points"] == refused, "as many as in rejected.jsonl")
        self.assertEqual(point.fields["retries"], 0)
        seen_fields.note("lxcmon_push", "rejected_points")
        self.stopped(agent)
        self.assertIn(f"{refused} rejected", agent.stderr)

    def test_dropped_points(self):
        server = self.fault_server()
        server.answer = NOT_NOW
        agent = self.deliver_to(server.url, "--spool-max-size", "16KiB", interval="100ms")
        agent.wait_for(lambda: self.lines_with(agent, "spool", "drop"), 60, "the first drop in the log")
        self.wait_for_ticks(agent, 5)
        server.answer = GOOD
        self.assert_spool_empty(agent)
        self.wait_for_ticks(agent, 2)
        self.stopped(agent)
        dropped = newest(server).fields["dropped_points"]
        self.assertGreater(dropped, 0)
        self.assertIn(f"{dropped} dropped", agent.stderr)
        # So small a spool closes a segment for each batch, and what is closed may be sent once more.
        came = {(point.measurement, point.tags["container"], point.time) for point in points_of(server.delivered())
                if point.measurement == "lxc_cpu"}
        lost = len(self.keys_of_ticks(agent.stderr, ("lxc_cpu",)) - came)
        self.assertTrue(0 < lost < dropped, (lost, dropped))
        seen_fields.note("lxcmon_push", "dropped_points")

    def own_by_time(self, server):
        return sorted(own_points(server.delivered()), key=lambda point: point.time)

    def test_ticks_that_were_missed(self):
        server = self.fault_server()
        agent = self.deliver_to(server.url, interval="100ms")
        self.wait_for_ticks(agent, 5)
        agent.send_signal(signal.SIGSTOP)
        wait_seconds(1)
        agent.send_signal(signal.SIGCONT)
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        points = self.own_by_time(server)
        absent = (points[-1].time - points[0].time) // 100_000_000 + 1 - len(points)
        self.assertGreaterEqual(absent, 8)
        self.assertEqual(points[-1].fields["missed_ticks"], absent)
        seen_fields.note("lxcmon_push", "missed_ticks")

    def test_a_tick_that_takes_long(self):
        server = self.fault_server()
        agent = self.deliver_to(server.url)
        self.wait_for_ticks(agent, 3)
        os.kill(agent.process_tree()[1], signal.SIGSTOP)
        # It is waited for as long as a container may take at such an interval, and replaced.
        self.wait_for_ticks(agent, 4)
        self.stopped(agent)
        longest = max(point.fields.get("tick_usec", 0) for point in self.own_by_time(server))
        self.assert_near(longest, 250_000, "tick_usec", tolerance=0.3)
        seen_fields.note("lxcmon_push", "tick_usec")

    def test_a_container_with_trouble_counts_at_each_tick(self):
        (container,) = self.started(self.lab.add("it-no-cgroup"))
        for folder in set(controller_folders("").values()):
            (folder / "cgroup.procs").write_text(str(container.init_pid()))
        server = self.fault_server()
        agent = self.deliver_to(server.url)
        self.wait_for_ticks(agent, 4)
        self.stopped(agent)
        counts = [point.fields["sample_errors"] for point in self.own_by_time(server)]
        self.assertEqual(counts, list(range(counts[0], counts[0] + len(counts))))
        self.assertIn(counts[0], (0, 1))
        seen_fields.note("lxcmon_push", "sample_errors")

    def test_points_that_wait(self):
        server, gate = self.fault_server(), threading.Event()
        self.addCleanup(gate.set)
        server.answer = lambda request: (gate.wait(20), GOOD)[1]
        # With a spool they would wait there.
        agent = self.deliver_to(server.url, "--spool-dir", self.file("no-folder"))
        self.wait_for_ticks(agent, 5)
        gate.set()
        agent.wait_for(lambda: len(own_points(server.delivered())) >= 5, 20, "what waited")
        self.stopped(agent)
        points = self.own_by_time(server)
        # Between two ticks without an answer the queue grows by what the first of them took, and by the agent's own point.
        growth = [later.fields["queue_points"] - point.fields["queue_points"] - point.fields["points"] - 1
                  for point, later in zip(points[1:4], points[2:5])]
        self.assertEqual(growth, [0] * 3, [point.fields for point in points])
        seen_fields.note("lxcmon_push", "queue_points")


if __name__ == "__main__":
    unittest.main()
