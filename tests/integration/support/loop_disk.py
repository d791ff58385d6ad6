# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk of its own for a test: ext4 on a loop device."""

import os
import subprocess
from pathlib import Path


class LoopDisk:
    """Mounted at `folder`; close() unmounts it. `options`: of mount(8)."""

    def __init__(self, folder, megabytes, options="defaults"):
        self.folder = folder
        image = Path(f"{folder}.img")
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image)], check=True)
        # With direct I/O what is written is written once, and not when the page cache likes.
        attach = ["losetup", "--find", "--show", "--direct-io=on", str(image)]
        self.device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
        try:
            subprocess.run(["mount", "-t", "ext4", "-o", options, self.device, str(folder)], check=True)
        finally:
            # While it is mounted, this means: at the umount.
            subprocess.run(["losetup", "--detach", self.device], check=True)

    @property
    def name(self):
        return self.device.removeprefix("/dev/")

    @property
    def number(self):
        device = os.stat(self.device).st_rdev
        return f"{os.major(device)}:{os.minor(device)}"

    def fail(self):
        """As after an I/O error: ext4 refuses writes from now on."""
        Path(f"/sys/fs/ext4/{self.name}/trigger_fs_error").write_text("a test")

    def options(self):
        """Those of the filesystem, in mountinfo."""
        lines = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        (line,) = [words for words in lines if words[4] == str(self.folder)]
        return line[line.index("-") + 3].split(",")

    def close(self):
        if os.path.ismount(self.folder):
            subprocess.run(["umount", str(self.folder)], check=True)
