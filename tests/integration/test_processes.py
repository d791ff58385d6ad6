# SPDX-License-Identifier: GPL-2.0-or-later
"""lxc_process: the busiest commands of a container, against what /proc says of each of its processes."""

import os
import signal
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

from support.case import WatchCase, row_after
from support.cgroup import read_key_values
from support.waiting import wait_until

MIB = 1024 * 1024
USEC_PER_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")


def command_of(pid):
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def cpu_usec_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * USEC_PER_TICK


def pids_of(container):
    """Every process that shares init's pid namespace: found without any cgroup."""
    wanted, pids = os.readlink(f"/proc/{container.init_pid()}/ns/pid"), set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "ns/pid") == wanted and "\nState:\tZ" not in (entry / "status").read_text():
                pids.add(int(entry.name))
        except OSError:  # it has ended, or is not ours to look at
            continue
    return pids


def kib(status, *names):
    """The sum in bytes of these lines of /proc/PID/status."""
    return sum(int(status[name].split()[0]) for name in names) * 1024


def commands_of(container):
    """The figures of lxc_process by command, of those that live."""
    commands = {}
    for pid in pids_of(container):
        try:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            io = {key.rstrip(":"): number for key, number in read_key_values(Path(f"/proc/{pid}/io")).items()}
            figures = {"count": 1, "cpu_usec": cpu_usec_of(pid), "rss_bytes": int(status["VmRSS"].split()[0]) * 1024,
                       "threads": int(status["Threads"]), "read_bytes": io["read_bytes"], "write_bytes": io["write_bytes"],
                       "shared_bytes": kib(status, "RssFile", "RssShmem"), "text_bytes": kib(status, "VmExe"),
                       "data_bytes": kib(status, "VmData", "VmStk"), "read_syscalls": io["syscr"], "write_syscalls": io["syscw"],
                       "read_syscall_bytes": io["rchar"], "write_syscall_bytes": io["wchar"]}
            sums = commands.setdefault(command_of(pid), Counter())
        except (FileNotFoundError, ProcessLookupError, KeyError):
            continue
        sums.update(figures)
    return {command: dict(sums) for command, sums in commands.items()}


class Processes(WatchCase):
    def watch_commands(self, *arguments):
        return self.watch("--metrics", "+lxc_process.*", "--top-commands", "20", *arguments)

    def row(self, container, command):
        return row_after(self.influx, self.agent, "lxc_process", container=container.name, command=command, db=self.db)

    def compare(self, container, command, slack=20_000):
        before = commands_of(container)[command]
        row = self.row(container, command)
        after = commands_of(container)[command]
        self.assert_all_near(row, {name: (before[name], after[name]) for name in before}, slack=slack)
        return row

    def burner(self, container):
        """A shell that burns CPU; returns its Popen outside and its pid."""
        known = pids_of(container)
        process = container.spawn_inside("sh", "-c", "while :; do :; done")
        (pid,) = wait_until(lambda: [pid for pid in pids_of(container) - known if command_of(pid) == "sh"], what="the burner")
        return process, pid

    def test_commands_of_a_container(self):
        (container,) = self.started(self.lab.add("it-commands"))
        _, nested = self.burner(container)
        place = container.cgroup()
        deep = (place.folder("pids") or place.unified) / "nested" / "deep"
        deep.mkdir(parents=True)
        (deep / "cgroup.procs").write_text(str(nested))
        self.burner(container)
        # One that has written and one that has read, and both wait then; dd's reading by O_DIRECT is of the disk.
        container.run_inside("dd", "if=/dev/zero", "of=/commands", "bs=1M", "count=4", "conv=fsync")
        container.spawn_inside("sh", "-c", "{ dd if=/dev/zero bs=1M count=6; sleep 1000; } | dd of=/written bs=64k")
        container.spawn_inside("sh", "-c", "dd if=/commands iflag=direct bs=1M | sleep 1000")
        wait_until(lambda: commands_of(container).get("dd", {}).get("write_bytes", 0) >= 6 * MIB
                   and commands_of(container)["dd"]["read_bytes"] >= MIB, what="the disk", describe=lambda: commands_of(container))
        self.watch_commands()
        self.compare(container, "dd", slack=0)
        shell = self.compare(container, "sh")
        self.assertGreater(shell["cpu_usec"], 100_000)
        self.assertGreaterEqual(shell["count"], 4)
        self.assertEqual(self.row(container, "init0")["count"], 1)
        told = {row.tags["command"] for row in self.rows("lxc_process", container)}
        self.assertEqual(told, {"init0", "sh", "dd", "sleep"})

    def test_a_counter_stays_when_a_process_ends(self):
        (container,) = self.started(self.lab.add("it-ends"))
        first, pid = self.burner(container)
        self.burner(container)
        self.watch("--metrics", "lxc_process", "--top-commands", "1")
        self.agent.wait_for(lambda: self.rows("lxc_process", container), what="a first point")
        wait_until(lambda: cpu_usec_of(pid) > 500_000, 30, "the burner to burn")
        spent = self.row(container, "sh")["cpu_usec"]
        os.kill(pid, signal.SIGKILL)
        first.wait(20)
        self.agent.wait_for(lambda: self.rows("lxc_process", container)[-1]["count"] == 1, what="one of them to be gone")
        rows = self.rows("lxc_process", container)
        self.assertEqual({row.tags["command"] for row in rows}, {"sh"}, "only the busiest was asked for")
        used = [row["cpu_usec"] for row in rows]
        self.assertEqual(used, sorted(used))
        self.assertGreaterEqual(used[-1], spent)
        self.assertGreater(used[-1], commands_of(container)["sh"]["cpu_usec"] + 400_000, "what the ended one spent is still in it")


