# SPDX-License-Identifier: GPL-2.0-or-later
"""Each system call of a steady tick fails in turn, one in each tick: the agent goes on, no figure is wrong, and the log says each trouble
once. strace(1) lists the calls of the sampling thread and of the thread that lists interfaces, and injects the errors."""

import re
import unittest
from collections import Counter

from support.containers import Spec
from support.delivery_case import DeliveryCase, points_of, ticks_taken
from support.tracer import Tracer

STEADY_TICKS = 10
LISTED_TICKS = 10
CALL = re.compile(r"^(\w+)\(")
LOG_TIME = re.compile(r"^\S+ \S+ ")
# strace slows the tick; also on a busy machine.
OVERLOAD = re.compile("late and skipped|or more in one tick|is the host overloaded|(stay|stays) slow|"
                      "has not listed the interfaces within")

# These can't fail in this way, or glibc ends the process if they do.
CAN_NOT_FAIL = {"futex", "getpid", "gettid", "restart_syscall", "rt_sigprocmask", "rt_sigreturn", "exit"}
ERRORS = {"openat": "EMFILE", "socket": "EMFILE", "poll": "ENOMEM", "ppoll": "ENOMEM", "sendto": "ENOBUFS", "recvmsg": "ENOBUFS",
          "recvfrom": "ENOBUFS", "getdents64": "EBADF", "newfstatat": "EACCES", "mmap": "ENOMEM", "brk": "ENOMEM"}


def series_of(point):
    return (point.measurement, *sorted(point.tags.items()))


