# SPDX-License-Identifier: GPL-2.0-or-later
"""--metrics: what is sent, and that nothing else is read; `fields` tells of both."""

import json
import re
import unittest

from support import agent as program
from support.case import LabCase
from support.line_protocol import parse_lines


class MetricsCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls.lab.add("it-metrics")
        cls.lab.start_all([cls.container])

    def run_agent(self, *arguments, **more):
        result = program.run(*self.arguments(*arguments), **more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def sampled(self, *globs):
        """{measurement: set of fields} of one sample."""
        options = [f"--metrics={glob}" for glob in globs]
        points = parse_lines(self.run_agent("--once", "--dry-run", *options).stdout)
        fields = {}
        for point in points:
            fields.setdefault(point.measurement, set()).update(point.fields)
        return fields


class Selection(MetricsCase):
    def test_what_is_asked_for_and_nothing_else(self):
        self.assertEqual(self.sampled("lxc_pids.threads", "lxc_*.used_percent", "lxc_state"),
                         {"lxc_pids": {"threads"}, "lxc_fs": {"used_percent"},
                          "lxc_state": {"state", "running", "frozen", "uptime_sec", "restarts", "init_pid"}})

    def test_what_is_computed_from_something_else(self):
        self.assertEqual(self.sampled("lxc_cpu.usage_percent", "lxc_memory.working_set_bytes"),
                         {"lxc_cpu": {"usage_percent"}, "lxc_memory": {"working_set_bytes"}})

    def test_taken_away_from_the_default(self):
        usual, changed = self.sampled(), self.sampled("!lxc_net", "!lxc_memory.pg*")
        self.assertIn("lxc_net", usual)
        self.assertIn("pgfault", usual["lxc_memory"])
        del usual["lxc_net"]
        usual["lxc_memory"] -= {"pgfault", "pgmajfault", "pgscan", "pgsteal"}
        self.assertEqual(changed, usual)

    def test_files_that_nobody_wants_are_not_opened(self):
        def opened(*arguments):
            trace = self.path("trace")
            program.run(*self.arguments("--once", "--dry-run", *arguments),
                        prefix=("strace", "-f", "-qq", "-e", "trace=openat", "-o", str(trace)))
            return {path for path in re.findall(r'"([^"]*)"', trace.read_text()) if self.container.name in path}
        everything, pids = opened(), opened("--metrics=lxc_pids.threads")
        self.assertTrue([path for path in everything if path.endswith("/memory.stat")], everything)
        figures = {path.rpartition("/")[2] for path in pids if "cgroup" in path}
        self.assertEqual(figures, {"pids.current"})

    def test_list_shows_its_columns_all_the_same(self):
        (container,) = json.loads(self.run_agent("list", "--json", "--metrics=lxc_pids").stdout)
        self.assertIn("memory_used_bytes", container)
        self.assertIn("disk_total_bytes", container)


    def test_what_can_hang_with_a_process_is_left_to_the_helpers(self):
        # While a process hangs in execve(), which a FUSE mount can bring about, so does who reads these of its files.
        trace = self.path("trace")
        everything = ["--metrics=+lxc_socket", "--metrics=+lxc_process", "--once", "--dry-run"]
        result = program.run(*self.arguments(*everything), prefix=("strace", "-f", "-qq", "-e", "trace=%file", "-o", str(trace)))
        self.assertIn("uptime_sec=", result.stdout)
        self.assertIn("lxc_socket,", result.stdout)
        self.assertIn("lxc_process,", result.stdout)
        lines = trace.read_text().splitlines()
        agent = lines[0].split()[0]
        of_processes = [line for line in lines if line.split()[0] == agent and re.search(r'"/?proc/\d+/', line)]
        self.assertTrue(of_processes, "its cgroup file at least")
        risky = [line for line in of_processes if re.search(r'proc/\d+/(stat"|io"|ns/|root|exe|cwd|fd|environ|cmdline|maps|mem)', line)]
        self.assertEqual(risky, [])


class Fields(MetricsCase):
    def test_it_tells_what_is_sent(self):
        rows = json.loads(self.run_agent("fields", "--json", "--metrics=+lxc_socket").stdout)
        sent = {}
        for row in rows:
            sent.setdefault(row["measurement"], set()).add(row["sent"])
        self.assertEqual((sent["lxc_cpu"], sent["lxc_socket"], sent["lxc_process"]), ({True}, {True}, {False}))

    def test_what_is_sampled_is_in_it_with_its_type(self):
        types = {int: "integer", float: "float", bool: "boolean", str: "string"}
        rows = {(row["measurement"], row["field"]): row["type"] for row in json.loads(self.run_agent("fields", "--json").stdout)}
        points = parse_lines(self.run_agent("--once", "--dry-run").stdout)
        self.assertGreater(len(points), 5)
        for point in points:
            for name, value in point.fields.items():
                self.assertEqual(rows[point.measurement, name], types[type(value)], f"{point.measurement} {name}")


if __name__ == "__main__":
    unittest.main()
