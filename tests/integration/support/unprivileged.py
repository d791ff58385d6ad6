# SPDX-License-Identifier: GPL-2.0-or-later
"""A container that an ordinary user starts, with subordinate ids, as lxc-unpriv-start does without systemd."""

import os
import subprocess
from pathlib import Path

from .cgroup import CgroupPlace, remove_cgroup
from .containers import make_rootfs
from .waiting import wait_until

USER = 47_321
FIRST_ID = 470_000
CONFIG = """
lxc.uts.name = {name}
lxc.rootfs.path = dir:{rootfs}
lxc.init.cmd = /bin/init0
lxc.signal.halt = SIGTERM
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:mixed sys:ro
lxc.idmap = u 0 {first} 65536
lxc.idmap = g 0 {first} 65536
lxc.net.0.type = empty
"""
# The user is known in a mount namespace alone: nothing of the host's files is changed.
SCRIPT = """
set -e
for file in passwd group subuid subgid; do mount --bind "{folder}/$file" "/etc/$file"; done
for cgroup in {cgroups}; do echo $$ > "$cgroup/cgroup.procs"; done
exec setpriv --reuid {user} --regid {user} --clear-groups env HOME="{folder}" lxc-start -P "{lxcpath}" -n "{name}" -d \
    -o "{lxcpath}/{name}/log" -l WARN
"""


def own_by_container(rootfs):
    """Gives a root filesystem to the ids of the container."""
    for path in (rootfs, *rootfs.rglob("*")):
        os.chown(path, FIRST_ID, FIRST_ID, follow_symlinks=False)
    return rootfs


class UserContainer:
    """With cgroups that root has given to the user (`delegated`), or in those where the user happens to be."""

    def __init__(self, workspace, name, delegated):
        self.name, self._workspace = name, workspace
        self.folder = workspace.folder(f"user-{name}")
        self.lxcpath = workspace.folder(f"lxc-{name}")
        (self.lxcpath / name).mkdir()
        rootfs = own_by_container(make_rootfs(workspace.folder(f"user-{name}/rootfs")))
        (self.lxcpath / name / "config").write_text(CONFIG.format(name=name, rootfs=rootfs, first=FIRST_ID))
        for path in (self.folder, self.lxcpath, self.lxcpath / name, self.lxcpath / name / "config"):
            os.chown(path, USER, USER)
        self._write_users()
        self._cgroups = self._delegate() if delegated else []

    def _write_users(self):
        for file, line in (("passwd", f"lxcmon-it:x:{USER}:{USER}::{self.folder}:/bin/sh\n"), ("group", f"lxcmon-it:x:{USER}:\n")):
            (self.folder / file).write_text(Path(f"/etc/{file}").read_text() + line)
        for file in ("subuid", "subgid"):
            (self.folder / file).write_text(f"lxcmon-it:{FIRST_ID}:65536\n")

    def _delegate(self):
        """A cgroup of the user's in each hierarchy."""
        folders = {place / f"lxcmon-it-{os.getpid()}" for place in _cgroup_tops()}
        for folder in folders:
            folder.mkdir()
            for name in ("cpuset.mems", "cpuset.cpus", "cgroup.clone_children"):
                if (folder / "cpuset.cpus").exists() and (folder / name).exists():
                    (folder / name).write_text((folder.parent / name).read_text() if "cpuset" in name else "1")
            for path in (folder, *(folder / name for name in ("cgroup.procs", "tasks", "cgroup.subtree_control", "cgroup.threads"))):
                if path.exists():
                    os.chown(path, USER, USER)
        return sorted(folders)

    def start(self):
        script = SCRIPT.format(folder=self.folder, cgroups=" ".join(map(str, self._cgroups)) or "", user=USER, lxcpath=self.lxcpath,
                               name=self.name)
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"lxc-start of a user: {done.stderr}\n{(self.lxcpath / self.name / 'log').read_text()[-1500:]}")
        wait_until(lambda: self.init_pid() > 0, what=f"{self.name} to run")
        return self

    def init_pid(self):
        done = subprocess.run(["lxc-info", "-P", self.lxcpath, "-n", self.name, "-p", "-H"], capture_output=True, text=True, check=True,
                              timeout=20)
        return int(done.stdout.strip() or -1)

    def cgroup(self):
        return CgroupPlace(self.init_pid())

    def close(self):
        subprocess.run(["lxc-stop", "-P", self.lxcpath, "-n", self.name, "--kill"], check=False, timeout=30)
        for top in self._cgroups:
            remove_cgroup(top)


def _cgroup_tops():
    folders = set()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ", 1)
        if after.split()[0] in ("cgroup", "cgroup2"):
            folders.add(Path(before.split()[4]))
    return folders
