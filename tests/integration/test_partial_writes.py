# SPDX-License-Identifier: GPL-2.0-or-later
"""A real InfluxDB at its limits on series says `partial write`, refuses new series, and drops good lines beside them."""

import json
import time

from support import agent as program
from support.delivery_case import MEASUREMENTS, DeliveryCase, by_tick, ticks_with
from support.fault_server import FaultServer
from support.recording_server import json_answer
from support.spool import SpoolFolder

NEW = "it-delivery-2"


class Limits(DeliveryCase):
    """Two containers have series, the third is new and gets none."""
    container_count = 3

    def limited_influxd(self, **limits):
        """With the series of the first two containers, at exactly these limits."""
        influx = self.own_influxd()
        self.run_once("--influx-url", influx.url, "--no-host", "--exclude", NEW, *self.only_these())
        self.assertEqual(influx.tag_values("container"), {"it-delivery-0", "it-delivery-1"})
        influx.stop()
        influx.set_limits(**limits)
        return influx

    @staticmethod
    def only_these():
        return [f"--metrics={measurement}" for measurement in MEASUREMENTS]

    def assert_only_new_is_refused(self, influx, words):
        # The first ticks wait in the spool, so that one batch has several of them.
        agent = self.start_agent("--interval", "200ms", "--influx-url", influx.url, "--log-level", "debug", "--no-host", *self.only_these())
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 5, 20, "five ticks in the spool")
        influx.start()
        agent.wait_for(lambda: self.spool(agent).rejected() and not self.spool(agent).segments(), 60, "the spool to be empty")
        self.wait_for_ticks(agent, 5)
        result = self.drained_and_stopped(agent)
        ticks = ticks_with(len(self.containers), agent.stderr)
        good = {key for key in self.keys_of_ticks(agent.stderr) if key[1] != NEW}
        stored = {(measurement, row.tags["container"], row.time) for measurement in MEASUREMENTS for row in influx.rows(measurement)}
        self.assertEqual(by_tick(good - stored, agent.stderr), [], "not in InfluxDB")
        rejected = self.spool(agent).rejected()
        lines = [each["line"] for each in rejected]
        self.assertEqual(len(set(lines)), len(lines), "each once")
        self.assertEqual([line for line in lines if f"container={NEW}," not in line], [], "good lines were refused")
        self.assertLessEqual(set(ticks), {int(line.rsplit(" ", 1)[1]) for line in lines}, "refused in each tick")
        self.assertTrue(all(words in each["error"] for each in rejected), rejected[0])
        self.assertIn(f"{len(lines)} rejected", result.stderr)
        self.assertEqual(len(self.lines_with(agent, "refuses")), 2, f"once, and once for the backlog: {agent.stderr}")

    def test_max_values_per_tag(self):
        self.assert_only_new_is_refused(self.limited_influxd(max_values_per_tag=2), "max-values-per-tag limit exceeded")

    def test_max_series_per_database(self):
        influx = self.limited_influxd(max_series_per_database=len(self.containers[:2]) * len(MEASUREMENTS))
        self.assert_only_new_is_refused(influx, "max-series-per-database limit exceeded")


class ManyNewSeries(DeliveryCase):
    """Of a host that another one's containers came to: 80 new series stand alone among 1,920 of which the server has points."""
    ticks = 2
    names = [f"c{number:04}" for number in range(2000)]
    new = set(names[3::25])

    def setUp(self):
        begin = time.time_ns() - 60_000_000_000
        self.keys = [(name, begin + tick) for tick in range(self.ticks) for name in self.names]
        self.good = {key for key in self.keys if key[0] not in self.new}
        self.refused = sorted(set(self.keys) - self.good)
        self.influx = self.own_influxd()
        self.influx.execute("CREATE DATABASE lxc")
        known = "".join(f"m,container={name} v=0 0\n" for name in self.names if name not in self.new)
        self.assertEqual(self.influx.write("lxc", known.encode())[0], 204)
        self.influx.stop()
        self.influx.set_limits(max_values_per_tag=len(self.names) - len(self.new))
        self.influx.start()

    def points(self):
        return "".join(json.dumps({"name": "m", "tags": {"container": name}, "fields": {"v": 1.5}, "timestamp": moment}) + "\n"
                       for name, moment in self.keys)

    def assert_only_new_are_missing(self):
        stored = {(row.tags["container"], row.time) for row in self.influx.rows("m") if row.time != 0}
        self.assertEqual(sorted(set(self.keys) - stored), self.refused)

    def test_the_backlog(self):
        folder = self.path("spool-of-earlier")
        folder.mkdir(mode=0o700)
        (folder / "000000000001.jsonl").write_text(self.points())
        spool = SpoolFolder(folder)
        agent = self.deliver_to(self.influx.url, "--spool-dir", folder)
        agent.wait_for(lambda: len(spool.rejected()) >= len(self.refused) and not spool.segments(), 120, "the spool to be empty")
        self.stopped(agent)
        self.assert_only_new_are_missing()
        self.assertEqual(sorted(each["line"] for each in spool.rejected() if each["line"].startswith("m,")),
                         [f"m,container={name} v=1.5 {moment}" for name, moment in self.refused])
        self.assertEqual(self.lines_with(agent, "fails"), [])

    def test_replay(self):
        result = program.run("replay", "--influx-url", self.influx.url, self.file("points.jsonl", self.points()))
        self.assertEqual(result.returncode, 1, result)
        self.assertIn(f"{len(self.good)} points delivered, {len(self.refused)} rejected", result.stderr)
        self.assert_only_new_are_missing()


class RoomForAPart(DeliveryCase):
    """A new host's series: InfluxDB 1.6.7 takes none of a request if not all have room."""
    names = [f"c{number:04}" for number in range(24)]

    def test_all_but_two_are_stored(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")
        influx.stop()
        influx.set_limits(max_series_per_database=len(self.names) - 2)
        influx.start()
        whole = "".join(f"m,container={name} v=1 1\n" for name in self.names)
        self.assertIn(f"dropped={len(self.names)}", influx.write("lxc", whole.encode())[1], "the server's answer to all of them")
        points = self.file("points.jsonl", "".join(
            json.dumps({"name": "m", "tags": {"container": name}, "fields": {"v": 1.5}, "timestamp": 1_000_000_000}) + "\n" for name in self.names))
        result = program.run("replay", "--influx-url", influx.url, points)
        self.assertIn(f"{len(self.names) - 2} points delivered, 2 rejected", result.stderr)
        self.assertEqual(len(influx.rows("m")), len(self.names) - 2)


class BeyondRetention(DeliveryCase):
    def test_a_500_that_never_passes(self):
        """InfluxDB 2.0 answers so to points that are older than it keeps: only these are refused, and nothing waits for them."""
        server = FaultServer()
        self.addCleanup(server.close)
        word = "lxc_cpu,container=it-delivery-0"

        def answer(request):
            old = request.body.count(word)
            message = f"unexpected error writing points to database: partial write: points beyond retention policy dropped={old}"
            return json_answer(500, {"code": "internal error", "message": message}) if old else (204, {}, b"")
        server.answer = answer
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(self.spool(agent).rejected()) >= 4, 20, "four refused lines")
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr,
                                   [key for key in self.keys_of_ticks(agent.stderr) if key[:2] == ("lxc_cpu", "it-delivery-0")])
        self.assertEqual([each["line"] for each in self.spool(agent).rejected() if word not in each["line"]], [])
        self.assertEqual(self.lines_with(agent, "fails"), [])
