"""The load of ``hooks``: a small HTTP client on plain sockets, in a process of its own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

_CONNECTIONS = 48
_PATIENCE = 10.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Shot:
    path: str
    body: bytes
    signature: str
    event_id: str
    expected: int

    @property
    def text(self) -> bytes:
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-razorpay-signature: {self.signature}\r\nx-razorpay-event-id: {self.event_id}\r\n"
            f"content-length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def fire(port: int, shots: list[Shot], rate: float) -> list[tuple[int, float, float]]:
    """Status (0: none), milliseconds since it was due, and seconds since the start when it was answered."""
    return asyncio.run(_fire(port, shots, rate))


async def _fire(port: int, shots: list[Shot], rate: float) -> list[tuple[int, float, float]]:
    answers: list[tuple[int, float, float]] = [(0, 0.0, 0.0)] * len(shots)
    texts = [shot.text for shot in shots]
    waiting: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    began = time.perf_counter() + 0.5

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            place, due = await waiting.get()
            status = 0
            try:
                writer.write(texts[place])
                status = await asyncio.wait_for(_answer(reader), _PATIENCE)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            now = time.perf_counter()
            answers[place] = (status, (now - due) * 1000, now - began)
            waiting.task_done()

    tasks = [asyncio.create_task(connection()) for _ in range(_CONNECTIONS)]
    for place in range(len(shots)):
        due = began + place / rate
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        waiting.put_nowait((place, due))
    await waiting.join()
    for task in tasks:
        task.cancel()
    return answers


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
