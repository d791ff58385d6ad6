# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for one run: what they say of their output, of a disk that is full, and of files that are not theirs."""

import json
import os
import select
import subprocess
import unittest

from support import agent as program
from support.case import LabCase
from support.line_protocol import parse_lines
from support.waiting import wait_until

NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
POINT = '{{"fields":{{"x":{0}}},"name":"m","tags":{{"host":"h"}},"timestamp":1700000000{0:09d}}}\n'


class OutputCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.start_all([cls.lab.add("it-output")])

    def run_agent(self, *arguments, **more):
        return program.run(*self.arguments(*arguments), **more)

    def shell(self, command, *arguments):
        """`command` has "$@" for the program with its arguments."""
        return subprocess.run(["bash", "-c", command, "bash", program.binary(), *map(str, arguments)], capture_output=True, text=True,
                              timeout=240, check=False, env=program.clean_environment(self.path("spool")))

    def many_points(self):
        return self.file("many.jsonl", "".join(map(POINT.format, range(20_000))))


class FullDisk(OutputCase):
    def test_every_command_says_that_its_output_is_lost(self):
        points = self.file("points.jsonl", POINT.format(1))
        for arguments in (("--help",), ("--version",), ("list", "--help"), ("fields",), ("fields", "--json"), ("replay", "--dry-run", points),
                          self.arguments("list"), self.arguments("list", "--json"), self.arguments("check"),
                          self.arguments("--once", "--dry-run"), self.arguments("--once", "--json-file", "-")):
            with self.subTest(arguments):
                result = self.shell('"$@" > /dev/full', *arguments)
                self.assertEqual(result.returncode, 1, result)
                self.assertIn("No space left on device", result.stderr)


class Pipes(OutputCase):
    def test_replay_ends_with_its_reader(self):
        result = self.shell('set -o pipefail; "$@" | head -n 1', "replay", "--dry-run", self.many_points())
        self.assertEqual((result.returncode, result.stderr), (1, ""), result)
        self.assertEqual(len(parse_lines(result.stdout)), 1)

    def test_a_pipe_that_another_program_has_made_non_blocking(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        process = subprocess.Popen([program.binary(), "replay", "--dry-run", self.many_points()], stdout=writer, stderr=subprocess.PIPE,
                                   env=program.clean_environment(self.path("spool")))
        self.addCleanup(process.kill)
        wait_until(lambda: not select.select([], [writer], [], 0)[1] or process.poll() is not None, 60, "a full pipe")
        os.close(writer)
        with open(reader, encoding="utf-8") as output:
            lines = output.readlines()
        errors = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 0, errors)
        self.assertEqual(len(lines), 20_000, errors)

    def test_a_command_ends_with_its_reader(self):
        result = self.shell('"$@" | true; exit "${PIPESTATUS[0]}"', "fields", "--json")
        self.assertIn(result.returncode, (0, 1))
        self.assertEqual(result.stderr, "")


class Once(OutputCase):
    def test_it_says_where_the_sample_is(self):
        path = self.path("points.jsonl")
        result = self.run_agent("--once", "--json-file", path)
        self.assertEqual(result.returncode, 0, result)
        self.assertIn(f"one sample of 1 container is written to {path}; --influx-url is not set, so no server gets it", result.stderr)
        self.assertEqual(len(result.error_lines()), 1, result.stderr)
        # A person who sees the points needs no word about them.
        self.assertEqual(self.run_agent("--once", "--dry-run").stderr, "")
        self.assertEqual(self.run_agent("--once", "--json-file", "-").stderr, "")

    def test_nothing_is_said_of_ticks(self):
        for arguments in (("--once", "--dry-run"), ("list",), ("check",)):
            with self.subTest(arguments):
                result = self.run_agent(*arguments, prefix=NOBODY)
                self.assertRegex(result.stdout + result.stderr, "not as root|as uid 65534")
                self.assertNotRegex(result.stdout + result.stderr, r"\bticks?\b")


class Foreign(OutputCase):
    def test_a_file_of_another_program_is_named_once(self):
        for text, count in (("an, ordinary\nlog file\n", "none of its 2 lines"), ('{"a":1}\n' * 500, "none of its 500 lines"),
                            ("x\n" * 100_000, "none of its first 1000 lines"), ("\n" * 10_000_000, "none of its first 1000 lines"), ("x", "none of its 1 line is")):
            with self.subTest(count):
                path = self.file("foreign", text)
                result = program.run("replay", "--dry-run", path)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                errors = [line for line in result.error_lines() if " error: " in line]
                self.assertEqual(len(errors), 1, result.stderr)
                self.assertIn(f"{path} is no file of points: {count}", errors[0])
                self.assertIn("expected a JSON object with name, tags, fields and timestamp", errors[0])

    def test_a_file_that_wastes_time_is_not_read_to_its_end(self):
        for waste, count in (("damaged\n" * 5_000_000, "after 10000 invalid and 0 empty"), ("\n" * 50_000_000, "after 0 invalid and 1000000 empty")):
            with self.subTest(count):
                result = program.run("replay", "--dry-run", self.file("wasteful", POINT.format(1) + waste + POINT.format(2)))
                self.assertEqual((result.returncode, len(result.stdout.splitlines())), (1, 1), result)
                self.assertIn(count, result.stderr)
                self.assertIn("the rest is not read", result.stderr)

    def test_a_damaged_file_of_ours_is_read_to_its_end(self):
        text = POINT.format(1) + "damaged\n" * 15 + POINT.format(2)
        result = program.run("replay", "--dry-run", self.file("ours", text))
        self.assertEqual((result.returncode, len(result.stdout.splitlines())), (1, 2), result)
        errors = [line for line in result.error_lines() if " error: " in line]
        self.assertEqual(len(errors), 11, result.stderr)
        self.assertIn("15 of 17 lines are invalid and skipped", errors[-1])
        self.assertEqual(json.loads(text.splitlines()[0])["name"], "m")


if __name__ == "__main__":
    unittest.main()
