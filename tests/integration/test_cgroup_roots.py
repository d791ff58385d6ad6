# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cgroup is a container's own, wherever its configuration, its init or a neighbour's name puts it: the figures are those of the
folder that each test names."""

import subprocess
import sys
import unittest

from support.agent import run
from support.case import HOST, LabCase
from support.cgroup import controller_folders, read_number, remove_cgroup
from support.containers import Limits, Spec
from support.line_protocol import parse_lines
from support.waiting import wait_until

MIB = 1024 * 1024
WORKER = """
import sys, threading
sys.stdin.readline()
held = bytearray(b"x") * (24 << 20)
for _ in range(3):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
"""


def anonymous_bytes_of(folder):
    figures = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    return int(figures.get("total_rss") or figures["anon"])


class CgroupRoots(LabCase):
    def sampled(self):
        """{(measurement, container): point} of one sample."""
        result = run("--config", "/dev/null", *self.arguments("--once", "--dry-run", "--metrics", "lxc_[cmps]*"))
        self.assertEqual(result.returncode, 0, result.stderr)
        points = parse_lines(result.stdout)
        self.assertEqual({point.tags["host"] for point in points}, {HOST})
        return {(point.measurement, point.tags["container"]): point for point in points}

    def assert_root(self, container, path, anonymous_bytes=0):
        """The container's figures are those of the cgroup `path`, which has so many at least; returns its points by measurement."""
        folders = controller_folders(path)
        # The kernel may be two seconds behind with what it adds up of the cgroups below.
        wait_until(lambda: anonymous_bytes_of(folders["memory"]) >= anonymous_bytes, what=f"the anonymous memory of {path}")
        before = read_number(folders["memory"] / usage_file(folders))
        points = self.sampled()
        own = {measurement: point for (measurement, name), point in points.items() if name == container.name}
        self.assert_all_equal(own["lxc_pids"], {"threads": read_number(folders["pids"] / "pids.current")})
        after = read_number(folders["memory"] / usage_file(folders))
        self.assert_all_near(own["lxc_memory"], {"usage_bytes": (before, after)}, slack=256 * 1024)
        self.assertGreaterEqual(own["lxc_memory"].fields["anon_bytes"], anonymous_bytes)
        self.assertEqual(own["lxc_state"].fields["state"], "RUNNING")
        self.assertIn("lxc_cpu", own)
        return own

    def worker_in(self, path):
        """A process with 24 MiB and 3 threads more, in that cgroup, which is made where it is not there."""
        process = subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.workspace.note_process(process.pid)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        for folder in set(controller_folders(path).values()):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cgroup.procs").write_text(str(process.pid))
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "ready\n")

    def test_the_layout_of_proxmox_ve(self):
        layout = ("lxc.cgroup.relative = 0", "lxc.cgroup.dir.monitor = lxc.monitor/90101", "lxc.cgroup.dir.container = lxc/90101",
                  "lxc.cgroup.dir.container.inner = ns")
        container, neighbour = self.started(
            self.lab.add("90101", Spec(Limits(memory_bytes=100 * MIB, cpu_quota_usec=50_000, pids=70), extra=layout)),
            self.lab.add("9010"))
        self.worker_in("lxc/90101/ns/app")
        own = self.assert_root(container, "lxc/90101", 24 * MIB)
        # These stand in the outer cgroup; the one that init is in has none.
        self.assertEqual(own["lxc_memory"].fields["limit_bytes"], 100 * MIB)
        self.assertEqual((own["lxc_pids"].fields["limit"], own["lxc_cpu"].fields["limit_cores"]), (70, 0.5))
        self.assert_root(neighbour, "lxc.payload.9010")

    def test_a_container_in_a_container(self):
        (container,) = self.started(self.lab.add("it-roots-outer"))
        alone = self.assert_root(container, "lxc.payload.it-roots-outer")
        # As the LXC inside would name it, and one that is called like the outer one.
        self.worker_in("lxc.payload.it-roots-outer/lxc.payload.it-roots-inner")
        self.worker_in("lxc.payload.it-roots-outer/lxc.payload.it-roots-outer")
        both = self.assert_root(container, "lxc.payload.it-roots-outer", 2 * 24 * MIB)
        self.assertEqual(both["lxc_pids"].fields["threads"], alone["lxc_pids"].fields["threads"] + 2 * 4)
        self.assertEqual({name for _, name in self.sampled()}, {"it-roots-outer"})

    def test_an_init_that_went_deeper(self):
        (container,) = self.started(self.lab.add("it-roots-scope"))
        root = "lxc.payload.it-roots-scope"
        for folder in set(controller_folders(f"{root}/init.scope").values()):
            folder.mkdir()
            (folder / "cgroup.procs").write_text(str(container.init_pid()))
        self.worker_in(f"{root}/system.slice/a.service")
        own = self.assert_root(container, root)
        self.assertGreaterEqual(own["lxc_pids"].fields["threads"], 1 + 4)

    def test_a_cgroup_with_a_number(self):
        # A container by that name is running, and the first choice is taken: liblxc counts on.
        (neighbour,) = self.started(self.lab.add("it-roots-1"))
        taken = set(controller_folders("lxc.payload.it-roots").values())
        for folder in taken:
            folder.mkdir()
            self.addCleanup(folder.rmdir)
        (container,) = self.started(self.lab.add("it-roots"))
        self.worker_in("lxc.payload.it-roots-2")
        self.assert_root(container, "lxc.payload.it-roots-2", 24 * MIB)
        other = self.assert_root(neighbour, "lxc.payload.it-roots-1")
        self.assertLess(other["lxc_memory"].fields["anon_bytes"], 20 * MIB)

    def test_a_folder_of_cgroups(self):
        for folder in set(controller_folders("it-roots-pool").values()):
            self.addCleanup(remove_cgroup, folder)
        (container,) = self.started(self.lab.add("it-roots-dir", Spec(extra=("lxc.cgroup.dir = it-roots-pool/first",))))
        own = self.assert_root(container, "it-roots-pool/first/lxc.payload.it-roots-dir")
        self.assertGreaterEqual(own["lxc_pids"].fields["threads"], 1)


def usage_file(folders):
    return "memory.usage_in_bytes" if (folders["memory"] / "memory.usage_in_bytes").exists() else "memory.current"


if __name__ == "__main__":
    unittest.main()
