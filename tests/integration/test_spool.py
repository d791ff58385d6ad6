# SPDX-License-Identifier: GPL-2.0-or-later
"""The spool folder: what goes there in an outage and how it comes back, also when the disk, the files or the agent itself give in."""

import gzip
import json
import os
import stat
import subprocess
import unittest

from support import agent as program
from support.delivery_case import DeliveryCase, points_of, ticks_on_time
from support.influx import Influxd, free_port
from support.recording_server import error_answer
from support.spool import SpoolFolder

GOOD = (204, {}, b"")
NOT_NOW = error_answer(503, "not now")


class SpoolCase(DeliveryCase):
    def setUp(self):
        self.folder = self.path("spool")
        self.files = SpoolFolder(self.folder)

    def spooling_agent(self, url, *arguments, **more):
        return self.deliver_to(url, "--spool-dir", self.folder, *arguments, **more)

    def dead_url(self):
        return f"http://127.0.0.1:{free_port()}"

    def wait_for_spooled(self, agent, ticks):
        agent.wait_for(lambda: len(self.files.times()) >= ticks, 30, f"{ticks} ticks in the spool")

    def fill(self, runs=2):
        """So many segments of three ticks at least."""
        for number in range(runs):
            agent = self.spooling_agent(self.dead_url())
            self.wait_for_spooled(agent, 3 * (number + 1))
            agent.kill()

    def wait_until_drained(self, agent, timeout=30):
        agent.wait_for(lambda: not self.files.segments(), timeout, "an empty spool")


class Outage(SpoolCase):
    def test_at_once_to_the_disk_and_back_with_the_original_times(self):
        influx = Influxd(self.workspace, name="influxd-of-an-outage")
        self.addCleanup(influx.stop)
        influx.start()
        agent = self.spooling_agent(influx.url)
        self.wait_for_ticks(agent, 3)
        # A busy server that takes longer than a quarter of the interval leaves a tick on the disk for a moment.
        self.wait_until_drained(agent)
        influx.stop()
        outage = self.wait_for_ticks(agent, 10)[-8:]
        agent.wait_for(lambda: set(outage) <= set(self.files.times()), 2, "each tick of the outage on the disk")
        influx.start()
        self.wait_until_drained(agent)
        self.stopped(agent)
        self.assert_in_influx(influx, agent.stderr)

    def test_the_newest_first_and_the_backlog_beside_it(self):
        server = self.fault_server()
        server.answer = NOT_NOW
        agent = self.spooling_agent(server.url, "--spool-rate", "100", "--batch-size", "26")
        outage = set(self.wait_for_ticks(agent, 25))
        server.answer = GOOD
        self.wait_until_drained(agent, 60)
        self.stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)
        newest = [max(point.time for point in points_of([request])) for request in server.delivered()]
        self.assertNotIn(newest[0], sorted(outage)[:-3], "what was sampled last goes first")
        backlog = [moment for moment in newest if moment in outage]
        self.assertEqual(backlog[1:], sorted(backlog[1:]), "of the backlog the oldest")
        last_of_backlog = max(index for index, moment in enumerate(newest) if moment in outage)
        live = [moment for moment in newest[:last_of_backlog] if moment not in outage]
        self.assertGreaterEqual(len(live), 3, "live data did not wait for the backlog")
        self.assertEqual(live, sorted(live))

    def test_the_rate_is_bounded(self):
        server = self.fault_server()
        server.answer = NOT_NOW
        agent = self.spooling_agent(server.url, "--spool-rate", "50", "--batch-size", "10")
        self.wait_for_spooled(agent, 10)
        waiting = self.files.points()
        server.answer = GOOD
        self.wait_until_drained(agent, 60)
        keys = {(point["name"], json.dumps(point["tags"], sort_keys=True), point["timestamp"]) for point in waiting}
        late = [request for request in server.delivered()
                if any((p.measurement, json.dumps(p.tags, sort_keys=True), p.time) in keys for p in points_of([request]))]
        self.assertGreaterEqual(late[-1].moment - late[0].moment, len(waiting) / 50 * 0.6)


