# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/examples/memory.cpp, a second program on the rooms of lxcmon-push, prints the memory of each running container."""

import os
import subprocess

from support.case import LabCase
from support.second_source import SecondSource

# Of kernel memory that comes and goes between two reads.
SLACK_BYTES = 1 << 20


class Example(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.containers = [cls.lab.add(f"it-example{number}") for number in (1, 2)]
        cls.lab.start_all(cls.containers)

    def test_memory(self):
        done = subprocess.run([os.environ["LXCMONTEST_EXAMPLE_BINARY"], str(self.lab.lxcpath)], capture_output=True, text=True,
                              timeout=60, check=True)
        printed = dict(line.split() for line in done.stdout.splitlines())
        self.assertEqual(set(printed), {container.name for container in self.containers}, done.stderr)
        for container in self.containers:
            self.assertAlmostEqual(int(printed[container.name]), SecondSource(container).memory()["used_bytes"], delta=SLACK_BYTES)
