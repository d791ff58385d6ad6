# SPDX-License-Identifier: GPL-2.0-or-later
"""A FUSE filesystem whose server never answers, mounted inside a container. As a program: dead_fuse.py PID MOUNT_POINT [takes]."""

import ctypes
import os
import re
import struct
import subprocess
import sys
import threading
from pathlib import Path

from .waiting import wait_until


class DeadFuse:
    """Mounted while this lives. close() ends the server, and so whoever waits for an answer."""

    def __init__(self, workspace, init_pid, mount_point, takes=False):
        """`takes`: it takes every question, so that who waits for the answer can't be killed; else nobody even reads them."""
        command = [sys.executable, "-m", "support.dead_fuse", str(init_pid), mount_point] + ["takes"] * takes
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parent.parent)
        workspace.note_process(self._server.pid)
        mounts = Path(f"/proc/{init_pid}/mountinfo")
        wait_until(lambda: self._server.poll() is not None or re.search(f" {mount_point} .* fuse.dead ", mounts.read_text()), 10, "the FUSE mount")

    def close(self):
        self._server.stdin.close()
        self._server.wait(20)


def _checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def take(fuse):
    """Agrees on the protocol, which comes first (linux/fuse.h), and answers nothing else."""
    agree = 26
    while True:
        _, question, number = struct.unpack_from("<IIQ", os.read(fuse, 1 << 20))
        if question == agree:
            answer = struct.pack("<IIIIHHIIHHI", 7, 31, 65536, 0, 12, 10, 65536, 1, 256, 0, 0) + bytes(28)
            os.write(fuse, struct.pack("<IiQ", 16 + len(answer), 0, number) + answer)


def main(init_pid, mount_point, takes=None):
    libc = ctypes.CDLL(None, use_errno=True)
    fuse = os.open("/dev/fuse", os.O_RDWR)
    namespace = os.open(f"/proc/{init_pid}/ns/mnt", os.O_RDONLY)
    _checked(libc.setns(namespace, 0))
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
    _checked(libc.mount(b"dead-server", mount_point.encode(), b"fuse.dead", 0, options.encode()))
    if takes:
        threading.Thread(target=take, args=(fuse,), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