class HangingProcess(WatchCase):
    # It hangs in execve() for as long as the server of the file that is closed by it does not answer.
    EXECUTE = ("import os, sys\nfile = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)\nos.write(file, b'x')\n"
               "print('ready', flush=True)\nsys.stdin.readline()\nos.execv('/bin/true', ['true'])")

    def server(self):
        """A FUSE mount, and the pid of its server: killed after a while whatever becomes of this test, for everyone who reads /proc
        of the process that waits for it hangs, too: ps and top, say."""
        real, mount = self.path("real"), self.path("mount")
        real.mkdir()
        mount.mkdir()
        (real / "file").write_text("")
        process = subprocess.Popen(["timeout", "--foreground", "--signal=KILL", "20", "bindfs", "-f", str(real), str(mount)])
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_until(lambda: os.path.ismount(mount), 10, "the FUSE mount")
        return mount, int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())

    def test_one_that_hangs_in_exec(self):
        steady, victim = self.started(self.lab.add("it-exec-steady"), self.lab.add("it-exec-victim"))
        mount, server = self.server()
        process = subprocess.Popen([sys.executable, "-c", self.EXECUTE, str(mount / "file")], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), "ready\n")
        victim.cgroup().adopt(process.pid)
        self.watch("--metrics", "+lxc_process")
        self.agent.wait_for(lambda: self.rows("lxc_process", victim) and self.rows("lxc_process", steady), what="both containers")
        os.kill(server, signal.SIGSTOP)
        self.addCleanup(os.kill, server, signal.SIGCONT)
        process.stdin.write("\n")
        process.stdin.flush()
        self.agent.wait_for(lambda: "it-exec-victim: reading its processes timed out" in self.agent.stderr, 15, "the hang in the log")
        before = len(self.rows("lxc_process", steady))
        self.agent.wait_for(lambda: len(self.rows("lxc_process", steady)) >= before + 3, 15, "the other container's commands")
        self.agent.stop()
        for measurement, container in (("lxc_process", steady), ("lxc_cpu", steady), ("lxc_cpu", victim)):
            times = [row.time for row in self.rows(measurement, container)]
            times = sorted(set(times))
            self.assertEqual({later - earlier for earlier, later in zip(times, times[1:])}, {500_000_000}, f"gaps in {measurement}")
        seen, missed = ({row.time for row in self.rows("lxc_process", each)} for each in (steady, victim))
        self.assertLess(len(missed), len(seen), "the processes of the other one were left alone")
        self.assertEqual(self.agent.stderr.count("timed out"), 1, "said once")


if __name__ == "__main__":
    unittest.main()
