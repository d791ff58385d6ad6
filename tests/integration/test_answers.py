# SPDX-License-Identifier: GPL-2.0-or-later
"""Each row of docs/protocol.md's table of answers: what becomes of the points, and what the log, the spool and rejected.jsonl say."""

import email.utils
import time
import unittest

from support import fault_server as faults
from support.delivery_case import DeliveryCase, points_of, ticks_with
from support.findings import SANITIZED
from support.line_protocol import parse_lines
from support.recording_server import error_answer, json_answer
from support.waiting import wait_until

GOOD = (204, {}, b"")
MEMORY_LIMIT_KIB = (256 if SANITIZED else 64) * 1024


def lines_of(requests):
    return [line for request in requests for line in request.body.splitlines()]


class Success(DeliveryCase):
    def test_any_2xx_is_taken(self):
        server = self.fault_server()
        server.script((200, {}, b"{}"), (201, {}, b""), (202, {}, b"queued"), (204, {}, b""), (299, {}, b"?"))
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.writes()) >= 7, what="seven requests")
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.writes(), agent.stderr)
        self.assert_spool_empty(agent)


class TriedAgain(DeliveryCase):
    """The points go to the spool while it lasts, and are delivered afterwards, once."""

    def assert_kept_and_delivered(self, *answers):
        """One agent for each answer, all at the same time, as each of them waits."""
        trials = []
        for answer in answers:
            server = self.fault_server()
            server.answer = answer
            trials.append((answer, server, self.deliver_to(server.url)))
        for answer, server, agent in trials:
            with self.subTest(answer):
                agent.wait_for(lambda s=self.spool(agent): len(s.times()) >= 3, 20, "three ticks in the spool")
                self.assertEqual(server.delivered(), [])
        for _, server, _ in trials:
            server.answer = GOOD
        for answer, server, agent in trials:
            with self.subTest(answer):
                agent.wait_for(server.delivered, 30, "a delivery")
                self.assert_spool_empty(agent)
                self.assertLess(agent.peak_memory_kib(), MEMORY_LIMIT_KIB)
                self.drained_and_stopped(agent)
                self.assert_delivered_once(server.delivered(), agent.stderr)
                self.assertTrue(self.lines_with(agent, "fails"), agent.stderr)
                self.assertTrue(self.lines_with(agent, "works again"), agent.stderr)

    def test_statuses_that_pass(self):
        self.assert_kept_and_delivered(*(error_answer(status, "not now") for status in (408, 429, 502, 503, 504)))

    def test_connections_that_break(self):
        self.assert_kept_and_delivered(faults.ResetWhileReading(), faults.NoAnswer(), faults.ResetInAnswer(400),
                                       faults.ResetInAnswer(200), faults.too_long_content_length(400), faults.cut_head(204))

    def test_answers_that_are_none(self):
        self.assert_kept_and_delivered(faults.too_short_content_length(503), faults.RawAnswer(b"\x00\xff" * 100),
                                       faults.RawAnswer(b"HTTP/1.1 2040 No\r\n\r\n"), faults.endless_body(503),
                                       faults.endless_headers())

    def test_a_lost_answer_costs_nothing_and_doubles_nothing(self):
        influx = self.own_influxd()
        server = self.fault_server(upstream=("127.0.0.1", influx.port))
        server.script(*(faults.LostAnswer(server) for _ in range(2)))
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.delivered()) >= 3, 20, "deliveries")
        self.assert_spool_empty(agent)
        self.drained_and_stopped(agent)
        self.assert_in_influx(influx, agent.stderr)

    def test_retry_after(self):
        for kind, words, seconds in (("seconds", lambda: "3", 3),
                                     ("date", lambda: email.utils.formatdate(time.time() + 4, usegmt=True), 2.5)):
            with self.subTest(kind):
                server = self.fault_server()
                server.answer = lambda _, s=server, w=words: GOOD if len(s.writes()) > 1 else (503, {"Retry-After": w()}, b"")
                agent = self.deliver_to(server.url)
                first, second = agent.wait_for(lambda s=server: s.writes()[:2] if len(s.writes()) >= 2 else None, 15, "a second try")
                self.assertGreaterEqual(second.moment - first.moment, seconds - 0.05)
                self.assert_spool_empty(agent)
                self.drained_and_stopped(agent)
                self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_what_was_sampled_last_goes_first(self):
        server = self.fault_server()
        server.answer = error_answer(503, "not now")
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.writes()) >= 3, 20, "three tries")
        times = [max(point.time for point in points_of([request])) for request in server.writes()]
        self.assertEqual(times, sorted(set(times)), "each try is of a newer tick")


# Each batch takes a dozen requests.
SLOWLY = "1s"


