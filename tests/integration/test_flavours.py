# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of LXC hosts: containers in a user namespace, started by root and by a user, and Proxmox VE's layout."""

import json
import os
import signal
import unittest
from pathlib import Path

from support import agent as program
from support.containers import Spec, make_rootfs
from support.dead_fuse import DeadFuse
from support.flavour_case import ALL_FIGURES, FlavourCase
from support.unprivileged import FIRST_ID, UserContainer, own_by_container
from support.waiting import wait_until

ID_MAP = (f"lxc.idmap = u 0 {FIRST_ID} 65536", f"lxc.idmap = g 0 {FIRST_ID} 65536")


class Unprivileged(FlavourCase):
    def test_started_by_root_with_an_id_map(self):
        rootfs = own_by_container(make_rootfs(self.workspace.folder("mapped-rootfs")))
        (container,) = self.started(self.lab.add("it-mapped", Spec(rootfs=rootfs, extra=ID_MAP)))
        container.run_inside("dd", "if=/dev/zero", "of=/file", "bs=1M", "count=4")
        self.watch()
        self.assert_figures(container)

    def user_container(self, name, delegated):
        container = UserContainer(self.workspace, name, delegated)
        self.addCleanup(container.close)
        container.start()
        self.watch("--lxcpath", container.lxcpath)
        return container

    def test_started_by_a_user_with_cgroups(self):
        """Root's agent believes the user's monitor: the folder is the user's."""
        container = self.user_container("it-user", delegated=True)
        self.assertIn(f"/lxcmon-it-{os.getpid()}/lxc.payload.it-user", Path(f"/proc/{container.init_pid()}/cgroup").read_text())
        points = self.assert_figures(container, interface=None)
        self.assertEqual(points["lxc_net"], [])
        self.assertNotIn("warn", self.agent.stderr)

    def test_started_by_a_user_without_cgroups(self):
        """What is counted in the cgroups where it is would be others' figures, too: they are left out, and that is said once."""
        container = self.user_container("it-bare", delegated=False)
        points = self.assert_figures(container, interface=None, has_cgroups=False)
        self.next_tick(container)
        self.assertEqual((points["lxc_cpu"], points["lxc_memory"], points["lxc_io"]), ([], [], []))
        self.assertEqual(points["lxc_pids"][0].fields, {"processes": 2})
        self.assertEqual(self.agent.stderr.count("no cgroup of its own"), 1)


