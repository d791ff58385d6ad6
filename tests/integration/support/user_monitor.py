# SPDX-License-Identifier: GPL-2.0-or-later
"""An ordinary user that answers as a container's monitor, by liblxc's protocol (commands.h): it hangs up on a caller without a question.

usage: user_monitor.py UID LXCPATH/NAME/command hang|trickle|huge
       user_monitor.py UID LXCPATH/NAME/command claim PID CGROUP      names that process as its init, by a pidfd
"""

import os
import socket
import struct
import sys
import threading
import time

GET_STATE, GET_INIT_PID, GET_CONFIG_ITEM, GET_INIT_PIDFD = 3, 4, 7, 18
RUNNING = 2


def reply(result=0, length=0, data=0):
    return struct.pack("=iiQ", result, length, data)  # lxc_cmd_rsp


def claim(caller, question, pid, cgroup):
    command = struct.unpack_from("=i", question)[0]
    if command == GET_STATE:
        caller.send(reply(data=RUNNING))
    elif command == GET_INIT_PIDFD:
        socket.send_fds(caller, [reply()], [os.pidfd_open(pid)])
    elif command == GET_INIT_PID:
        caller.send(reply(data=pid))
    elif command == GET_CONFIG_ITEM and b"cgroup" in question:
        caller.send(reply(length=len(cgroup) + 1) + cgroup.encode() + b"\0")
    else:
        caller.send(reply(-1))


def serve(caller, mode, arguments):
    question = caller.recv(4096)
    try:
        if question and mode == "hang":
            time.sleep(3600)
        while question and mode == "trickle":
            caller.send(b"\0")
            time.sleep(0.3)
        if question and mode == "huge":
            caller.send(reply(length=2**31 - 1))
            while True:
                caller.send(b"A" * 65536)
        if question and mode == "claim":
            claim(caller, question, int(arguments[0]), arguments[1])
    except OSError:
        pass
    caller.close()


def main():
    uid, path, mode, *arguments = sys.argv[1:]
    os.setgid(int(uid))
    os.setuid(int(uid))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("\0" + path)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        caller, _ = listener.accept()
        threading.Thread(target=serve, args=(caller, mode, arguments), daemon=True).start()


if __name__ == "__main__":
    main()
