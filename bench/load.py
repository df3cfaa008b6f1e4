"""The load: many tabs at once, from a process of its own (``python -m bench.load``; a plan in, figures out, as JSON).

An open loop sends by the clock whether or not the server keeps up, and counts each answer from the moment when the event
was due: a server that stalls cannot hide it. A closed loop sends the next event when the last one is answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from secrets import randbelow
from typing import Any
from uuid import UUID

from bench.wire import Tab, event_frame

PATIENCE = 10.0  # seconds for an answer; later ones are errors
_OPENING_AT_ONCE = 50
_FRESH = b"{phone}"  # in a payload: a mobile number that nobody has yet


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. ``done``: what the update that answers it contains. ``share``: parts of all events."""

    name: str
    share: int
    handler: str
    payload: dict[str, Any]
    where: dict[str, Any]
    done: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``cookies``: one a tab. ``seconds``: how long each loop lasts. ``rate``: events a second of each tab; 0: closed loop
    over the kinds in turn. ``storm``: afterwards, when told, tear all tabs away at once and time their return."""

    host: str
    port: int
    origin: str
    path: str
    cookies: list[str]
    kinds: list[Kind]
    hydrated: str
    seconds: float
    rate: float = 0.5
    storm: bool = False
    seed: int = 1


@dataclass(slots=True)
class Seen:
    """Milliseconds by kind, and what went wrong how often."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)


class Visitor:
    """One tab and its events, one after the other, as Reflex handles them."""

    def __init__(self, load: Load, place: int) -> None:
        self.load, self.place = load, place
        self.tab = Tab(str(UUID(int=load.rng.getrandbits(128))), load.plan.path, self._updated, self._lost)
        self.waiting: deque[tuple[Kind, float]] = deque()
        self.turn = cycle(load.plan.kinds)
        self.opened = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        plan = self.load.plan
        self.opened = asyncio.get_running_loop().create_future()
        headers = {"Origin": plan.origin}
        if plan.cookies[self.place]:
            headers["Cookie"] = plan.cookies[self.place]
        await self.tab.open(plan.host, plan.port, headers)
        await asyncio.wait_for(self.opened, 60)

    def due(self, kind: Kind) -> None:
        self.waiting.append((kind, time.perf_counter()))
        if len(self.waiting) == 1:
            self._send()

    def _send(self) -> None:
        text = self.load.texts[self.waiting[0][0].name]
        if _FRESH in text:
            text = text.replace(_FRESH, b"70%08d" % randbelow(10**8))
        self.tab.send(text)

    def _updated(self, text: bytes) -> None:
        plan, seen = self.load.plan, self.load.seen
        if not self.opened.done():
            if plan.hydrated.encode() in text:
                self.opened.set_result(None)
            return
        if not self.waiting or self.waiting[0][0].done.encode() not in text:
            if self.waiting and b'"bad"' in text:
                seen.errors["refused"] += 1
                self._next()
            return
        kind, due = self.waiting[0]
        seen.latencies[kind.name].append((time.perf_counter() - due) * 1000)
        self._next()

    def _next(self) -> None:
        self.waiting.popleft()
        if self.waiting:
            self._send()
        elif self.load.is_closed_loop and self.load.is_running:
            self.due(next(self.turn))

    def _lost(self) -> None:
        self.load.seen.errors[f"lost {self.tab.refusal}".strip()] += 1
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(self.tab.refusal or "closed"))


class Load:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.rng, self.seen = plan, Random(plan.seed), Seen()
        self.texts = {kind.name: event_frame(kind.handler, kind.payload, kind.where) for kind in plan.kinds}
        self.is_running = False
        self.is_closed_loop = not plan.rate
        self.visitors = [Visitor(self, place) for place in range(len(plan.cookies))]

    async def run(self) -> None:
        """Open, then work, then the storm; each begins when the measurer, who looks at the server between, says so."""
        began = time.perf_counter()
        await self._open_all()
        opened_in = time.perf_counter() - began
        report(phase="open")
        await asyncio.to_thread(sys.stdin.readline)
        self.is_running = True
        began = time.perf_counter()
        await (self._closed_loop() if self.is_closed_loop else self._open_loop())
        lasted = time.perf_counter() - began
        counted = {name: len(values) for name, values in self.seen.latencies.items()}
        report(
            opened_in_s=round(opened_in, 2),
            events=sum(counted.values()),
            events_per_s=round(sum(counted.values()) / lasted, 1),
            kinds={name: quantiles(values) for name, values in sorted(self.seen.latencies.items())},
            errors=sum(self.seen.errors.values()),
            error_kinds=dict(self.seen.errors),
        )
        if self.plan.storm:
            await asyncio.to_thread(sys.stdin.readline)
            self.seen.errors.clear()
            healed_in = await self._storm()
            report(healed_s=healed_in, errors=sum(self.seen.errors.values()), error_kinds=dict(self.seen.errors))
        for visitor in self.visitors:
            visitor.tab.leave()

    async def _open_all(self) -> None:
        gate = asyncio.Semaphore(_OPENING_AT_ONCE)

        async def one(visitor: Visitor) -> None:
            async with gate:
                await visitor.open()

        await asyncio.gather(*(one(visitor) for visitor in self.visitors))

    async def _open_loop(self) -> None:
        kinds = [kind for kind in self.plan.kinds for _ in range(kind.share)]
        until = time.perf_counter() + self.plan.seconds

        async def one(visitor: Visitor) -> None:
            pause = 1 / self.plan.rate
            at = time.perf_counter() + self.rng.random() * pause
            while at < until:
                await asyncio.sleep(at - time.perf_counter())
                visitor.due(self.rng.choice(kinds))
                at += pause

        await asyncio.gather(*(one(visitor) for visitor in self.visitors))
        await self._drain()

    async def _closed_loop(self) -> None:
        for visitor in self.visitors:
            visitor.due(next(visitor.turn))
        await asyncio.sleep(self.plan.seconds)
        self.is_running = False
        await self._drain()

    async def _drain(self) -> None:
        until = time.perf_counter() + PATIENCE
        while any(visitor.waiting for visitor in self.visitors) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # an event for each would cost the measured machine more
        unanswered = sum(len(visitor.waiting) for visitor in self.visitors)
        if unanswered:
            self.seen.errors["no answer"] += unanswered
        for visitor in self.visitors:
            visitor.waiting.clear()

    async def _storm(self) -> float:
        """Seconds from tearing all tabs away until each has its page again."""
        began = time.perf_counter()
        for visitor in self.visitors:
            visitor.tab.leave()
        results = await asyncio.gather(*(visitor.open() for visitor in self.visitors), return_exceptions=True)
        self.seen.errors["not healed"] += sum(isinstance(result, BaseException) for result in results)
        return round(time.perf_counter() - began, 2)


def quantiles(values: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(values)

    def at(part: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1)

    return {"count": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": round(ordered[-1], 1)}


def report(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def main() -> None:
    raw = json.loads(sys.stdin.readline())
    plan = Plan(**{**raw, "kinds": [Kind(**kind) for kind in raw["kinds"]]})
    asyncio.run(_run(plan))


async def _run(plan: Plan) -> None:
    await Load(plan).run()


if __name__ == "__main__":
    main()
