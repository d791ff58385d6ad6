# SPDX-License-Identifier: GPL-2.0-or-later
"""A real automount with an idle timeout of a second, on which an ext4 is mounted; a program of its own, as process 1 of a pid
namespace, so that the agent takes its mounts for the host's:

    unshare --mount --pid --fork --mount-proc setsid python3 automount.py FOLDER SECONDS

Its process group is the automount's daemon. It answers each line of standard input in JSON: "idle" with whether the kernel asks for
the umount, {"start": COMMAND} with true, and {"run": COMMAND} with what the command has printed."""

import ctypes
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
from pathlib import Path

from loop_disk import LoopDisk

AUTOFS_IOC_SETTIMEOUT = 0xC0089364
AUTOFS_IOC_EXPIRE_MULTI = 0x40049366


def mount_autofs(place, write_end):
    options = f"fd={write_end},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"it-autofs", os.fsencode(place), b"autofs", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount autofs")


def wait_for_idle(root, read_end):
    """Asks the kernel to expire until it asks for the umount: 600 times at most."""
    for _ in range(600):
        child = os.fork()
        if child == 0:
            try:
                fcntl.ioctl(root, AUTOFS_IOC_EXPIRE_MULTI, struct.pack("i", 0))
            except OSError:
                pass
            os._exit(0)  # EAGAIN: in use
        while not select.select([read_end], [], [], 0.05)[0]:
            if os.waitpid(child, os.WNOHANG)[0]:
                break
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
    return False


def main():
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    place = folder / "automount"
    place.mkdir()
    read_end, write_end = os.pipe()
    mount_autofs(place, write_end)
    root = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.ioctl(root, AUTOFS_IOC_SETTIMEOUT, struct.pack("Q", seconds))
    LoopDisk(place, 20)
    print(json.dumps(str(place)), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = True
        # Commands have a session of their own: their looks are not the daemon's.
        if asked == "idle":
            answer = wait_for_idle(root, read_end)
        elif "start" in asked:
            subprocess.Popen(asked["start"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        else:
            answer = subprocess.run(asked["run"], capture_output=True, text=True, start_new_session=True, check=True).stdout
        print(json.dumps(answer), flush=True)
    # Mounts and processes end with the namespace.


if __name__ == "__main__":
    main()
