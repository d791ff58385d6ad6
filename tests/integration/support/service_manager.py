# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd is to a service: a socket that takes its messages (sd_notify(3)), and a watchdog's time."""

import socket
import struct
import time
from dataclasses import dataclass


@dataclass
class Message:
    moment: float
    pid: int
    fields: dict


class ServiceManager:
    """`environment` is for the agent. close() at the end."""

    def __init__(self, path, watchdog_seconds=None):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        self._messages = []
        self.environment = {"NOTIFY_SOCKET": str(path)}
        if watchdog_seconds is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))

    def close(self):
        self._socket.close()

    def messages(self, name=None):
        """All until now, or those that set this variable."""
        while True:
            try:
                data, control, _, _ = self._socket.recvmsg(4096, 256)
            except BlockingIOError:
                break
            pid, _, _ = struct.unpack("3i", control[0][2][:12])
            fields = dict(line.split("=", 1) for line in data.decode().splitlines())
            self._messages.append(Message(time.monotonic(), pid, fields))
        return [message for message in self._messages if name is None or name in message.fields]

    def statuses(self):
        return [message.fields["STATUS"] for message in self.messages("STATUS")]

    def names(self):
        """What has been set, in order, without what comes again and again."""
        return [name for message in self.messages() for name in message.fields if name not in ("STATUS", "WATCHDOG", "MONOTONIC_USEC")]
