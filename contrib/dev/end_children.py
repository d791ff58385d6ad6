#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command and ends all that it has started, daemons too: when it ends, and after SIGINT, SIGTERM or SIGHUP.

    end_children.py COMMAND [ARGUMENT...]

The first signal becomes SIGTERM for the command's process group; the command has GRACE_SECONDS to put things in order. What then still runs
is killed. The exit code is the command's, or 128 and the number of the signal."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 90
KILL_SECONDS = 20


def parents():
    """The parent of each process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2:].split()[:2]
        if state != "Z":
            found[int(path.parent.name)] = int(parent)
    return found


def descendants():
    """Of this process. As it is their subreaper, none can leave."""
    parent_of = parents()
    found = {os.getpid()}
    while more := {pid for pid, parent in parent_of.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def kill_descendants():
    end = time.monotonic() + KILL_SECONDS
    while (left := descendants()) and time.monotonic() < end:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reap()
        time.sleep(0.05)
    if left:
        print(f"end_children.py: processes {sorted(left)} could not be killed", file=sys.stderr)


def reap():
    """All that have ended by now."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_for(child):
    """The exit code of the child. Orphans are reaped meanwhile."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def signal_group(leader, number):
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass  # it has just ended


def main(command):
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("end_children.py: prctl(PR_SET_CHILD_SUBREAPER) failed")
    received = []
    # One that is ignored stays so, as nohup wants it.
    early = {number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, early)
    # Kept until the end: its destructor would reap the child, whom wait_for() expects.
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, early))

    def on_signal(number, _):
        if not received:
            signal.alarm(GRACE_SECONDS)
            signal_group(process.pid, signal.SIGTERM)
        received.append(number)

    for number in early:
        signal.signal(number, on_signal)
    signal.signal(signal.SIGALRM, lambda *_: signal_group(process.pid, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, early)
    try:
        code = wait_for(process.pid)
    finally:
        signal.alarm(0)
        for number in early:
            signal.signal(number, signal.SIG_IGN)
        kill_descendants()
    process.returncode = code  # it has been reaped
    return 128 + received[0] if received else code


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: end_children.py COMMAND [ARGUMENT...]")
    sys.exit(main(sys.argv[1:]))