class Divided(DeliveryCase):
    def test_413_halves_at_once(self):
        server = self.fault_server()
        server.answer = lambda request: error_answer(413, "too large") if request.body.count("\n") > 3 else GOOD
        agent = self.deliver_to(server.url, interval=SLOWLY)
        agent.wait_for(lambda: len(server.delivered()) >= 20, 20, "twenty pieces")
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)
        self.assert_spool_empty(agent)
        refused = next(request for request in server.writes() if request.status == 413)
        later = next(request for request in server.writes() if request.moment > refused.moment)
        self.assertLess(later.moment - refused.moment, 0.8, "not the wait of a second after a failure")

    def test_413_while_the_body_is_being_sent(self):
        early = faults.RawAnswer(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        early.before_body = True
        server = self.fault_server()
        server.script(early)
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.delivered()) >= 3, 20, "the halves and the next tick")
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)
        halves = [request for request in server.delivered() if points_of([request])[0].time == points_of(server.delivered())[0].time]
        self.assertEqual(len(halves), 2)

    def assert_only_these_are_refused(self, server, agent, word, status):
        """Every line with the word stands in rejected.jsonl with the server's words, and nothing else does."""
        agent.wait_for(lambda: len({point.time for point in points_of(server.delivered())}) >= 4, 20, "four ticks")
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr,
                                   [key for key in self.keys_of_ticks(agent.stderr) if key[:2] == tuple(word.split(",container="))])
        self.assertEqual([line for line in lines_of(server.delivered()) if word in line], [])
        rejected = self.spool(agent).rejected()
        refused_lines = {line for line in lines_of(server.writes()) if word in line}
        self.assertGreaterEqual(len(refused_lines), 4)
        self.assertEqual({each["line"] for each in rejected}, refused_lines)
        self.assertEqual(len(rejected), len(refused_lines), "each once")
        self.assertEqual({each["status"] for each in rejected}, {status})
        self.assertTrue(all("it says no" in each["error"] for each in rejected), rejected[0])
        self.assertTrue(all(server.url in each["server"] for each in rejected), rejected[0])
        self.assertEqual(self.spool(agent).segments(), [])
        told = self.lines_with(agent, "refuses")
        self.assertEqual(len(told), 1, told)
        self.assertIn("it says no", told[0])

    def test_413_of_a_single_line(self):
        server = self.fault_server()
        word = "lxc_state,container=it-delivery-1"
        server.answer = lambda request: error_answer(413, "it says no") if word in request.body else GOOD
        self.assert_only_these_are_refused(server, self.deliver_to(server.url, interval=SLOWLY), word, 413)

    def test_400_finds_the_bad_lines(self):
        for status in (400, 422):
            with self.subTest(status):
                server = self.fault_server()
                word = "lxc_cpu,container=it-delivery-0"
                server.answer = lambda request, w=word, s=status: error_answer(s, "it says no") if w in request.body else GOOD
                self.assert_only_these_are_refused(server, self.deliver_to(server.url, interval=SLOWLY), word, status)


