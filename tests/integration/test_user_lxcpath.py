# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user can do whose lxcpath root has named: each costs that container alone, and is said once."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from support.case import WatchCase

INTERVAL_NS = 500_000_000
USER = 65534
MONITOR = Path(__file__).parent / "support/user_monitor.py"
NO_ANSWER = "liblxc does not return within 1000 ms"


def pid_of_child(agent, name):
    """None if there is none yet, or it is not the user's yet."""
    for pid in agent.process_tree()[1:]:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if status.startswith(f"Name:\t{name}\n") and f"Uid:\t{USER}\t" in status:
            return pid
    return None


SHADOW_BYTES = 1 << 30
PIECE_BYTES = 1 << 20


def is_in_memory_of(pid, wanted):
    """Looks at all that can be read: heap, stacks, data; not at the terabytes in which ASan notes what is allocated."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if not line.split()[1].startswith("rw") or end - begin >= SHADOW_BYTES:
                continue
            memory.seek(begin)
            last = b""
            for at in range(begin, end, PIECE_BYTES):
                piece = memory.read(min(PIECE_BYTES, end - at))
                if wanted in last + piece:
                    return True
                last = piece[-len(wanted):]
    return False


class UserLxcpath(WatchCase):
    def setUp(self):
        super().setUp()
        (self.steady,) = self.started(self.lab.add("it-user-steady"))
        self.lxcpath = self.path("users")
        self.lxcpath.mkdir()
        os.chown(self.lxcpath, USER, USER)

    def define(self, name, *lines):
        folder = self.lxcpath / name
        folder.mkdir()
        (folder / "config").write_text("\n".join(("lxc.rootfs.path = dir:/nowhere", *lines)) + "\n")
        for path in (folder, folder / "config"):
            os.chown(path, USER, USER)
        return folder

    def monitor(self, name, *mode):
        process = subprocess.Popen([sys.executable, MONITOR, str(USER), f"{self.lxcpath}/{name}/command", *map(str, mode)],
                                   stdout=subprocess.PIPE, text=True)
        self.workspace.note_process(process.pid)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")

    def fifo(self, name):
        path = self.lxcpath / name
        os.mkfifo(path)
        os.chown(path, USER, USER)
        return path

    def watch_until_said(self, **messages):
        """Runs the agent until it has said `messages` of these containers, and some ticks more."""
        self.define("good")
        self.watch("--no-host", "--lxcpath", self.lxcpath)
        for name, message in messages.items():
            text = f"container {name} of {self.lxcpath}: {message}"
            self.agent.wait_for(lambda wanted=text: wanted in self.agent.stderr, 30, f"{text!r} in the log")
        before = len(self.rows("lxc_cpu", self.steady))
        self.agent.wait_for(lambda: len(self.rows("lxc_cpu", self.steady)) > before + 4, 20, "the others to go on")
        self.agent.stop()
        for name in messages:
            self.assertEqual(self.agent.stderr.count(f"container {name} of"), 1, f"{name} is said once: {self.agent.stderr}")
            self.assertEqual([row for row in self.rows("lxc_state") if row.tags["container"] == name], [], "its state is left out")
        states = [row["state"] for row in self.rows("lxc_state") if row.tags["container"] == "good"]
        self.assertEqual(set(states), {"STOPPED"})
        self.assert_no_tick_is_missing()

    def assert_no_tick_is_missing(self):
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_state"):
            times = sorted({row.time for row in self.rows(measurement, self.steady)})
            gaps = [later - earlier for earlier, later in zip(times, times[1:]) if later - earlier != INTERVAL_NS]
            self.assertEqual(gaps, [], f"{measurement}; the agent said: {self.agent.stderr[-2000:]}")

    def test_configurations(self):
        roots = self.path("roots")
        roots.mkdir(mode=0o700)
        self.define("itself", f"lxc.include = {self.lxcpath}/itself/config")
        self.define("includes", f"lxc.include = {self.fifo('include')}")
        self.define("logs", f"lxc.log.file = {self.fifo('log')}")
        self.define("makes", f"lxc.log.file = {roots}/nologin")
        self.watch_until_said(itself="liblxc ", includes=NO_ANSWER, logs=NO_ANSWER,
                              makes="liblxc can't load the container")
        self.assertEqual(list(roots.iterdir()), [])

    def test_monitors(self):
        for mode in ("hang", "trickle", "huge"):
            self.define(mode)
            self.monitor(mode, mode)
        no_state = "its monitor gives no valid state (liblxc: STOPPED) and goes on listening"  # the first bytes look like it
        self.watch_until_said(hang=NO_ANSWER, trickle=no_state, huge="")

    def test_no_secret_is_in_the_memory_of_the_users_process(self):
        secret = "t0ken-that-a-user-must-not-see"
        token = self.file("token", secret)
        token.chmod(0o600)
        self.define("includes", f"lxc.include = {self.fifo('include')}")
        agent = self.start_agent("--influx-url", "http://127.0.0.1:1", "--influx-token-file", token, "--interval", "500ms",
                                 "--lxcpath", self.lxcpath)
        name = f"lxcmon-u{USER}"
        def look():
            """Status, and whether the secret was found; None if the process, which hangs, was killed before the end of the search."""
            pid = pid_of_child(agent, name)
            try:
                status = pid and Path(f"/proc/{pid}/status").read_text()
                found = pid and is_in_memory_of(pid, secret.encode())
                return (status, found) if pid and pid_of_child(agent, name) == pid else None
            except OSError:
                return None
        status, found = agent.wait_for(look, 30, f"a child {name}")
        self.assertTrue(is_in_memory_of(agent.pid, secret.encode()), "the search finds it where it is")
        self.assertFalse(found)
        self.assertRegex(status, rf"Uid:\t{USER}\t{USER}\t{USER}\t{USER}\n")
        self.assertRegex(status, r"CapEff:\t0+\n")

    def test_the_init_of_another_container(self):
        self.define("claims")
        init = self.steady.init_pid()
        self.monitor("claims", "claim", init, "lxc.payload.it-user-steady")
        self.watch_until_said(claims=f"its monitor names process {init} as its init, which is neither")
        self.assertEqual([row for row in self.rows("lxc_cpu") if row.tags["container"] == "claims"], [])


if __name__ == "__main__":
    unittest.main()
