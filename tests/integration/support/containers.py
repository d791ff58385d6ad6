# SPDX-License-Identifier: GPL-2.0-or-later
"""Real LXC containers: a busybox root filesystem shared by all of them, and a private bridge."""

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .cgroup import CgroupPlace, host_is_pure_v2, io_rule_lines
from .waiting import wait_until
from .workspace import Workspace

INIT_SCRIPT = """#!/bin/sh
trap 'exit 0' TERM PWR
while :; do sleep 1000 & wait $!; done
"""
BUSYBOX = "/bin/busybox"


@dataclass
class Limits:
    memory_bytes: int | None = None
    cpu_quota_usec: int | None = None  # for each 100 ms
    cpus: str | None = None
    pids: int | None = None
    goes_first: bool = False  # before what else wants the CPU: it reaches its quota on a busy machine, too

    def config_lines(self):
        if host_is_pure_v2():
            settings = {"memory.max": self.memory_bytes, "cpuset.cpus": self.cpus, "pids.max": self.pids,
                        "cpu.max": self.cpu_quota_usec and f"{self.cpu_quota_usec} 100000",
                        "cpu.weight": 10_000 if self.goes_first else None}
            prefix = "lxc.cgroup2"
        else:
            settings = {"memory.limit_in_bytes": self.memory_bytes, "cpuset.cpus": self.cpus, "pids.max": self.pids,
                        "cpu.cfs_quota_us": self.cpu_quota_usec, "cpu.shares": 262_144 if self.goes_first else None}
            prefix = "lxc.cgroup"
        return [f"{prefix}.{name} = {value}" for name, value in settings.items() if value is not None]


@dataclass
class Spec:
    """What differs from one container to the next."""
    limits: Limits = field(default_factory=Limits)
    rootfs: Path | None = None
    read_only: bool = False
    host_interface: str | None = None
    mtu: int | None = None
    extra: tuple = ()


