# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths of an lxcpath: a folder is one, however the options and the programs that start containers spell it."""

import json
import os
import socket
import subprocess
import unittest

from support import agent as program
from support.case import HOST, LabCase
from support.line_protocol import parse_line, parse_lines

USER = 65534


class Spelled(LabCase):
    """Three containers of one folder run, started by a link, by the folder's own path and by one with a doubled slash."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.lab.lxcpath
        cls.link = cls.workspace.path / "lxc-link"  # Lab.close() ends what runs in lxc*
        cls.link.symlink_to(cls.folder)
        cls.doubled = f"{cls.folder.parent}//{cls.folder.name}"
        cls.by_link = cls.lab.add("it-by-link", lxcpath=cls.link)
        cls.by_folder = cls.lab.add("it-by-folder")
        cls.lab.start_all([cls.by_link, cls.by_folder])
        cls.lab.add("it-by-doubled")
        for tool, options in (("start", "-d"), ("wait", "-sRUNNING")):
            subprocess.run([f"lxc-{tool}", "-P", cls.doubled, "-n", "it-by-doubled", options], check=True)
        cls.addClassCleanup(subprocess.run, ["lxc-stop", "-k", "-P", cls.doubled, "-n", "it-by-doubled"], check=True)

    def listed(self, *lxcpaths):
        """Name, lxcpath and state of each container."""
        result = program.run("list", "--json", *(word for path in lxcpaths for word in ("--lxcpath", path)))
        self.assertEqual(result.returncode, 0, result)
        return sorted((each["name"], each["lxcpath"], each["state"]) for each in json.loads(result.stdout))

    def all_running(self, lxcpath):
        return [(f"it-by-{way}", str(lxcpath), "RUNNING") for way in ("doubled", "folder", "link")]

    def test_each_path_shows_them_running(self):
        for given in (self.folder, self.doubled, f"{self.folder}/", f"{self.folder}/.", f"{self.folder.parent}/./{self.folder.name}"):
            with self.subTest(given):
                self.assertEqual(self.listed(given), self.all_running(self.folder))
        self.assertEqual(self.listed(self.link), self.all_running(self.link))

    def test_two_paths_show_them_once(self):
        self.assertEqual(self.listed(self.link, self.folder), self.all_running(self.link))
        self.assertEqual(self.listed(self.folder, self.link, self.doubled), self.all_running(self.folder))
        result = program.run("--once", "--dry-run", "--host", HOST, "--lxcpath", self.folder, "--lxcpath", self.link)
        rows = [row for row in parse_lines(result.stdout) if row.measurement == "lxc_state"]
        self.assertEqual(sorted(row.tags["container"] for row in rows), [name for name, _, _ in self.all_running(self.folder)])
        self.assertEqual({row.tags.get("lxcpath") for row in rows}, {None})
        self.assertIn(f"{self.link} is the same folder as {self.folder}", result.stderr)

    def test_a_container_that_starts_later(self):
        agent = self.start_agent("--interval", "200ms", "--dry-run")

        def states():
            rows = map(parse_line, agent.stdout.rpartition("\n")[0].splitlines())
            return [row.fields["state"] for row in rows if row.measurement == "lxc_state" and row.tags["container"] == "it-later"]

        later = self.lab.add("it-later", lxcpath=self.link)
        self.addCleanup(later.destroy)
        agent.wait_for(lambda: states()[-1:] == ["STOPPED"], what="the new container")
        later.start()
        agent.wait_for(lambda: states()[-1:] == ["RUNNING"], 100, "it to run")

    def listen_as_user(self, name, silent):
        """By the folder's own path, where it is free: the monitor of `name` has the name of another path."""
        address = f"\0{self.folder}/{name}/command"
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        os.seteuid(USER)
        try:
            listener.bind(address)
            listener.listen(0 if silent else 100)
        finally:
            os.seteuid(0)
        while silent:  # until it takes no connection
            caller = socket.socket(socket.AF_UNIX)
            self.addCleanup(caller.close)
            caller.setblocking(False)
            try:
                caller.connect(address)
            except BlockingIOError:
                return

    def test_a_user_by_another_path_hides_no_container(self):
        self.listen_as_user("it-by-link", silent=True)
        self.listen_as_user("it-by-doubled", silent=False)
        self.assertEqual(self.listed(self.folder), self.all_running(self.folder))

    def test_a_link_of_a_user_gives_no_trust(self):
        """The user decides where it leads: root's process does not follow it, and root's monitors are none of the user's."""
        place = self.path("user")
        place.mkdir()
        (place / "link").symlink_to(self.folder)
        os.chown(place, USER, USER)
        os.lchown(place / "link", USER, USER)
        stopped = [(name, str(place / "link"), "STOPPED") for name, _, _ in self.all_running(self.folder)]
        self.assertEqual(self.listed(place / "link"), stopped)
        self.assertEqual(self.listed(place / "link", self.folder), sorted(stopped + self.all_running(self.folder)))


if __name__ == "__main__":
    unittest.main()
