# SPDX-License-Identifier: GPL-2.0-or-later
"""`lxcmon-push top` in a real terminal: its keys, its columns at each width, and what it leaves behind."""

import json
import os
import re
import unicodedata
import unittest

from support import agent as program
from support.containers import Limits, Spec
from support.terminal import Terminal
from support.top_case import TopCase
from support.waiting import wait_until

MIB = 1024 * 1024
TITLES = "NAME STATE CPU CORES THROTTLED MEMORY NET IN NET OUT DISK READ DISK WRITE WAITS FILESYSTEM PROCS"


def width_of(line):
    """In columns of a terminal."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


class Keys(TopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small, cls.large = cls.lab.add("it-small"), cls.lab.add("it-large", Spec(Limits(memory_bytes=256 * MIB)))
        cls.lab.start_all([cls.small, cls.large])
        cls.stopped = cls.lab.add("it-stopped")

    def test_sort(self):
        top = self.top("--sort", "name")
        top.wait_for(lambda lines: "it-stopped" in str(lines) and self.names(lines) == ["it-large", "it-small", "it-stopped"], "order by name")
        top.type("r")
        top.wait_for(lambda lines: self.names(lines) == ["it-stopped", "it-small", "it-large"], "the order reversed")
        top.type("r")
        burner = self.small.spawn_burner(30)
        self.addCleanup(burner.kill)
        top.type("c")
        top.wait_for(lambda lines: self.names(lines)[:1] == ["it-small"], "the busiest first")
        for key, word in (("m", "memory"), ("n", "network"), ("d", "disk"), ("p", "processes"), ("a", "name")):
            top.type(key)
            top.wait_for_text(f"by {word}")
        top.type("q")
        top.wait_for_text("ready>")

    def test_filter_and_details(self):
        top = self.top("--sort", "name")
        top.wait_for_text("it-stopped")
        top.type("/", "larx", "BSpace")
        top.wait_for(lambda lines: self.names(lines) == ["it-large"], "only what matches")
        top.type("Enter", "Enter")
        lines = top.wait_for(lambda lines: all(word in str(lines) for word in ("INTERFACE", "FILESYSTEM", "COMMAND", "sleep")), "details")
        self.assertTrue([line for line in lines if re.match(r"eth0 +veth", line)], lines)
        self.assertTrue([line for line in lines if re.match(r"it-large +RUNNING", line)], lines)
        top.type("Escape")
        top.wait_for(lambda lines: self.names(lines) == ["it-large"], "the list again")
        top.type("Escape")
        top.wait_for(lambda lines: len(self.names(lines)) == 3, "all of them")
        top.type("Down", "Down", "Enter")
        top.wait_for_text("Esc: back")
        top.type("Down", "?")
        top.wait_for_text("powers of 1024")
        top.type("x", "Escape", "q")
        top.wait_for_text("ready>")

    def test_it_stops_and_goes_on(self):
        top = self.top()
        top.wait_for_text("it-large")
        top.type("C-z")
        top.wait_for_text("Stopped")
        top.type("fg", "Enter")
        top.wait_for(lambda lines: lines[0].startswith("lxcmon-push top") and "it-large" in str(lines), "the screen again")
        top.type("C-c")
        lines = top.wait_for(lambda lines: any(line.startswith("ready>") for line in lines), "the shell")
        self.assertNotIn("it-large", "".join(lines), "the screen stays behind")
        # The terminal echoes again, and nothing was written beside the screen.
        top.type("echo code $?", "Enter")
        top.wait_for(lambda lines: "code 0" in lines, "the exit code")
        self.assertEqual(top.errors.read_text(), "")

    def test_each_sample_has_every_figure(self):
        """Also those that the agent reads seldom. Throttled is a share, also where several threads wait at once."""
        slow, = self.started(self.lab.add("it-slow", Spec(Limits(cpu_quota_usec=20_000, goes_first=True))))
        for burner in [slow.spawn_burner(60) for _ in range(3)]:
            self.addCleanup(burner.kill)
        top = self.top("--sort", "name", size=(200, 24))
        top.wait_for(lambda lines: self.row(lines, "it-slow").get("THROTTLED", "-") != "-", "the first rates")
        seen = set()
        for _ in range(8):
            clock = top.lines()[0].split()[3]
            lines = top.wait_for(lambda lines, clock=clock: lines[0].split()[3:4] not in ([], [clock]), "a later second")
            for name in ("it-large", "it-slow"):
                row = self.row(lines, name)
                self.assertEqual([title for title in ("CPU", "THROTTLED", "MEMORY", "FILESYSTEM", "PROCS") if row[title] == "-"], [], lines)
            seen.add(float(self.row(lines, "it-slow")["THROTTLED"].rstrip("%")))
        self.assertGreater(max(seen), 50)
        self.assertLessEqual(max(seen), 100)

    @staticmethod
    def row(lines, name):
        """The cells of a container, by title; both have no blanks but DISK READ and the like."""
        titles = next((line for line in lines if line.startswith("NAME")), "")
        line = next((line for line in lines if line.startswith(name + " ")), "")
        return dict(zip(re.split(r"  +", titles.strip()), re.split(r"  +", line.strip())))

    def test_states(self):
        top = self.top("--state", "stopped")
        top.wait_for(lambda lines: "it-stopped" in str(lines) and self.names(lines) == ["it-stopped"], "the stopped one")
        result = program.run(*self.arguments("list", "--state", "running", "--json"))
        self.assertEqual({each["name"] for each in json.loads(result.stdout)}, {"it-small", "it-large"})
        result = program.run(*self.arguments("list", "--state", "runing"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("--state: 'runing' ", result.stderr)
        self.assertIn("running", result.stderr)

    def test_a_container_that_restarts_is_marked(self):
        restarted, = self.started(self.lab.add("it-restarted"))
        top = self.top("--sort", "name", size=(200, 24))
        top.wait_for_text("it-restarted")
        restarted.stop()
        top.wait_for(lambda lines: any(re.match(r"it-restarted +STOPPED", line) for line in lines), "its end")
        self.lab.start_all([restarted])
        top.wait_for(lambda lines: any(re.match(r"it-restarted +RUNNING .* 1 *$", line) for line in lines) and "RESTARTS" in str(lines),
                     "its restart")

    def test_without_a_terminal(self):
        """One table, and a terminal that nobody knows is an error that says what to do."""
        result = program.run(*self.arguments("top", "--sort", "name"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        host, empty, titles, *rows = result.stdout.splitlines()
        self.assertRegex(host, "^host: CPU .* memory ")
        self.assertEqual((empty, titles.split()), ("", TITLES.split()))
        self.assertEqual([row.split()[0] for row in rows], ["it-large", "it-small", "it-stopped", "TOTAL"])
        for term in ("nobodys", "dumb"):
            terminal = Terminal(self.workspace, *self.arguments("top"), env={"TERM": term})
            self.addCleanup(terminal.close)
            wait_until(lambda terminal=terminal: terminal.errors.exists() and terminal.errors.read_text(), what="an error")
            self.assertIn(f"lxcmon-push: TERM='{term}' is no terminal that can show a screen", terminal.errors.read_text())

    def test_it_leaves_the_agent_alone(self):
        agent = self.start_agent("--json-file", self.path("a.jsonl"), "--interval", "200ms")
        top = self.top()
        top.wait_for_text("it-large")
        top.type("q")
        top.wait_for_text("ready>")
        self.assertEqual([line for line in agent.stop().error_lines() if "WARN" in line or "error" in line], [])


class Widths(TopCase):
    def test_no_containers(self):
        empty = self.path("none")
        empty.mkdir()
        for columns in (60, 80, 200):
            top = self.top(size=(columns, 10), lxcpath=empty)
            top.wait_for_text("No containers found.")
            top.type("Down", "Enter", "Up", "q")
            top.wait_for_text("ready>")

    def test_one(self):
        """The least important columns go first."""
        one, = self.started(self.lab.add("it-one"))
        self.assertTrue(one.init_pid())
        seen = {}
        for columns in (20, 60, 80, 200):
            top = self.top(size=(columns, 12))
            lines = top.wait_for(lambda lines: any(re.match(r"it-one.* \d", line) for line in lines), "a figure")
            self.assertLessEqual(max(map(len, lines)), columns)
            seen[columns] = next(line for line in lines if line.startswith("NAME")).split()
            top.resize(columns + 7, 9)
            top.wait_for(lambda lines: len(lines) == 9 and lines[-1].startswith("q: quit"), "the new size")
            top.type("q")
        self.assertEqual(seen[200], TITLES.split())
        self.assertTrue({"NAME", "STATE", "CPU", "MEMORY"} <= set(seen[60]) < set(seen[80]) < set(seen[200]), seen)


class Many(TopCase):
    def test_many(self):
        many = [self.lab.add(f"it-{number}") for number in range(1, 199)] + [self.lab.add("it-漢字" * 6), self.lab.add("it-e\u0301" * 9)]
        self.lab.start_all([*many[:10], *many[-2:]])
        top = self.top("--sort", "name", size=(80, 30))
        lines = top.wait_for(lambda lines: "it-10 " in str(lines) and "12 of 200 containers run" in lines[0], "all of them")
        self.assertEqual(self.names(lines)[:12], [f"it-{number}" for number in range(1, 13)])
        top.type("End")
        lines = top.wait_for(lambda lines: "it-漢" in str(lines), "the last one")
        self.assertEqual({width_of(line) <= 80 for line in lines}, {True}, lines)
        top.type("PageUp", "PageUp")
        top.wait_for(lambda lines: "it-150 " in str(lines), "two pages before")
        top.type("Home")
        top.wait_for(lambda lines: "it-1 " in str(lines), "the first")
        top.resize(60, 40)
        lines = top.wait_for(lambda lines: len(lines) == 40 and "it-30 " in str(lines), "a higher screen")
        self.assertEqual({width_of(line) <= 60 for line in lines}, {True}, lines)
        result = program.run(*self.arguments("list"))
        rows = result.stdout.splitlines()
        self.assertEqual(len(rows), 202)
        self.assertRegex(rows[-1], r"^TOTAL 200 +12 run ")
        titles = rows[0].index("STATE")
        for row in rows[1:]:
            self.assertEqual(self.columns_before(row, titles)[-2:], "  ", row)

    @staticmethod
    def columns_before(row, width):
        text = ""
        for each in row:
            if width_of(text) >= width:
                break
            text += each
        return text


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("needs root")
    unittest.main()
