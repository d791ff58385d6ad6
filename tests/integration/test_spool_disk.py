# SPDX-License-Identifier: GPL-2.0-or-later
"""A spool folder that can't be written: a full disk, a read-only one, a folder that vanishes. The memory takes over, the log says so,
and all is well again by itself."""

import os
import shutil
import subprocess
import unittest

from support.delivery_case import DeliveryCase
from support.recording_server import error_answer
from support.spool import SpoolFolder

GOOD = (204, {}, b"")
NOT_NOW = error_answer(503, "not now")


class DiskCase(DeliveryCase):
    def setUp(self):
        self.folder = self.path("spool")
        self.folder.mkdir(mode=0o700)
        self.files = SpoolFolder(self.folder)
        self.server = self.fault_server()
        self.server.answer = NOT_NOW

    def mount(self, options):
        """A tmpfs of the test's own as spool folder; the workspace unmounts it."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=700,{options}", "lxcmon-it", str(self.folder)], check=True)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)

    def spooling_agent(self, *arguments):
        return self.deliver_to(self.server.url, "--spool-dir", self.folder, *arguments)

    def wait_for_trouble(self, agent, words):
        return agent.wait_for(lambda: [line for line in self.lines_with(agent, words) if "fails" not in line], 30,
                              f"{words!r} in the log")

    def assert_all_delivered(self, agent):
        self.server.answer = GOOD
        agent.wait_for(lambda: self.server.delivered() and not self.files.segments(), 30, "an empty spool")
        self.wait_for_ticks(agent, 2)
        self.stopped(agent)
        self.assert_delivered_once(self.server.delivered(), agent.stderr)

    def assert_spooling_again(self, agent):
        """From some tick on all go to the disk again, with those that were in memory."""
        taken = self.wait_for_ticks(agent, 3)
        agent.wait_for(lambda: set(taken) <= set(self.files.times()), 40, "all ticks on the disk")


class FullDisk(DiskCase):
    def test_it_gets_full_and_has_room_again(self):
        self.mount("size=64k")
        agent = self.spooling_agent()
        self.wait_for_trouble(agent, "full")
        # Two more tries, 5 s apart; each names another file.
        self.wait_for_ticks(agent, 60)
        self.assertEqual(len(self.lines_with(agent, "the spool can't be used")), 1, agent.stderr)
        self.remount("size=16m")
        self.assert_spooling_again(agent)
        self.assert_all_delivered(agent)

    def test_the_memory_delivers_what_the_full_disk_did_not_take(self):
        self.mount("size=64k")
        agent = self.spooling_agent()
        self.wait_for_trouble(agent, "full")
        self.wait_for_ticks(agent, 5)
        self.assert_all_delivered(agent)

    def test_a_stop_says_what_is_lost(self):
        self.mount("size=32k")
        agent = self.spooling_agent()
        self.wait_for_trouble(agent, "full")
        self.wait_for_ticks(agent, 5)
        result = agent.stop()
        self.assertEqual(result.returncode, 1, "points are lost, and the exit code says so")
        self.assertRegex(result.stderr, r"[1-9]\d* points .*lost")


class ReadOnly(DiskCase):
    def test_from_the_start(self):
        self.mount("size=16m,ro")
        agent = self.spooling_agent()
        told = self.wait_for_trouble(agent, "read-only")
        self.assertIn(str(self.folder), told[0])
        self.wait_for_ticks(agent, 5)
        self.remount("rw")
        self.assert_spooling_again(agent)
        self.assert_all_delivered(agent)

    def test_it_becomes_so(self):
        agent = self.spooling_agent()
        agent.wait_for(lambda: len(self.files.times()) >= 3, 20, "three ticks in the spool")
        subprocess.run(["chattr", "-R", "+i", str(self.folder)], check=True)
        self.addCleanup(subprocess.run, ["chattr", "-R", "-i", str(self.folder)], check=False)
        self.wait_for_trouble(agent, "not permitted")
        self.wait_for_ticks(agent, 3)
        subprocess.run(["chattr", "-R", "-i", str(self.folder)], check=True)
        self.assert_spooling_again(agent)
        self.assert_all_delivered(agent)

    def test_delivery_goes_on_without_a_spool(self):
        self.mount("size=16m,ro")
        self.server.answer = GOOD
        agent = self.spooling_agent()
        self.wait_for_ticks(agent, 5)
        self.stopped(agent)
        self.assert_delivered_once(self.server.delivered(), agent.stderr)


class Vanished(DiskCase):
    def test_the_folder_is_taken_away(self):
        agent = self.spooling_agent()
        agent.wait_for(self.files.times, 20, "points in the spool")
        shutil.rmtree(self.folder)
        # What was in it is gone for good; what comes after it is not.
        later = self.wait_for_ticks(agent, 6)[-3:]
        agent.wait_for(lambda: set(later) <= set(self.files.times()), 40, "the folder, made anew")

    def test_a_file_in_its_place(self):
        self.folder.rmdir()
        self.folder.write_text("")
        agent = self.spooling_agent()
        told = self.wait_for_trouble(agent, str(self.folder))
        self.assertRegex(told[0], "(?i)not a (folder|directory)")
        self.wait_for_ticks(agent, 3)
        os.unlink(self.folder)
        self.assert_spooling_again(agent)
        self.assert_all_delivered(agent)


if __name__ == "__main__":
    unittest.main()