class Proxmox(FlavourCase):
    """VMID as the name, the host name in /etc/pve: a FUSE filesystem, which only the agent's mount namespace has here."""

    def setUp(self):
        super().setUp()
        self.vmid = str(100_000 + os.getpid() % 800_000)
        layout = ("lxc.uts.name = it-started-as", f"lxc.cgroup.dir.container = lxc/{self.vmid}",
                  "lxc.cgroup.dir.container.inner = ns", f"lxc.cgroup.dir.monitor = lxc.monitor/{self.vmid}")
        (self.container,) = self.started(self.lab.add(self.vmid, Spec(extra=layout)))
        nodes = self.path("pve") / "nodes"
        for node in ("it-pve1", "it-pve2"):
            nodes.joinpath(node, "lxc").mkdir(parents=True)
        self.path("pve").joinpath("lxc").symlink_to("nodes/it-pve1/lxc")
        self.conf = nodes / f"it-pve1/lxc/{self.vmid}.conf"
        self.other_node = nodes / "it-pve2/lxc"
        self.conf.write_text("arch: amd64\ncores: 2\nhostname: it-web\nlock: backup\nonboot: 1\ntags: it;web\n\n"
                             "[snapshot]\nhostname: it-old\ncores: 1\n")
        self.path("etc").joinpath("pve").mkdir(parents=True)
        # Proxmox VE's containers are those of liblxc's own lxcpath.
        self.path("etc").joinpath("lxc").mkdir()
        self.path("etc").joinpath("lxc/lxc.conf").write_text(f"lxc.lxcpath = {self.lab.lxcpath}\n")

    def watch_with_pve(self):
        """bindfs stands for pmxcfs."""
        pid_file = self.path("bindfs.pid")
        script = ("set -e; mount -t overlay -o lowerdir=\"$1:/etc\" overlay /etc\n"
                  "bindfs -f \"$2\" /etc/pve > /dev/null 2>&1 & echo $! > \"$3\"\n"
                  "until grep -q ' /etc/pve ' /proc/self/mountinfo; do sleep 0.02; done\nshift 3; exec \"$@\"")
        prefix = ("unshare", "--mount", "sh", "-c", script, "sh", self.path("etc"), self.path("pve"), pid_file)
        self.agent = self.start_agent("--interval", "500ms", *ALL_FIGURES, "--influx-url", self.influx.url, "--influx-db", self.db,
                                      prefix=tuple(map(str, prefix)))
        self.server = int(wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), what="bindfs to start"))
        self.workspace.note_process(self.server)
        self.addCleanup(os.kill, self.server, signal.SIGKILL)

    def test_layout_figures_and_name(self):
        self.watch_with_pve()
        points = self.assert_figures_of_root_cgroup()
        for measurement in ("lxc_state", "lxc_cpu", "lxc_net"):
            self.assertEqual((points[measurement][0].tags["container"], points[measurement][0].tags["name"]), (self.vmid, "it-web"))

    def assert_figures_of_root_cgroup(self):
        """Its init is in lxc/VMID/ns; what counts is lxc/VMID."""
        place = self.container.cgroup()
        self.assertTrue(all(str(folder).endswith(f"/lxc/{self.vmid}/ns") for folder in place.all_folders()), place.all_folders())
        return self.assert_figures(self.container)

    def test_its_host_name_selects_and_shows_it(self):
        self.watch_with_pve()
        enter = ("nsenter", f"--mount=/proc/{self.server}/ns/mnt")

        def wait_for_list(wanted, *options):
            def listed():
                result = program.run(*self.arguments("list", "--json", *options), prefix=enter)
                return [(each["name"], each.get("host_name")) for each in json.loads(result.stdout)] == wanted
            wait_until(listed, what=f"the list {wanted} with {options}")  # /etc/pve may answer late

        wait_for_list([(self.vmid, "it-web")], "--include", "it-w?b")
        wait_for_list([(self.vmid, "it-web")], "--include", self.vmid)
        wait_for_list([], "--exclude", "it-web")
        wait_for_list([], "--include", "it-web", "--exclude", self.vmid)
        wait_for_list([], "--include", "it-started-as")
        table = program.run(*self.arguments("list"), prefix=enter).stdout.splitlines()
        self.assertRegex(table[0], "^NAME +HOST NAME +STATE")
        self.assertRegex(table[1], f"^{self.vmid} +it-web +RUNNING")
    def run_on_host(self, *arguments):
        """A command beside the agent, where /etc/pve is."""
        enter = ("nsenter", f"--mount=/proc/{self.server}/ns/mnt")
        return program.run(*self.arguments(*arguments), prefix=enter)

    def listed(self):
        """State by VMID, as the command `list` has it."""
        return {row["name"]: row["state"] for row in json.loads(self.run_on_host("list", "--json").stdout)}

    def test_settings(self):
        """Lock, tags, onboot and cores of one that runs, and those of a template, which was never started."""
        template = self.conf.with_name(f"9{self.vmid[:5]}.conf")
        template.write_text("hostname: it-template\ntemplate: 1\n")
        self.watch_with_pve()
        points = self.next_tick(self.container)
        self.assert_all_equal(points["lxc_state"][0], {"lock": "backup", "tags": "it;web", "onboot": True, "cores": 2, "template": False})
        row = self.agent.wait_for(lambda: self.influx.rows("lxc_state", db=self.db, container=template.stem)[-1:], 15, "a template")[0]
        self.assertEqual(row.tags["name"], "it-template")
        self.assert_all_equal(row, {"state": "STOPPED", "running": False, "template": True, "onboot": False})
        self.assertEqual({"lock", "tags", "cores"} & row.fields.keys(), set())

    def test_one_that_has_moved_to_another_node(self):
        """It is not shown once it is stopped here; while it runs it is, whatever Proxmox VE says."""
        self.watch_with_pve()
        self.next_tick(self.container)
        self.conf.rename(self.other_node / self.conf.name)
        self.assertEqual(self.listed().get(self.vmid), "RUNNING")
        self.container.stop()
        self.assertNotIn(self.vmid, self.listed())
        check = self.run_on_host("check", "--influx-url", self.influx.url)
        self.assertRegex(check.stdout, rf"(?m)^ok +proxmox ve .*{self.vmid} \(it-pve2\)")
        self.other_node.joinpath(self.conf.name).unlink()
        self.assertNotIn(self.vmid, self.listed(), "it was destroyed there")
        self.conf.write_text("")
        self.assertEqual(self.listed().get(self.vmid), "STOPPED")

    def test_check_while_it_hangs(self):
        """Nothing is known of the other nodes then: one that has moved is shown."""
        self.watch_with_pve()
        self.next_tick(self.container)
        arguments = ("check", "--influx-url", self.influx.url, "--influx-db", self.db)
        self.assertEqual(self.run_on_host(*arguments).returncode, 0)
        self.conf.rename(self.other_node / self.conf.name)
        self.container.stop()
        os.kill(self.server, signal.SIGSTOP)
        check = self.run_on_host(*arguments)
        self.assertEqual(check.returncode, 1)
        self.assertRegex(check.stdout, r"(?m)^FAIL +proxmox ve +/etc/pve/lxc does not answer: is pve-cluster running\?$")
        self.assertEqual(self.listed().get(self.vmid), "STOPPED")

    def test_an_agent_that_starts_while_it_hangs(self):
        """It samples at once, and ends at once: the process that hangs is left."""
        self.watch_with_pve()
        self.next_tick(self.container)
        self.agent.stop()
        os.kill(self.server, signal.SIGSTOP)
        self.assert_starts_and_ends()

    def test_an_agent_that_ends_while_an_answer_is_owed(self):
        """Who waits for one that the server has been asked for can't be killed: that must not be the agent."""
        self.watch_with_pve()
        self.next_tick(self.container)
        self.agent.stop()
        self.addCleanup(DeadFuse(self.workspace, self.server, "/etc/pve", takes=True).close)
        self.assert_starts_and_ends()

    def assert_starts_and_ends(self):
        enter = ("nsenter", f"--mount=/proc/{self.server}/ns/mnt")
        self.agent = self.start_agent("--interval", "500ms", "--influx-url", self.influx.url, "--influx-db", self.db, prefix=enter)
        self.assertEqual(self.next_tick(self.container)["lxc_state"][0].tags["name"], "it-started-as")
        self.assertLess(self.agent.stop().seconds, 5)


if __name__ == "__main__":
    unittest.main()
