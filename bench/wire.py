"""A browser tab as the server sees it: one websocket that speaks Socket.IO as Reflex's page does, and nothing more.

A client library would do, but the load shares the machine with what it measures: this one costs a few microseconds a
frame. Frames are masked with zeros, which RFC 6455 5.3 allows on the wire and which leaves the payload as it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any, cast

_NAMESPACE = "/_event"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
HYDRATE = "reflex___state____state.hydrate_and_load"


def event_frame(name: str, payload: dict[str, Any], where: dict[str, Any]) -> bytes:
    """The text of one event, ready to be sent many times."""
    event = {"name": name, "payload": payload, "router_data": where}
    return f'42{_NAMESPACE},["event",{json.dumps(event)}]'.encode()


class Tab(asyncio.Protocol):
    """``on_update`` gets the text of each update; ``on_lost`` is called when the server ends the connection."""

    def __init__(self, token: str, path: str, on_update: Callable[[bytes], None], on_lost: Callable[[], None]) -> None:
        self.token, self.path = token, path
        self.on_update, self.on_lost = on_update, on_lost
        self.refusal = ""
        self._buffer = bytearray()
        self._pieces = b""
        self._is_open = self._is_leaving = False
        self._transport: asyncio.Transport | None = None

    async def open(self, host: str, port: int, headers: dict[str, str]) -> None:
        """Connect and hydrate; the answer comes as updates."""
        self._is_open = self._is_leaving = False
        self._buffer.clear()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, host, port)
        lines = {
            "Host": f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        request = f"GET /_event/?token={self.token}&EIO=4&transport=websocket HTTP/1.1\r\n"
        request += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._write(request.encode() + b"\r\n")

    def send(self, text: bytes) -> None:
        self._frame(_TEXT, text)

    def leave(self) -> None:
        """Like a tab that is torn away: no goodbye."""
        self._is_leaving = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self._is_leaving:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open and not self._upgraded():
            return
        while (frame := self._next_frame()) is not None:
            self._take(*frame)

    def _upgraded(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[: self._buffer.find(b"\r\n")])
        del self._buffer[: end + 4]
        if b" 101 " not in status:
            self.refusal = status.decode(errors="replace")
            self.leave()
            self.on_lost()
            return False
        self._is_open = True
        return True

    def _next_frame(self) -> tuple[int, bool, bytes] | None:
        """(opcode, whether it is the last piece, payload); the server's frames are not masked."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, head = buffer[1] & 127, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            if len(buffer) < head:
                return None
            size = struct.unpack_from(">H" if head == 4 else ">Q", buffer, 2)[0]
        if len(buffer) < head + size:
            return None
        first, payload = buffer[0], bytes(buffer[head : head + size])
        del buffer[: head + size]
        return first & 15, bool(first & 128), payload

    def _take(self, opcode: int, is_last: bool, payload: bytes) -> None:
        if opcode == _PING:
            self._frame(_PONG, payload)
        elif opcode <= 2:
            self._pieces += payload
            if is_last:
                text, self._pieces = self._pieces, b""
                self._packet(text)

    def _packet(self, text: bytes) -> None:
        """Engine.IO: 0 open, 2 ping, 4 message; within a message Socket.IO: 0 connected, 2 event."""
        if text.startswith(b"42"):
            if text[:40].find(b'"new_token"') >= 0:
                self.token = json.loads(text[text.index(b",") + 1 :])[1]
                return
            self.on_update(text)
        elif text.startswith(b"2"):
            self.send(b"3")
        elif text.startswith(b"0"):
            boot = {"name": HYDRATE, "payload": {}, "router_data": {"pathname": self.path, "asPath": self.path}}
            self.send(f"40{_NAMESPACE},{json.dumps({'event': boot})}".encode())

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes([128 | opcode, 128 | size]) if size < 126 else bytes([128 | opcode, 254]) + struct.pack(">H", size)
        self._write(head + b"\0\0\0\0" + payload)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
