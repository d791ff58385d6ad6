"""lxc_process: the busiest commands of a container, against what /proc says of each of its processes."""

import os
import unittest
from pathlib import Path

from support import agent as program
from support.case import WatchCase, row_after
from support.line_protocol import parse_lines
from support.waiting import wait_until

MIB = 1024 * 1024
TICK_USEC = 1_000_000 // os.sysconf("SC_CLK_TCK")


def processes_of(container):
    """{command: figures} of the processes whose PID namespace is the container's, found without its cgroups."""
    namespace = os.readlink(f"/proc/{container.init_pid()}/ns/pid")
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(folder / "ns/pid") != namespace:
                continue
            status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
            schedule = sum(int((task / "schedstat").read_text().split()[0]) for task in (folder / "task").iterdir())
            io = dict(line.split(": ") for line in (folder / "io").read_text().splitlines())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        sums = found.setdefault(status["Name"], dict.fromkeys(("count", "threads", "rss_bytes", "cpu_usec", "read_bytes", "write_bytes"), 0))
        for name, value in (("count", 1), ("threads", int(status["Threads"])), ("rss_bytes", int(status["VmRSS"].split()[0]) * 1024),
                            ("cpu_usec", schedule // 1000), ("read_bytes", int(io["read_bytes"])), ("write_bytes", int(io["write_bytes"]))):
            sums[name] += value
    return found


class Processes(WatchCase):
    """A container for each test: what one has started in it would be among the busiest of the next."""

    def setUp(self):
        super().setUp()
        (self.container,) = self.started(self.lab.add("it-" + self._testMethodName.replace("_", "-")))

    def row(self, command):
        return row_after(self.influx, self.agent, "lxc_process", db=self.db, container=self.container.name, command=command)

    def wait_for_process(self, command, is_there=lambda sums: True):
        wait_until(lambda: is_there(processes_of(self.container)[command]) if command in processes_of(self.container) else None, 20,
                   f"{command} in {self.container.name}", lambda: processes_of(self.container))

    def test_against_proc(self):
        self.container.spawn_inside("sha1sum", "/dev/zero")
        for _ in range(3):
            self.container.spawn_inside("tail", "-f", "/dev/null")
        self.wait_for_process("tail", lambda sums: sums["count"] == 3)
        self.wait_for_process("sha1sum")
        self.watch("--metrics", "lxc_process")
        before = processes_of(self.container)["sha1sum"]
        busy = self.row("sha1sum")
        after = processes_of(self.container)["sha1sum"]
        # The kernel splits what it has measured into ticks of 10 ms.
        self.assert_all_near(busy, {"cpu_usec": (before["cpu_usec"], after["cpu_usec"])}, slack=3 * TICK_USEC)
        idle = processes_of(self.container)["tail"]
        row = self.row("tail")
        self.assert_all_equal(row, {name: idle[name] for name in ("count", "threads")})
        self.assert_all_near(row, {"rss_bytes": idle["rss_bytes"]}, slack=512 * 1024)
        commands = {row.tags["command"] for row in self.rows("lxc_process", self.container)}
        self.assertEqual(commands, set(processes_of(self.container)), "and no other container's")

    def test_what_was_read_and_written(self):
        with open(self.lab.rootfs / "held", "wb") as held:
            held.write(os.urandom(8 * MIB))
            held.flush()
            os.fsync(held.fileno())
            os.posix_fadvise(held.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.mkfifo(self.lab.rootfs / "never")
        self.container.spawn_inside("sh", "-c", "exec cat /held /never > /copy")
        self.wait_for_process("cat", lambda sums: sums["write_bytes"] >= 8 * MIB)
        self.watch("--metrics", "lxc_process.*_bytes")
        figures = processes_of(self.container)["cat"]
        self.assert_all_near(self.row("cat"), {name: figures[name] for name in ("read_bytes", "write_bytes")})
        self.assertGreaterEqual(figures["read_bytes"], 8 * MIB)

    def test_a_command_that_ends_takes_nothing_back(self):
        self.watch("--metrics", "lxc_process", "--top-commands", "1000")
        self.container.spawn_inside("timeout", "1.5", "md5sum", "/dev/zero").wait(20)
        spent = max(row["cpu_usec"] for row in self.rows("lxc_process", self.container, command="md5sum"))
        self.assertGreater(spent, 100_000)
        self.container.spawn_inside("md5sum", "/dev/zero")
        self.assertGreaterEqual(self.row("md5sum")["cpu_usec"], spent)
        counters = [row["cpu_usec"] for row in self.rows("lxc_process", self.container, command="md5sum")]
        self.assertEqual(counters, sorted(counters))

    def test_only_the_busiest(self):
        self.container.spawn_inside("sha256sum", "/dev/zero")
        self.wait_for_process("sha256sum")
        self.watch("--metrics", "lxc_process", "--top-commands", "1")
        self.row("sha256sum")
        ticks = [row.time for row in self.rows("lxc_process", self.container)]
        self.assertEqual(len(ticks), len(set(ticks)), "one command a tick")

    def test_processes_of_cgroups_further_down(self):
        self.container.spawn_inside("tail", "-f", "/dev/null")
        self.wait_for_process("tail")
        place = self.container.cgroup()
        folder = place.unified / "further" / "down"
        folder.mkdir(parents=True)
        for pid in (place.unified / "cgroup.procs").read_text().split():
            if int(pid) != self.container.init_pid():
                (folder / "cgroup.procs").write_text(pid)
        done = program.run(*self.arguments("--once", "--dry-run", "--include", self.container.name, "--metrics", "lxc_process"))
        counted = {point.tags["command"]: point.fields["count"] for point in parse_lines(done.stdout)}
        self.assertEqual(counted, {name: sums["count"] for name, sums in processes_of(self.container).items()})
        self.assertEqual(counted["tail"], 1)

    def test_off_by_default(self):
        done = program.run(*self.arguments("--once", "--dry-run"))
        self.assertEqual({point.measurement for point in parse_lines(done.stdout)} & {"lxc_process", "lxc_socket"}, set())


if __name__ == "__main__":
    unittest.main()