class Stopped(SpoolCase):
    def test_sigkill_and_the_next_start_reads_what_was_left(self):
        influx = Influxd(self.workspace, name="influxd-that-starts-last")
        self.addCleanup(influx.stop)
        logs = []
        for number in range(3):
            agent = self.spooling_agent(influx.url)
            self.wait_for_ticks(agent, 4)
            taken = ticks_on_time(agent.stderr)
            agent.wait_for(lambda t=taken: set(t) <= set(self.files.times()), 5, "each tick on the disk")
            agent.kill()
            # The last one may have been on its way.
            logs.extend(line for line in agent.stderr.splitlines() if set(ticks_on_time(line)) & set(taken))
        influx.start()
        agent = self.spooling_agent(influx.url)
        self.wait_until_drained(agent)
        self.stopped(agent)
        self.assert_in_influx(influx, "\n".join(logs) + agent.stderr)

    def test_modes_and_what_zcat_reads(self):
        self.fill()
        agent = self.spooling_agent(self.dead_url())
        self.wait_for_ticks(agent, 2)
        closed = agent.wait_for(self.files.closed_segments, 20, "a closed segment")
        self.stopped(agent)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder).st_mode), 0o700)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.folder.iterdir()}
        self.assertEqual(set(modes.values()), {0o600}, modes)
        for path in closed:
            done = subprocess.run(["zcat", str(path)], capture_output=True, text=True, check=True)
            lines = done.stdout.splitlines()
            self.assertEqual(len(lines), int(path.name.split("-")[1].split(".")[0]), "the name says how many lines")
            for line in lines:
                self.assertEqual(list(json.loads(line)), ["fields", "name", "tags", "timestamp"])

    def test_one_agent_to_a_spool(self):
        first = self.spooling_agent(self.dead_url())
        first.wait_for((self.folder / "lock").exists, what="the lock")
        second = program.run(*self.arguments("--influx-url", self.dead_url(), "--spool-dir", self.folder))
        self.assertEqual(second.returncode, 1, second)
        self.assertLess(second.seconds, 10)
        self.assertIn(str(first.pid), second.stderr)
        self.assertIn(str(self.folder), second.stderr)
        self.stopped(first)
        third = self.spooling_agent(self.dead_url())
        self.wait_for_ticks(third, 2)
        # SIGKILL leaves no lock behind.
        third.kill()
        self.wait_for_ticks(self.spooling_agent(self.dead_url()), 2)


class Bounds(SpoolCase):
    def test_size(self):
        server = self.fault_server()
        server.answer = NOT_NOW
        limit = 32 * 1024
        agent = self.spooling_agent(server.url, "--spool-max-size", "32KiB", interval="100ms")
        agent.wait_for(lambda: self.lines_with(agent, "spool", "--spool-max-size"), 60, "the first drop in the log")
        # The oldest segment, of any number of ticks, is in memory to be sent; the next ones go.
        newest = self.files.times()[-1]
        agent.wait_for(lambda: newest not in (times := self.files.times()) and times[-1:] > [newest], 60, "more to be dropped")
        self.wait_for_ticks(agent, 20)
        self.assertLess(self.files.size(), limit * 1.5, "one batch may be more for a moment")
        self.assertEqual(len(self.lines_with(agent, "spool", "--spool-max-size")), 1, "told once")
        kept = self.files.times()
        self.assert_on_time(kept[2:], 100_000_000)
        server.answer = GOOD
        self.wait_until_drained(agent, 60)
        self.stopped(agent)
        self.assertRegex(agent.stderr, r"[1-9]\d* dropped")

    def test_age(self):
        # The oldest is read into memory to be sent, and so it is not dropped with the others.
        self.fill(3)
        for path in self.files.segments():
            os.utime(path, (path.stat().st_mtime - 7200,) * 2)
        old = set(self.files.times())
        agent = self.spooling_agent(self.dead_url(), "--spool-max-age", "5s")
        agent.wait_for(lambda: not set(self.files.times()) & old, 20, "what is too old to go")
        self.wait_for_spooled(agent, 2)
        agent.wait_for(lambda: self.lines_with(agent, "drop", "--spool-max-age"), what="the drop in the log")

    def test_a_clock_that_jumped_before_the_start_drops_nothing(self):
        """For an agent that starts these files are 30 days old, as they are for a clock that is 30 days ahead."""
        self.fill(3)
        for path in self.files.segments():
            os.utime(path, (path.stat().st_mtime - 30 * 86400,) * 2)
        old = set(self.files.times())
        server = self.fault_server()
        server.answer = (503, {}, b"")
        agent = self.spooling_agent(server.url)
        self.wait_for_ticks(agent, 10)
        self.assertLessEqual(old, set(self.files.times()))
        server.answer = GOOD
        self.wait_until_drained(agent, 60)
        self.stopped(agent)
        self.assertLessEqual(old, {point.time for point in points_of(server.delivered())})
        self.assertIn(" 0 dropped", agent.stderr)


