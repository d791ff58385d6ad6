# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the kernel's lock for the interfaces of all network namespaces (RTNL), which the kernel itself holds for seconds while it
destroys a namespace with hundreds of interfaces. The lock is the whole machine's: hold it shortly."""

import ctypes
import fcntl
import mmap
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

# linux/userfaultfd.h, linux/sockios.h
USERFAULTFD = {"x86_64": 323, "aarch64": 282}
UFFDIO_API, UFFDIO_REGISTER, UFFDIO_ZEROPAGE = 0xC018AA3F, 0xC020AA00, 0xC020AA04
SIOCGIFCONF = 0x8912
PAGE = 4096


class RtnlHold:
    """Held when the constructor returns, until release()."""

    def __init__(self, workspace):
        # In a network namespace of its own, whose loopback has an address.
        command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" -m support.rtnl_hold', sys.executable]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
        workspace.note_process(self._holder.pid)
        if self._holder.stdout.readline() != b"held\n":
            raise RuntimeError("RTNL can't be held")

    def release(self):
        if not self._holder.stdin.closed:
            self._holder.stdin.close()
        self._holder.wait(20)
        self._holder.stdout.close()


def main():
    """SIOCGIFCONF writes its answer under the lock. The page for the answer comes at the end of stdin (userfaultfd(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    faults = libc.syscall(USERFAULTFD[platform.machine()], os.O_CLOEXEC | os.O_NONBLOCK)  # else poll() reports an error at once
    if faults < 0:
        raise OSError(ctypes.get_errno(), "userfaultfd")
    fcntl.ioctl(faults, UFFDIO_API, bytearray(struct.pack("QQQ", 0xAA, 0, 0)))
    page = mmap.mmap(-1, PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    missing = 1
    fcntl.ioctl(faults, UFFDIO_REGISTER, bytearray(struct.pack("QQQQ", address, PAGE, missing, 0)))
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    question = ctypes.create_string_buffer(struct.pack("ixxxxQ", PAGE, address))
    holder = threading.Thread(target=libc.ioctl, args=(asker.fileno(), SIOCGIFCONF, question))
    holder.start()
    fault = select.poll()
    fault.register(faults, select.POLLIN)
    if fault.poll(20_000) != [(faults, select.POLLIN)]:
        sys.exit("no page fault: SIOCGIFCONF did not answer")
    print("held", flush=True)
    sys.stdin.read()
    fcntl.ioctl(faults, UFFDIO_ZEROPAGE, bytearray(struct.pack("QQQQ", address, PAGE, 0, 0)))
    holder.join()


if __name__ == "__main__":
    main()
