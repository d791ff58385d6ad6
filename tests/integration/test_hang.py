# SPDX-License-Identifier: GPL-2.0-or-later
"""What hangs in one container, or in its monitor, costs no other container its sample."""

import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

from support import agent as program
from support.case import WatchCase
from support.cgroup import controller_folders, remove_cgroup
from support.containers import Spec
from support.dead_fuse import DeadFuse
from support.waiting import wait_until
from support.workspace import process_start_time

INTERVAL_NS = 500_000_000


class HangCase(WatchCase):
    def times(self, measurement, container):
        return [row.time for row in self.rows(measurement, container)]

    def wait_for_rows(self, measurement, container, more_than):
        self.agent.wait_for(lambda: len(self.times(measurement, container)) > more_than, 20,
                            f"{measurement} of {container.name}")

    def assert_no_gaps(self, measurement, container):
        times = sorted(set(self.times(measurement, container)))
        gaps = [later for earlier, later in zip(times, times[1:]) if later - earlier != INTERVAL_NS]
        self.assertEqual(gaps, [], f"{measurement} of {container.name}; the agent said: {self.agent.stderr[-2000:]}")


class Filesystem(HangCase):
    def mirror_of_the_rootfs(self):
        """The shared root filesystem through FUSE: it hangs when its server is stopped by a signal."""
        path = self.lab.workspace.folder("fuse-rootfs")
        server = subprocess.Popen(["bindfs", "-f", str(self.lab.rootfs), str(path)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.lab.workspace.note_process(server.pid)
        self.addCleanup(server.kill)
        wait_until(lambda: os.path.ismount(path), 10, "the FUSE mount")
        return server, path

    def watch_filesystems(self, *arguments):
        # What this machine has mounted is not the test's to ask for.
        return self.watch("--no-host", *arguments)

    def assert_all_there(self, container):
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids", "lxc_state"):
            self.assert_no_gaps(measurement, container)
        rows = self.rows("lxc_pids", container)
        counted = [row.time for row in rows if "processes" in row.fields]
        self.assertEqual(counted[0], rows[0].time, "counted when first seen")
        gaps = [later - earlier for earlier, later in zip(counted, counted[1:] + [rows[-1].time])]
        # In turn at each 6th tick. Behind one that hangs for the first time it is one later.
        self.assertLessEqual(max(gaps), 8 * INTERVAL_NS, "the number of processes")

    def test_a_hanging_root_filesystem(self):
        server, rootfs = self.mirror_of_the_rootfs()
        (steady,) = self.started(self.lab.add("it-hang-steady"))
        (victim,) = self.started(self.lab.add("it-hang-victim", Spec(rootfs=rootfs)))
        self.addCleanup(victim.destroy)
        self.watch_filesystems("--fs-include", "fuse*")
        self.wait_for_rows("lxc_fs", victim, 2)
        helper = self.agent.process_tree()[1]

        server.send_signal(signal.SIGSTOP)
        self.addCleanup(server.send_signal, signal.SIGCONT)
        for message in ("reading its /proc timed out", "reading its filesystem / timed out"):
            self.agent.wait_for(lambda: f"it-hang-victim: {message}" in self.agent.stderr, 20, "the hang in the log")
        before = len(self.times("lxc_net", victim))
        # The network of the one that hangs, and everything of the other, go on.
        self.wait_for_rows("lxc_net", victim, before + 4)
        server.send_signal(signal.SIGCONT)
        self.agent.stop()

        self.assert_all_there(steady)
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_state"):
            self.assert_no_gaps(measurement, victim)
        self.assertLess(len(self.times("lxc_fs", victim)), len(self.times("lxc_fs", steady)) - 3)
        self.assertEqual(self.agent.stderr.count("timed out"), 2, "each said once")
        self.assertIsNone(process_start_time(helper), "the helper that hung is gone")

    def dead_mount(self, container, takes=False):
        container.run_inside("mkdir", "-p", "/tmp/dead")
        fuse = DeadFuse(self.lab.workspace, container.init_pid(), "/tmp/dead", takes)
        self.addCleanup(fuse.close)

    def test_a_mount_in_a_container_that_never_answers(self):
        steady, victim = self.started(self.lab.add("it-dead-steady"),
                                      self.lab.add("it-dead-victim", Spec(extra=("lxc.mount.entry = tmpfs tmp tmpfs rw 0 0",))))
        self.watch_filesystems("--fs-include", "fuse*")
        self.wait_for_rows("lxc_fs", steady, 2)
        self.dead_mount(victim)
        said = "container it-dead-victim: reading its filesystem /tmp/dead timed out"
        self.agent.wait_for(lambda: said in self.agent.stderr, 20, "the hang in the log")
        before = len(self.times("lxc_net", victim))
        self.wait_for_rows("lxc_net", victim, before + 4)
        self.agent.stop()
        self.assert_all_there(steady)
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_pids", "lxc_state"):
            self.assert_no_gaps(measurement, victim)
        places = {row.tags["mountpoint"] for row in self.rows("lxc_fs", victim)}
        self.assertEqual(places, {"/", "/tmp"})
        for place in places:
            times = [row.time for row in self.rows("lxc_fs", victim, mountpoint=place)]
            self.assertEqual(times, self.times("lxc_cpu", victim), f"{place} goes on")
        self.assertEqual(self.agent.stderr.count("timed out"), 1, "said once")

    def test_without_asking_for_it_nothing_hangs(self):
        (victim,) = self.started(self.lab.add("it-unasked"))
        self.dead_mount(victim)
        self.watch_filesystems()
        self.wait_for_rows("lxc_fs", victim, 1)
        helper = self.agent.process_tree()[1]
        self.wait_for_rows("lxc_fs", victim, 4)
        self.assertEqual(self.agent.process_tree()[1], helper)
        self.agent.stop()
        self.assertNotIn("timed out", self.agent.stderr)
        self.assert_all_there(victim)

    def test_a_helper_that_cant_be_killed_does_not_hold_the_output(self):
        (victim,) = self.started(self.lab.add("it-dead-output"))
        self.dead_mount(victim, takes=True)
        result = program.run("list", *self.arguments("--fs-include", "fuse*"), timeout=30)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("timed out", result.stderr)

    def test_a_mount_of_the_hosts(self):
        place = self.path("dead")
        place.mkdir()
        fuse = DeadFuse(self.lab.workspace, os.getpid(), str(place))
        self.addCleanup(fuse.close)
        self.watch("--fs-include", str(place))
        self.agent.wait_for(lambda: f"the host: reading its filesystem {place} timed out" in self.agent.stderr, 20,
                            "the hang in the log")
        before = len(self.rows("host_fs", mountpoint="/"))
        self.agent.wait_for(lambda: len(self.rows("host_fs", mountpoint="/")) > before + 2, 20, "the others to go on")
        self.assertEqual(self.rows("host_fs", mountpoint=str(place)), [])


class Helpers(HangCase):
    """Helper processes that can't be ended, or can't be started."""

    STUCK = re.compile(r"helper process lxcmon-ns \(pid (\d+), sent to \S+\) can't be ended")

    def stuck_mount(self, container):
        container.run_inside("mkdir", "-p", "/tmp/stuck")
        fuse = DeadFuse(self.lab.workspace, container.init_pid(), "/tmp/stuck", takes=True)
        self.addCleanup(fuse.close)
        return fuse

    def wait_for_log(self, pattern):
        return self.agent.wait_for(lambda: re.search(pattern, self.agent.stderr), 30, f"{pattern} in the log")

    def wait_for_more(self, container, count=3):
        self.wait_for_rows("lxc_fs", container, len(self.times("lxc_fs", container)) + count)

    def test_one_that_cant_be_ended_is_the_only_one(self):
        steady, victim = self.started(self.lab.add("it-stuck-steady"), self.lab.add("it-stuck-victim"))
        fuse = self.stuck_mount(victim)
        settings = self.file("settings.toml", "top-commands = 5\n")
        self.watch("--no-host", "--fs-include", "fuse*", "--config", settings)
        self.wait_for_log("it-stuck-victim: reading its filesystem /tmp/stuck timed out")
        # The agent has forgotten all pauses after a change of settings, and still sends no other helper there.
        settings.write_text("top-commands = 6\n")
        self.agent.send_signal(signal.SIGHUP)
        self.wait_for_log("the new settings are in force")
        self.wait_for_more(victim)
        self.wait_for_more(steady)
        self.assertEqual(self.agent.stderr.count("timed out"), 1)
        self.assertEqual(self.states_of_children().count("D"), 1)
        stuck = int(self.wait_for_log(self.STUCK)[1])

        # The end does not wait for it and says that it stays; so does the next start.
        result = self.agent.stop()
        self.assertEqual(result.returncode, 0)
        self.assertEqual(len(self.STUCK.findall(result.stderr)), 1, "said once")
        self.assertRegex(result.stderr, rf"1 helper processes can't be ended and outlive the agent \(pids {stuck}\)")
        self.watch("--no-host")
        self.wait_for_log(rf"helper processes of an earlier run can't be ended .*\b{stuck}\b")
        fuse.close()
        self.wait_for_log(rf"helper process lxcmon-ns \(pid {stuck}\) has ended")

    def states_of_children(self):
        files = [Path(f"/proc/{pid}/stat") for pid in self.agent.process_tree()[1:]]
        return [file.read_text().rsplit(")", 1)[1].split()[0] for file in files]

    def test_no_fork_costs_what_needs_a_helper(self):
        (steady,) = self.started(self.lab.add("it-no-fork"))
        self.watch("--no-host")
        self.wait_for_rows("lxc_fs", steady, 2)
        group = controller_folders("lxcmon-it-no-fork")["pids"]
        group.mkdir(exist_ok=True)  # of a run that was killed
        self.addCleanup(remove_cgroup, group)
        self.addCleanup(self.agent.kill)
        (group / "cgroup.procs").write_text(str(self.agent.pid))
        (group / "pids.max").write_text((group / "pids.current").read_text())
        os.kill(self.agent.process_tree()[1], signal.SIGKILL)
        self.wait_for_log("no helper process lxcmon-ns can be started: .*fork: Resource temporarily unavailable")
        before = len(self.times("lxc_cpu", steady))
        self.wait_for_rows("lxc_cpu", steady, before + 4)
        self.assertEqual(self.agent.stderr.count("can be started: "), 1, "said once")

        (group / "pids.max").write_text("max")
        self.wait_for_log("helper processes lxcmon-ns can be started again")
        self.wait_for_more(steady)
        self.assertEqual(self.agent.stop().returncode, 0)
        self.assert_no_gaps("lxc_cpu", steady)


class Monitor(HangCase):
    @staticmethod
    def monitor_of(container):
        status = Path(f"/proc/{container.init_pid()}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))

    def stop_monitor(self, container):
        monitor = self.monitor_of(container)
        os.kill(monitor, signal.SIGSTOP)
        self.addCleanup(os.kill, monitor, signal.SIGCONT)
        wait_until(lambda: "\nState:\tT" in Path(f"/proc/{monitor}/status").read_text(), 5, "the monitor to stop")

    def test_a_monitor_that_does_not_answer(self):
        steady, victim = self.started(self.lab.add("it-monitor-steady"), self.lab.add("it-monitor-victim"))
        self.stop_monitor(victim)
        self.watch()
        self.agent.wait_for(lambda: "it-monitor-victim" in self.agent.stderr, 20, "the monitor in the log")
        self.wait_for_rows("lxc_cpu", steady, 3)
        self.assertEqual(self.times("lxc_state", victim), [], "nobody knows its state")
        self.agent.stop()
        self.assert_no_gaps("lxc_cpu", steady)

    def test_commands_name_what_they_leave_out(self):
        """They take one sample, and nobody will look at a second one."""
        steady, victim = self.started(self.lab.add("it-once-steady"), self.lab.add("it-once-victim"))
        self.stop_monitor(victim)
        for arguments in (("list",), ("check", "--json-file", self.path("check.jsonl")), ("--once", "--json-file", self.path("once.jsonl"))):
            result = program.run(*self.arguments(*arguments))
            self.assertEqual(result.returncode, 1, result)
            self.assertRegex(result.stderr, "warning: container it-once-victim of .*: its monitor does not answer.*it is skipped")
            self.assertEqual(result.stderr.count("it-once-victim"), 1, result)
            self.assertNotIn(steady.name, result.stderr)

    def test_an_ordinary_user_is_told_to_be_root(self):
        (steady,) = self.started(self.lab.add("it-rights-steady"))
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        result = program.run(*self.arguments("list"), prefix=nobody)
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stderr, f"container {steady.name} of .*: its monitor answers its own user and root alone: run lxcmon-push as root;")

    def test_one_that_stops_to_answer_later(self):
        steady, victim = self.started(self.lab.add("it-later-steady"), self.lab.add("it-later-victim"))
        self.watch()
        self.wait_for_rows("lxc_cpu", victim, 2)
        self.stop_monitor(victim)
        before = len(self.times("lxc_cpu", victim))
        self.wait_for_rows("lxc_cpu", victim, before + 4)
        self.agent.stop()
        self.assert_no_gaps("lxc_cpu", victim)
        self.assert_no_gaps("lxc_cpu", steady)


if __name__ == "__main__":
    unittest.main()