class Damage(SpoolCase):
    def drained_into(self, server, *arguments):
        agent = self.spooling_agent(server.url, *arguments)
        self.wait_until_drained(agent)
        self.wait_for_ticks(agent, 2)
        self.stopped(agent)
        return agent

    def test_a_torn_last_line(self):
        self.fill()
        path = self.files.segments()[-1]
        whole = self.files.points()
        text = path.read_bytes()
        path.write_bytes(text[:-20])
        server = self.fault_server()
        agent = self.drained_into(server)
        found = {(point.measurement, str(point.tags), point.time) for point in points_of(server.delivered())}
        wanted = [(point["name"], str(point["tags"]), point["timestamp"]) for point in whole]
        self.assertEqual([key for key in wanted if key not in found], wanted[-1:], "the torn line alone is lost")
        self.assertEqual([each.name[:12] for each in self.files.bad_files()], [path.name[:12]])
        self.assertEqual(self.files.bad_files()[0].read_bytes().rstrip(b"\n"), text.splitlines()[-1][:-19])
        self.assertEqual(len(self.lines_with(agent, ".bad")), 1, agent.stderr)

    def test_damaged_and_foreign_files(self):
        self.fill()
        good = self.files.points()
        (self.folder / "000000009000-7.jsonl.gz").write_bytes(gzip.compress(b"x" * 5000)[:40])
        (self.folder / "000000009001-1.jsonl.gz").write_bytes(b"this is no gzip")
        (self.folder / "000000009002.jsonl").write_bytes(os.urandom(5000))
        (self.folder / "000000009003.jsonl").write_bytes(b"x" * 3_000_000)
        (self.folder / "somebody's notes.txt").write_text("to be kept")
        (self.folder / "000000009004.jsonl").symlink_to("/etc/hostname")
        (self.folder / "a-folder").mkdir()
        server = self.fault_server()
        agent = self.spooling_agent(server.url)
        wanted = {(point["name"], point["timestamp"]) for point in good}
        agent.wait_for(lambda: wanted <= {(p.measurement, p.time) for p in points_of(server.delivered())}, 30, "all good points")
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        bad = {each.name for each in self.files.bad_files()}
        self.assertEqual((self.folder / "somebody's notes.txt").read_text(), "to be kept")
        self.assertEqual(len(self.lines_with(agent, "2 files that are not the spool's are left alone, such as 000000009004.jsonl;")), 1)
        self.assertTrue({f"00000000900{number}" for number in range(4)} <= {name[:12] for name in bad}, bad)
        self.assertTrue((self.folder / "a-folder").is_dir())
        self.assertTrue(os.path.exists("/etc/hostname"))
        self.assert_delivered_once(server.delivered(), agent.stderr)
        told = [line for line in self.lines_with(agent, ".bad")]
        self.assertEqual(len(told), len(set(told)), "each file is told of once")

    def test_files_made_to_be_slow(self):
        """Each of them stopped all spooling for minutes."""
        self.fill()
        good = self.files.points()
        newlines = gzip.compress(b"\n" * (300 << 20), 9)
        (self.folder / "000000000000-1.jsonl.gz").write_bytes(newlines)
        fields = ",".join(f'"f{number}":1' for number in range(80_000))
        (self.folder / "000000009000.jsonl").write_text(f'{{"name":"m","timestamp":1,"fields":{{{fields}}}}}\n' * 3)
        server = self.fault_server()
        server.answer = NOT_NOW
        agent = self.spooling_agent(server.url)
        agent.wait_for(lambda: not (self.folder / "000000000000-1.jsonl.gz").exists(), 30, "the newlines to be set aside")
        self.wait_for_spooled(agent, len({point["timestamp"] for point in good}) + 5)
        server.answer = GOOD
        self.wait_until_drained(agent, 60)
        self.stopped(agent)
        wanted = {(point["name"], point["timestamp"]) for point in good}
        self.assertLessEqual(wanted, {(point.measurement, point.time) for point in points_of(server.delivered())})
        self.assertEqual((self.folder / "000000000000-1.jsonl.gz.bad").read_bytes(), newlines)
        self.assertEqual(len(self.lines_with(agent, "more than 10000 damaged lines")), 1, agent.stderr)
        self.assertEqual(len(self.lines_with(agent, "first: more than 1000 keys")), 1, agent.stderr)


if __name__ == "__main__":
    unittest.main()
