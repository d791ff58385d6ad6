# SPDX-License-Identifier: GPL-2.0-or-later
"""What the container `sysd` of fixture_history.sh does and a shell can't: python3 - memory|forks|cpu|hold

Debian's python3-minimal is all there is: no mmap, no resource."""

import os
import socket
import sys
import threading
import time

MIB = 1024 * 1024


def memory():
    """All the memory it may have and more."""
    held = []
    while True:
        held.append(b"x" * MIB)


def forks():
    """More processes than allowed."""
    children = []
    try:
        while len(children) < 500:
            pid = os.fork()
            if pid == 0:
                time.sleep(1000)
            children.append(pid)
    except BlockingIOError:
        pass
    for pid in children:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def burn(seconds):
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass


def cpu():
    """More in one period than the quota gives for each, out of what was saved before; then more than that."""
    for _ in range(8):
        time.sleep(0.25)
        burn(0.06)
    burn(0.5)


def hold():
    """Threads, and data in a socket that nobody reads."""
    for _ in range(5):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    client.setblocking(False)
    try:
        while True:
            client.send(b"x" * 65536)
    except BlockingIOError:
        pass
    time.sleep(1000)


if __name__ == "__main__":
    {"memory": memory, "forks": forks, "cpu": cpu, "hold": hold}[sys.argv[1]]()