class Partly(DeliveryCase):
    """The answer says only a part of the truth: what became of a line is what the server says to it without refused lines."""

    def assert_only_these_are_refused(self, server, agent):
        agent.wait_for(lambda: len(self.spool(agent).rejected()) >= 3, 20, "three ticks with refused lines")
        self.drained_and_stopped(agent)
        rejected = self.spool(agent).rejected()
        refused = {(point.measurement, point.tags["container"], point.time) for each in rejected
                   for point in parse_lines(each["line"] + "\n")}
        self.assertEqual({key[:2] for key in refused}, {("lxc_cpu", "it-delivery-0")})
        self.assert_delivered_once(server.delivered(), agent.stderr, refused)
        self.assertLessEqual(set(ticks_with(len(self.containers), agent.stderr)), {key[2] for key in refused})
        self.assertTrue(self.lines_with(agent, "refuses"), agent.stderr)
        self.assertIn(f"{len(rejected)} rejected", agent.stderr)
        return rejected

    def server_that_refuses(self, answer):
        """`answer` makes one of the numbers and texts of the refused lines."""
        server = self.fault_server()

        def answer_to(request):
            lines = request.body.splitlines()
            bad = [(number, line) for number, line in enumerate(lines, 1) if line.startswith("lxc_cpu,container=it-delivery-0")]
            return answer(bad) if bad else GOOD
        server.answer = answer_to
        return server

    def test_partial_write_of_1x_and_2x(self):
        for status in (400, 422):
            with self.subTest(status):
                server = self.server_that_refuses(lambda bad, s=status: error_answer(s, f"partial write: it says no dropped={len(bad)}"))
                rejected = self.assert_only_these_are_refused(server, self.deliver_to(server.url))
                self.assertEqual({each["status"] for each in rejected}, {status})
                self.assertTrue(all("it says no" in each["error"] for each in rejected), rejected[0])

    def test_partial_write_of_1x_that_shows_the_line(self):
        def answer(bad):
            shown = "\n".join(f"unable to parse '{line}': bad timestamp" for _, line in bad)
            return json_answer(400, {"error": f"partial write: {shown} dropped=0"}, {"X-Influxdb-Version": "1.6.7"})
        server = self.server_that_refuses(answer)
        self.assert_only_these_are_refused(server, self.deliver_to(server.url))

    def test_a_partial_write_after_which_everything_is_taken(self):
        server = self.fault_server()
        server.script(error_answer(400, "partial write: too many series dropped=2"))
        agent = self.deliver_to(server.url)
        self.wait_for_ticks(agent, 3)
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)
        self.assert_spool_empty(agent)

    def v3_agent(self, server):
        return self.deliver_to(server.url, "--influx-api", "v3", env={"INFLUX_TOKEN": "t0ken"})

    def test_partial_write_of_3x(self):
        def answer(bad):
            data = [{"line_number": number, "error_message": "invalid column type", "original_line": line[:20]} for number, line in bad]
            return json_answer(400, {"error": "partial write of line protocol occurred", "data": data})
        server = self.server_that_refuses(answer)
        rejected = self.assert_only_these_are_refused(server, self.v3_agent(server))
        self.assertTrue(all("invalid column type" in each["error"] for each in rejected), rejected)

    def test_other_errors_of_3x(self):
        """Bodies that are JSON with one object or a list of them."""
        word = "lxc_cpu,container=it-delivery-0"
        one = {"line_number": 1, "error_message": "it says no", "original_line": "x"}
        for body in (json_answer(400, {"error": "parsing failed for write_lp endpoint", "data": one}),
                     json_answer(400, {"error": "another error", "data": [one]})):
            with self.subTest(body):
                server = self.fault_server()
                server.answer = lambda request, b=body: b if word in request.body else GOOD
                agent = self.v3_agent(server)
                agent.wait_for(lambda s=server: len({point.time for point in points_of(s.delivered())}) >= 3, 20, "three ticks")
                self.stopped(agent)
                self.assertEqual({each["line"] for each in self.spool(agent).rejected()},
                                 {line for line in lines_of(server.writes()) if word in line})
                self.assertEqual([line for line in lines_of(server.delivered()) if word in line], [])


class NoDatabase(DeliveryCase):
    def server_without_a_database(self, answer_to_query):
        server = self.fault_server()
        server.query = answer_to_query

        def asked():
            return [request for request in server.requests() if request.path == "/query"]
        made = answer_to_query == json_answer(200, {"results": [{"statement_id": 0}]})
        server.answer = lambda _: GOOD if made and asked() else error_answer(404, 'database not found: "lxc"')
        return server, asked

    def test_it_is_made_once(self):
        server, asked = self.server_without_a_database(json_answer(200, {"results": [{"statement_id": 0}]}))
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.delivered()) >= 3, 20, "deliveries")
        self.stopped(agent)
        (request,) = asked()
        self.assertEqual(request.method, "POST")
        self.assertIn("CREATE DATABASE", str(request.query) + request.raw_body.decode().replace("+", " ").replace("%20", " "))
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_an_error_with_status_200(self):
        server, asked = self.server_without_a_database(json_answer(200, {"results": [{"error": "not your business"}]}))
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: self.lines_with(agent, "not your business"), what="the server's words in the log")
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 3, what="three ticks in the spool")
        self.assertEqual(len(asked()), 1)

    def test_unless_told_not_to(self):
        server, asked = self.server_without_a_database(json_answer(200, {"results": [{"statement_id": 0}]}))
        agent = self.deliver_to(server.url, "--influx-create-db", "off")
        agent.wait_for(lambda: self.lines_with(agent, '"lxc" does not exist', "--influx-create-db is off"), what="the reason in the log")
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 3, what="three ticks in the spool")
        self.assertEqual(asked(), [])


class Elsewhere(DeliveryCase):
    def test_a_token_does_not_follow_a_redirect(self):
        other, server = self.recorder(), self.fault_server()
        for status in (301, 302, 307, 308):
            server.answer = (status, {"Location": f"{other.url}/api/v2/write"}, b"")
            agent = self.deliver_to(server.url, env={"INFLUX_TOKEN": "t0ken", "INFLUX_ORG": "o", "INFLUX_BUCKET": "b"})
            agent.wait_for(lambda a=agent, s=status: self.lines_with(a, f"HTTP {s}"), what="the status in the log")
            wait_until(lambda a=agent: self.spool(a).times(), what="points in the spool")
            agent.kill()
        self.assertEqual(other.requests(), [])


if __name__ == "__main__":
    unittest.main()
