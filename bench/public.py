"""``public-page``: the first step of public booking, as strangers' phones ask for it: from empty caches, compressed.

Two loops: sixteen connections as fast as they can for the rate, then fifty requests a second for the time that one takes.
The load runs beside the server on the same cores.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import psycopg

from bench import site
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm.adapters.reachable import plain
from microcrm.processes import Failed

_CONNECTIONS, _PACE = 16, 50
_GOAL = {"p95_ms": "<= 30", "requests_per_s": ">= 300", "page_kb": "<= 30", "not_modified_per_s": ">= 300"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    tag: str
    size: int


def measure(choice: Choice) -> Report:
    seconds = 4.0 if choice.is_quick else 20.0
    with site.ground(choice), site.product() as ours:
        path = f"/b/{shop_slug()}"
        return asyncio.run(_measure(choice, ours.port, path, seconds))


async def _measure(choice: Choice, port: int, path: str, seconds: float) -> Report:
    first = await _once(port, path)
    if first.status != 200:
        raise Failed(f"{path} answers {first.status}.")
    await _closed_loop(port, path, 1.0, "")
    choice.say(f"{_CONNECTIONS} connections as fast as they can")
    rate = await _closed_loop(port, path, seconds, "")
    unchanged = await _closed_loop(port, path, seconds / 2, first.tag)
    choice.say(f"{_PACE} requests a second")
    times = quantiles(await _open_loop(port, path, seconds))
    figures = {f"{name}_ms": times[name] for name in ("p50", "p95", "p99", "max")}
    figures |= {"requests_per_s": round(rate), "not_modified_per_s": round(unchanged)}
    figures["page_kb"] = round(first.size / 1024, 1)
    return Report("public-page", figures, goal=_GOAL)


def shop_slug() -> str:
    """The shop with the most services on sale."""
    with psycopg.connect(plain(configuration.settings().database_owner_url)) as connection:
        row = connection.execute(
            "SELECT b.slug FROM businesses b JOIN services s ON s.business_id = b.id WHERE s.is_active AND s.is_online "
            "GROUP BY b.id ORDER BY count(*) DESC, b.id LIMIT 1"
        ).fetchone()
    if row is None:
        raise Failed("No shop of the data set sells anything.")
    return str(row[0])


async def _once(port: int, path: str) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = await _ask(reader, writer, path, "")
    writer.close()
    return answer


async def _closed_loop(port: int, path: str, seconds: float, tag: str) -> float:
    """Requests a second."""
    until = time.perf_counter() + seconds

    async def ask_again() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < until:
            answer = await _ask(reader, writer, path, tag)
            if answer.status != (304 if tag else 200):
                raise Failed(f"{path} answers {answer.status}.")
            done += 1
        writer.close()
        return done

    return sum(await asyncio.gather(*(ask_again() for _ in range(_CONNECTIONS)))) / seconds


async def _open_loop(port: int, path: str, seconds: float) -> list[float]:
    """Milliseconds, each counted from when the request was due."""
    began = time.perf_counter()
    spare: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask_at(due: float) -> float:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        reader, writer = spare.pop() if spare else await asyncio.open_connection("127.0.0.1", port)
        await _ask(reader, writer, path, "")
        took = (time.perf_counter() - due) * 1000
        spare.append((reader, writer))
        return took

    times = await asyncio.gather(*(ask_at(began + n / _PACE) for n in range(int(seconds * _PACE))))
    for _, writer in spare:
        writer.close()
    return list(times)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, tag: str) -> Answer:
    known = f"if-none-match: {tag}\r\n" if tag else ""
    writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: gzip\r\n{known}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    size = int(headers.get("content-length", 0))
    if size:
        await reader.readexactly(size)
    return Answer(int(lines[0].split()[1]), headers.get("etag", ""), size)
