# SPDX-License-Identifier: GPL-2.0-or-later
"""A spool folder with files that are not the spool's: an existing folder named by mistake, and what stands in place of the file `owner`."""

import os
import stat
import time
import unittest

from support.delivery_case import DeliveryCase
from support.influx import free_port
from support.spool import SpoolFolder

MONTH = 30 * 86400
OF_ROOT = "root:x:0:0::/root:/bin/sh\n"


class ForeignCase(DeliveryCase):
    def setUp(self):
        self.folder = self.path("spool")
        self.folder.mkdir(mode=0o700)
        self.files = SpoolFolder(self.folder)
        self.url = f"http://127.0.0.1:{free_port()}"

    def spooling_agent(self, *arguments):
        """Points are on the disk when it returns."""
        agent = self.deliver_to(self.url, "--spool-dir", self.folder, *arguments)
        agent.wait_for(lambda: len(self.files.times()) >= 3, 30, "3 ticks in the spool")
        return agent

    def of_root(self, path):
        path.write_text(OF_ROOT)
        os.utime(path, (time.time() - MONTH,) * 2)
        return path


class Foreign(ForeignCase):
    def state(self, names):
        found = {}
        for name in names:
            status = (self.folder / name).stat()
            found[name] = ((self.folder / name).read_bytes(), status.st_mode, status.st_mtime_ns, status.st_ino)
        return found

    def test_files_of_an_existing_folder_stay(self):
        names = [self.of_root(self.folder / name).name for name in ("fstab", "passwd", "shadow", "passwd.bad", "7.jsonl", "1.tar")]
        (self.folder / "1.tar").write_bytes(b"x" * 200_000)
        before = self.state(names)
        server = self.fault_server()
        server.answer = (503, {}, b"")
        self.url = server.url
        # Both bounds are exceeded by these files, and the first segment is gzipped.
        agent = self.spooling_agent("--spool-max-size", "64KiB", "--spool-max-age", "1h")
        self.assertEqual(len(self.lines_with(agent, f"{self.folder}: 6 files that are not the spool's are left alone, such as 1.tar;")), 1,
                         agent.stderr)
        server.answer = (204, {}, b"")
        agent.wait_for(lambda: not self.files.segments(), 30, "an empty spool")
        self.stopped(agent)
        self.assertEqual(self.state(names), before)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {*names, "lock", "owner"})
        self.assertEqual(len(self.lines_with(agent, "left alone")), 1, "told once")


class Owner(ForeignCase):
    def assert_owner_written(self, agent):
        """A FIFO would hang the agent before its first tick, and a file of 3 GiB fill its memory."""
        self.assertLess(agent.peak_memory_kib(), 300 * 1024)
        self.stopped(agent)
        owner = self.folder / "owner"
        self.assertTrue(stat.S_ISREG(owner.lstat().st_mode))
        self.assertEqual(stat.S_IMODE(owner.lstat().st_mode), 0o600)
        self.assertEqual(owner.read_text(), self.url + "\n")

    def test_a_fifo(self):
        os.mkfifo(self.folder / "owner")
        self.assert_owner_written(self.spooling_agent())

    def test_a_link(self):
        victim = self.of_root(self.path("etc-passwd"))
        victim.chmod(0o644)
        before = victim.stat().st_mtime_ns
        for name in ("owner", "owner.tmp"):
            (self.folder / name).symlink_to(victim)
        self.assert_owner_written(self.spooling_agent())
        self.assertEqual(victim.read_text(), OF_ROOT)
        self.assertEqual((stat.S_IMODE(victim.stat().st_mode), victim.stat().st_mtime_ns), (0o644, before))

    def test_three_gigabytes(self):
        with open(self.folder / "owner", "wb") as file:
            file.truncate(3 << 30)
        self.assert_owner_written(self.spooling_agent())


if __name__ == "__main__":
    unittest.main()
