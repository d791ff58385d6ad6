# SPDX-License-Identifier: GPL-2.0-or-later
"""The floor (floor.cpp) as a process: it does what the agent has been seen to do."""

import subprocess
from dataclasses import dataclass

from .calls import periods
from .watched import FS_TICKS


@dataclass
class Round:
    cpu_ns: int
    wall_ns: int
    preads: int
    failed: int


class Floor:
    def __init__(self, program, crowd, plan, mount_points):
        self._process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        crowd.workspace.note_process(self._process.pid)
        for name in crowd.names:
            self._say(f"container {crowd.init_pids[name]}")
            self._say_reads(plan.container_reads, name)
            for period in periods(plan.links):
                self._say(f"links {period}")
            for period in periods(plan.processes):
                self._say(f"processes {period}")
            if mount_points:
                self._say(f"filesystems {FS_TICKS} {' '.join(mount_points)}")
        self._say("container 0")
        self._say_reads(plan.host_reads, "")
        self._say("ready")
        self.kept, self.opened_each_time = map(int, self._answer())

    def _say_reads(self, reads, name):
        for (path, is_whole), rate in reads.items():
            # One that is read to its end takes a second pread for that, which the floor does by itself.
            for period in periods(rate):
                self._say(f"{'whole' if is_whole else 'read'} {period} {path.replace('{}', name)}")

    def _say(self, line):
        self._process.stdin.write(line + "\n")

    def _answer(self):
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"the floor ended with {self._process.wait()}")
        return answer

    def round(self):
        self._say("round")
        return Round(*map(int, self._answer()))

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