class EachCall(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sharing = cls.lab.add("it-tick-host-net", Spec(extra=("lxc.net =", "lxc.net.0.type = none")))
        cls.lab.start_all([cls.sharing])

    def setUp(self):
        self.server = self.recorder()
        self.agent = self.start_agent("--interval", "100ms", "--influx-url", self.server.url, "--log-level", "debug")
        self.wait_for_ticks(self.agent, 10)

    def trace(self, name, *arguments, thread=None):
        tracer = Tracer(self.agent, self.path(f"{name}.trace"), *arguments, thread=thread)
        self.addCleanup(tracer.end)
        return tracer

    def thread_that_lists(self):
        """The one that visits the containers' network namespaces."""
        tracer = self.trace("threads", "-f", "-e", "trace=setns")
        calls = self.path("threads.trace")
        self.agent.wait_for(lambda: " setns(" in calls.read_text(), what="a visit")
        tracer.end()
        return int(calls.read_text().split()[0])

    def calls_of_a_tick(self, thread):
        """How often a tick makes each call in a thread."""
        tracer = self.trace("list", thread=thread)
        begin = len(ticks_taken(self.agent.stderr))
        self.wait_for_ticks(self.agent, LISTED_TICKS)
        tracer.end()
        ticks = len(ticks_taken(self.agent.stderr)) - begin
        names = Counter(match[1] for match in map(CALL.match, self.path("list.trace").read_text().splitlines()) if match)
        return {name: -(-count // ticks) for name, count in names.items()}

    def figures(self, first_ns):
        """The values of each field of the containers, of the ticks from this time on."""
        values = {}
        for point in points_of(self.server.delivered()):
            if point.time >= first_ns and point.measurement.startswith("lxc_"):
                for name, value in point.fields.items():
                    values.setdefault((*series_of(point), name), []).append(value)
        return values

    def fail_in_turn(self, name, count, thread):
        """With one more than a tick has in between: another call fails in each tick, until each has failed."""
        before = self.agent.stderr.count("\n")
        error = ERRORS.get(name, "EIO")
        tracer = self.trace(name, "-e", f"trace={name}", "-e", f"inject={name}:error={error}:when={count + 1}+{count + 1}",
                            thread=thread)
        # A call that few ticks make fails less often.
        last = len(ticks_taken(self.agent.stderr)) + count + 8
        self.agent.wait_for(lambda: tracer.injected > count or len(ticks_taken(self.agent.stderr)) > last, 60, f"failures of {name}")
        tracer.end()
        self.wait_for_ticks(self.agent, 2)
        log = [LOG_TIME.sub("", line) for line in self.agent.stderr.splitlines()[before:] if " debug: " not in line]
        troubles = [line for line in log if not line.startswith("info:") and not OVERLOAD.search(line)]
        self.assertLessEqual(len(troubles), tracer.injected, f"{name}: more than a line for each failure: {log}")

    def assert_no_figure_wrong(self, before, meanwhile, after):
        """A figure may be missing while a call fails; it is not 0 if it never was, and a text stays the same."""
        self.assertTrue(before)
        # Of one that the helper found slow, as on a busy machine, filesystems and processes pause for minutes.
        self.assertEqual({key[:-1] for key in before if key[0] != "lxc_fs"} - {key[:-1] for key in after}, set(), "did not come back")
        for key, values in before.items():
            around, seen = {*values, *after.get(key, [])}, meanwhile.get(key, [])
            if isinstance(values[0], str):
                self.assertLessEqual(set(seen), around, key)
            elif all(around):
                self.assertTrue(all(seen), f"{key} is 0 meanwhile; else: {around}")

    def test_a_thread_that_can_not_return_from_a_container(self):
        """The thread that lists interfaces visits the containers' network namespaces: first the way in fails, then the way back."""
        before = self.figures(self.wait_for_ticks(self.agent, 5)[0])
        interfaces = {key for key in before if key[0] == "lxc_net"}
        self.assertTrue(interfaces)
        for when in ("1+1", "2+2"):
            tracer = self.trace(f"setns-{when}", "-f", "-e", "trace=setns", "-e", f"inject=setns:error=EIO:when={when}")
            self.agent.wait_for(lambda tracer=tracer: tracer.injected > 4, what="failures of setns")
            tracer.end()
        begin = self.wait_for_ticks(self.agent, 2)[-1]
        self.wait_for_ticks(self.agent, STEADY_TICKS)
        self.stopped(self.agent)
        self.assertEqual({key[:-1] for key in interfaces}, {key[:-1] for key in self.figures(begin) if key[0] == "lxc_net"})
        self.assertEqual(len(self.lines_with(self.agent, "can't return from a container's network namespace")), 1, self.agent.stderr)

    def fail_each_call_of(self, thread, expected, without=()):
        calls = {name: count for name, count in self.calls_of_a_tick(thread).items() if name not in CAN_NOT_FAIL.union(without)}
        self.assertLessEqual(expected, set(calls))
        begin = self.wait_for_ticks(self.agent, 1)[-1]
        self.wait_for_ticks(self.agent, STEADY_TICKS)
        before = self.figures(begin)
        begin = ticks_taken(self.agent.stderr)[-1]
        for name, count in sorted(calls.items()):
            with self.subTest(name):
                self.fail_in_turn(name, count, thread)
        meanwhile = self.figures(begin)
        begin = self.wait_for_ticks(self.agent, 1)[-1]
        self.wait_for_ticks(self.agent, STEADY_TICKS)
        self.stopped(self.agent)
        self.assertEqual(self.lines_with(self.agent, "a tick failed"), [], "a failure costs figures and no tick")
        self.assert_no_figure_wrong(before, meanwhile, self.figures(begin))

    def test_the_sampling_thread(self):
        self.fail_each_call_of(None, {"poll", "pread64", "read", "openat", "timerfd_settime"})

    def test_the_thread_that_lists_interfaces(self):
        # After a setns() that fails, another thread takes its place: see above.
        self.fail_each_call_of(self.thread_that_lists(), {"socket", "connect", "getsockopt", "sendto", "recvmsg", "close"}, {"setns"})
        interfaces = [point for point in points_of(self.server.delivered()) if point.measurement == "lxc_net"]
        self.assertNotIn(self.sharing.name, {point.tags["container"] for point in interfaces}, "the host's interfaces are not its own")


if __name__ == "__main__":
    unittest.main()
