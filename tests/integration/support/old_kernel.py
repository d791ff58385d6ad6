"""Runs a program as on a kernel before 5.8, where setns() on a pidfd is EINVAL: old_kernel.py COMMAND..."""

import ctypes
import os
import platform
import struct
import sys

SETNS = {"x86_64": 308, "aarch64": 268}[platform.machine()]
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EINVAL = 0x7FFF0000, 0x00050000 | 22


def filter_program():
    """A namespace file may be joined without saying of which kind it is (nstype 0), a pidfd never."""
    number, nstype = 0, 24  # of struct seccomp_data, the second argument's low half
    steps = [(LOAD, 0, 0, number), (JUMP_IF_EQUAL, 0, 3, SETNS), (LOAD, 0, 0, nstype), (JUMP_IF_EQUAL, 1, 0, 0),
             (RETURN, 0, 0, EINVAL), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps), len(steps)


def main(command):
    code, count = filter_program()
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HP", count, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