class Container:
    def __init__(self, lab, name, lxcpath, address):
        self.lab, self.name, self.lxcpath, self.address = lab, name, lxcpath, address

    @property
    def folder(self):
        return self.lxcpath / self.name

    def _lxc(self, tool, *arguments, check=True):
        command = [f"lxc-{tool}", "-P", str(self.lxcpath), "-n", self.name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}\n{self._log_tail()}")
        return done

    def _log_tail(self):
        log = self.folder / "lxc.log"
        return "\n".join(log.read_text().splitlines()[-8:]) if log.exists() else "(no log)"

    def start(self, *options):
        self._lxc("start", "-d", *options, "-o", str(self.folder / "lxc.log"), "-l", "WARN")
        return self

    def stop(self, kill=False):
        self._lxc("stop", *(["--kill"] if kill else ["-t", "10"]))

    def restart(self):
        self.stop()
        self.start()

    def rename(self, name):
        """Of a stopped container, by liblxc itself."""
        self._lxc("copy", "-R", "-N", name)
        self.name = name

    def freeze(self):
        self._lxc("freeze")

    def unfreeze(self):
        self._lxc("unfreeze")

    def destroy(self):
        """Stops the container and takes its configuration away; the shared root filesystem stays."""
        if self.state() != "STOPPED":
            self.stop(kill=True)
        shutil.rmtree(self.folder)
        self.lab.forget(self)

    def state(self):
        return self._lxc("info", "-s", "-H").stdout.strip()

    def init_pid(self):
        return int(self._lxc("info", "-p", "-H").stdout.strip())

    def cgroup(self):
        return CgroupPlace(self.init_pid())

    def run_inside(self, *command, check=True):
        """Runs a command in the container and returns its standard output."""
        return self._lxc("attach", "--clear-env", "-v", "PATH=/bin", "--", *command, check=check).stdout

    def spawn_inside(self, *command):
        """Starts a command in the container and returns its Popen; it ends with the container at the latest."""
        attach = ["lxc-attach", "-P", str(self.lxcpath), "-n", self.name, "--clear-env", "-v", "PATH=/bin", "--", *command]
        process = subprocess.Popen(attach, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.lab.workspace.note_process(process.pid)
        return process

    def spawn_burner(self, cpu_seconds, command="while :; do :; done"):
        """The same for a command that ends after so many seconds of CPU time, however long a busy machine takes for them."""
        return self.spawn_inside("sh", "-c", f"ulimit -t {cpu_seconds}; {command}")

    def burn(self, cpu_seconds):
        self.spawn_burner(cpu_seconds).wait(300)


class Lab:
    """A bridge, a root filesystem and any number of containers; everything is gone after close()."""

    def __init__(self):
        self.workspace = Workspace()
        self._containers = []
        self._addresses = itertools.count(2)
        try:
            self.lxcpath = self.workspace.folder("lxc")
            self.rootfs = make_rootfs(self.workspace.folder("rootfs"))
            self.bridge = self._make_bridge()
        except BaseException:
            self.workspace.close()
            raise

    def _make_bridge(self):
        name = f"lxcmit{os.getpid() % 10_000_000}"
        # Noted before it is made, so that a crash in between leaves nothing behind.
        self.workspace.note_bridge(name)
        subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
        # No IPv6 on the bridge: its router solicitations would be traffic that no test asked for.
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        return name

    def close(self):
        self.workspace.close()

    def forget(self, container):
        self._containers.remove(container)

    def second_lxcpath(self):
        return self.workspace.folder("lxc-second")

    def small_rootfs(self, megabytes):
        """A root filesystem of its own, of a size that a test can fill: a tmpfs. close() unmounts it."""
        path = self.workspace.folder("small-rootfs")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "lxcmon-it", str(path)], check=True)
        return make_rootfs(path)

    def add(self, name, spec=None, lxcpath=None):
        """Writes the configuration of a container; start() is the caller's."""
        number = next(self._addresses)
        address = f"10.213.{number // 250}.{number % 250 + 1}"
        container = Container(self, name, lxcpath or self.lxcpath, address)
        container.folder.mkdir(parents=True, exist_ok=True)  # it may have its root filesystem already
        (container.folder / "config").write_text(self._config(container, spec or Spec()))
        self._containers.append(container)
        return container

    def _config(self, container, spec):
        lines = [
            f"lxc.uts.name = {container.name}",
            f"lxc.rootfs.path = dir:{spec.rootfs or self.rootfs}",
            "lxc.init.cmd = /bin/init0",
            "lxc.signal.halt = SIGTERM",
            "lxc.apparmor.profile = unconfined",
            "lxc.mount.auto = proc:rw sys:ro cgroup:mixed",
            "lxc.net.0.type = veth",
            f"lxc.net.0.link = {self.bridge}",
            "lxc.net.0.name = eth0",
            "lxc.net.0.flags = up",
            f"lxc.net.0.ipv4.address = {container.address}/16",
        ]
        if spec.host_interface:
            lines.append(f"lxc.net.0.veth.pair = {spec.host_interface}")
        if spec.mtu:
            lines.append(f"lxc.net.0.mtu = {spec.mtu}")
        if spec.read_only:
            lines.append("lxc.rootfs.options = ro")
        return "\n".join([*lines, *io_rule_lines(spec.rootfs or self.rootfs), *spec.limits.config_lines(), *spec.extra]) + "\n"

    def start_all(self, containers):
        for container in containers:
            container.start()
        for container in containers:
            wait_until(lambda c=container: c.state() == "RUNNING", what=f"container {container.name} to run")


def make_rootfs(root):
    for folder in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        (root / folder).mkdir(exist_ok=True)
    shutil.copy2(BUSYBOX, root / "bin/busybox")
    names = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    (root / "bin/init0").write_text(INIT_SCRIPT)
    (root / "bin/init0").chmod(0o755)
    return root
