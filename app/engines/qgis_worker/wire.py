"""The worker's end of the socket: one JSON datagram a message, and what a refusal is."""

import json
import os
import socket

DATAGRAM = 48 * 1024


class Refused(Exception):  # noqa: N818 - reads as the fact it states
    """A request that cannot be met: kind is invalid, not_found or failed."""

    def __init__(self, kind, message, field=None):
        super().__init__(message)
        self.record = {"kind": kind, "message": message, "field": field}


class Wire:
    """One JSON datagram a message; long ones and images travel as memory files."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, message, flags=0):
        body = json.dumps(message, ensure_ascii=False).encode()
        if len(body) <= DATAGRAM:
            self.sock.send(body, flags)
            return
        large = os.memfd_create("wangge-message")
        with os.fdopen(large, "wb") as stream:
            stream.write(body)
            stream.flush()
            socket.send_fds(self.sock, [b'{"large":1}'], [large])

    def receive(self):
        body, fds, _flags, _address = socket.recv_fds(self.sock, DATAGRAM + 1024, 4)
        if not body:
            return None, []
        if body == b'{"large":1}':
            body = read_all(fds.pop(0))
        return json.loads(body), fds


def read_all(fd):
    with os.fdopen(fd, "rb") as stream:
        stream.seek(0)
        return stream.read()
