# SPDX-License-Identifier: GPL-2.0-or-later
"""LXD or Incus of its own in a folder, and its instances. Nothing of the host's own LXD or Incus is touched."""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .cgroup import CgroupPlace
from .containers import make_rootfs
from .second_source import SecondSource
from .waiting import wait_until
from .workspace import end_process, process_start_time

INCUS_ROOT = "/var/tmp/lxcmon-incus"
METADATA = "architecture: x86_64\ncreation_date: 1700000000\nproperties: {description: busybox}\n"
PRESEED = """
storage_pools: [{name: default, driver: dir}]
profiles: [{name: default, devices: {root: {path: /, pool: default, type: disk}}}]
"""


@dataclass(frozen=True)
class Flavour:
    """How its programs are called."""
    name: str
    daemon: str
    client: str
    admin: tuple
    variable: str  # of the environment: <variable>_DIR, <variable>_CONF
    root: str = ""  # of programs that are not installed


LXD = Flavour("lxd", "lxd", "lxc", ("lxd",), "LXD")
INCUS = Flavour("incus", "incusd", "incus", ("incus", "admin"), "INCUS", INCUS_ROOT)


def fetch_incus():
    script = Path(__file__).resolve().parents[2] / "support/fetch_incus.sh"
    subprocess.run([script, INCUS_ROOT], check=True, timeout=300)


class Daemon:
    """Started with an image `busybox`; stop() takes the instances away, too."""

    def __init__(self, workspace, flavour):
        self.workspace, self.flavour = workspace, flavour
        self.folder = workspace.folder(flavour.name)
        self.folder.chmod(0o711)
        self.lxcpath = self.folder / "containers"
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8",
                             f"{flavour.variable}_DIR": str(self.folder),
                             f"{flavour.variable}_CONF": str(workspace.folder(f"{flavour.name}-client"))}
        if flavour.root:
            self._environment["PATH"] = f"{flavour.root}/usr/libexec/incus:{flavour.root}/usr/bin:{self._environment['PATH']}"
            self._environment["LD_LIBRARY_PATH"] = f"{flavour.root}/usr/lib/x86_64-linux-gnu"
        self._log = open(workspace.path / f"{flavour.name}.log", "wb")
        self._process = None

    def start(self):
        self._process = subprocess.Popen([self.flavour.daemon, "--group", "root"], env=self._environment, stdin=subprocess.DEVNULL,
                                         stdout=self._log, stderr=self._log)
        self.workspace.note_process(self._process.pid)
        self.run(self.flavour.daemon, "waitready", "--timeout", "60")
        self.run(*self.flavour.admin, "init", "--preseed", text=PRESEED)
        self._import_image()
        return self

    def _import_image(self):
        folder = self.workspace.folder(f"{self.flavour.name}-image")
        rootfs = make_rootfs(self.workspace.folder(f"{folder.name}/rootfs"))
        (rootfs / "sbin").mkdir()
        (rootfs / "sbin/init").symlink_to("/bin/init0")
        (folder / "metadata.yaml").write_text(METADATA)
        archive = folder.with_suffix(".tar")
        subprocess.run(["tar", "-C", folder, "-cf", archive, "metadata.yaml", "rootfs"], check=True)
        self.client("image", "import", archive, "--alias", "busybox")

    def stop(self):
        if self._process is None:
            return
        for instance in self.query("/1.0/instances?all-projects=true&recursion=1"):
            self.client("--project", instance["project"], "delete", "--force", instance["name"])
        end_process(self._process.pid, process_start_time(self._process.pid))
        self._process.wait(20)
        self._log.close()

    def pause(self):
        """It hangs from then on."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def run(self, *command, text=None):
        done = subprocess.run([str(word) for word in command], env=self._environment, input=text or "", capture_output=True, text=True,
                              check=False, timeout=90)
        if done.returncode != 0:
            log = Path(self._log.name).read_text()[-1500:]
            raise RuntimeError(f"{command}: exit {done.returncode}: {done.stderr.strip()}\n{log}")
        return done.stdout

    def client(self, *arguments):
        return self.run(self.flavour.client, *arguments)

    def query(self, path, *arguments):
        return json.loads(self.client("query", path, *arguments))

    def create(self, name, project="default", bridge=None, settings=()):
        """An instance that does not run yet."""
        options = [word for setting in settings for word in ("-c", setting)]
        self.client("--project", project, "init", "busybox", name, *options)
        if bridge:
            self.client("--project", project, "config", "device", "add", name, "eth0", "nic", "nictype=bridged", f"parent={bridge}",
                        "name=eth0")
        return Instance(self, name, project)

    def add_project(self, name):
        self.client("project", "create", name, "-c", "features.images=false", "-c", "features.profiles=false")


class Instance:
    """`name` is liblxc's: with the project before it where that is not `default`."""

    def __init__(self, daemon, own_name, project):
        self._daemon, self.own_name, self.project = daemon, own_name, project

    @property
    def name(self):
        return self.own_name if self.project == "default" else f"{self.project}_{self.own_name}"

    def do(self, verb, *arguments):
        self._daemon.client("--project", self.project, verb, self.own_name, *arguments)
        return self

    def start(self):
        """Also out of `pause`."""
        self.do("start")
        wait_until(lambda: self.state()["status"] == "Running", what=f"{self.name} to run", describe=self.state)
        self._daemon.workspace.note_process(self.init_pid())
        return self

    def stop(self):
        self.do("stop", "--force")

    def rename(self, name):
        self.do("rename", name)
        self.own_name = name

    def state(self):
        """Its own daemon's word of it."""
        return self._daemon.query(f"/1.0/instances/{self.own_name}/state?project={self.project}")

    def init_pid(self):
        return self.state()["pid"]

    def cgroup(self):
        return CgroupPlace(self.init_pid())

    def _inside(self, *command):
        return ["nsenter", "--target", str(self.init_pid()), "--all", *command]

    def run_inside(self, *command):
        done = subprocess.run(self._inside(*command), capture_output=True, text=True, check=False, timeout=30, env={"PATH": "/bin"})
        if done.returncode != 0:
            raise RuntimeError(f"{command} in {self.name}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def burn(self, seconds=1):
        """CPU time of the container's own: `exec` goes through its daemon and so into its cgroups."""
        source = SecondSource(self)
        enough = source.usage_usec() + seconds * 1_000_000
        self.run_inside("rm", "-f", "/enough")
        loop = ["exec", self.own_name, "--env", "PATH=/bin", "--", "sh", "-c", "while [ ! -e /enough ]; do :; done"]
        with ThreadPoolExecutor(1) as background:
            burner = background.submit(self._daemon.client, "--project", self.project, *loop)
            try:
                wait_until(lambda: source.usage_usec() > enough, 60, f"{self.name} to use CPU time", source.usage_usec)
            finally:
                self.run_inside("touch", "/enough")
            burner.result(60)
