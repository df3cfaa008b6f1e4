"""What ``remind-faults`` kills: senders, a worker and two clocks as the product starts them, Valkey and PostgreSQL. Each is killed
outright and started again, the servers on the address they had.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from microcrm import processes
from microcrm.processes import Failed, Program, Running

# Sends all the time, so that a kill seldom finds it idle; otherwise what the worker does when beat calls.
_SENDER = """
import sys, time
from pathlib import Path
from tasks import messages
Path(sys.argv[1]).touch()
while True:
    try:
        messages.sweep()
    except Exception as error:
        print(type(error).__name__, flush=True)
        time.sleep(0.1)
    time.sleep(0.02)
"""
_PATIENCE = 120.0  # seconds for a server that was killed; PostgreSQL waits until the last of its old processes has gone


@dataclass(slots=True)
class Mortal:
    """``weight``: how often it is chosen. ``ripe_after``: seconds after its start in which a kill would find it doing nothing yet.
    ``signals``: how it may die."""

    kind: str
    running: Running
    weight: int
    ripe_after: float = 0.0
    sign: Path | None = None
    signals: Sequence[signal.Signals] = (signal.SIGKILL,)
    is_server: bool = False

    @property
    def is_ripe(self) -> bool:
        if self.running.exit_code is not None or time.monotonic() - self.running.started_at < self.ripe_after:
            return False
        return self.sign is None or self.sign.exists()

    def kill(self, how: signal.Signals) -> None:
        os.kill(self.running.pid, how)

    def begin_again(self) -> None:
        """Waits until nothing is left of it; a server is waited for until it answers."""
        if self.sign is not None:
            self.sign.unlink(missing_ok=True)
        self.running.stop()
        if not self.is_server:
            self.running = Running(self.running.program)
            return
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                self.running = processes.start(self.running.program)
                return
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


@dataclass(slots=True)
class Reaper:
    """Chooses who dies. ``deaths``: how many of each kind; ``revived``: those that had ended by themselves."""

    mortals: list[Mortal]
    dice: Random
    deaths: Counter[str] = field(default_factory=Counter)
    revived: int = 0

    def revive(self) -> None:
        """As whoever watches over the product does."""
        for one in self.mortals:
            if one.running.exit_code is not None:
                one.begin_again()
                self.revived += 1

    def strike(self, meanwhile: Callable[[], None]) -> bool:
        """One of them dies while something goes on; whether there was one to kill."""
        ripe = [one for one in self.mortals if one.is_ripe]
        if not ripe:
            time.sleep(0.05)
            return False
        victim = self.dice.choices(ripe, [one.weight for one in ripe])[0]
        blow = threading.Timer(self.dice.random() * 0.3, victim.kill, (self.dice.choice(victim.signals),))
        blow.start()
        meanwhile()
        blow.join()
        victim.begin_again()
        self.deaths[victim.kind] += 1
        return True

    def stop(self, kinds: Iterable[str] | None = None) -> None:
        """The servers last, and in peace, for others still use them then."""
        wanted = None if kinds is None else set(kinds)
        for one in sorted(self.mortals, key=lambda one: one.is_server):
            if wanted is None or one.kind in wanted:
                if not one.is_server:
                    one.running.program = _at_once(one.running.program)
                one.running.stop()
        self.mortals = [one for one in self.mortals if wanted is not None and one.kind not in wanted]


def senders(folder: Path, number: int = 2) -> list[Mortal]:
    return [_sender(folder, place) for place in range(number)]


def _sender(folder: Path, place: int) -> Mortal:
    sign = folder / f"sender-{place}"
    program = Program(f"sender {place}", [sys.executable, "-c", _SENDER, str(sign)], folder / f"sender-{place}.log")
    return Mortal("sender", Running(program), 25, sign=sign)


def celery(folder: Path, beats: int = 2) -> list[Mortal]:
    """A worker and clocks that run at once, by the product's own commands."""
    return [
        Mortal("worker", _command(folder, "worker"), 60, ripe_after=4),
        *(Mortal("beat", _command(folder, "beat", place), 8, ripe_after=3) for place in range(beats)),
    ]


def _command(folder: Path, name: str, place: int = 0) -> Running:
    return Running(Program(name, [sys.executable, "-m", "microcrm.cli", name], folder / f"{name}-{place}.log"))


def servers(engines: Iterable[Running]) -> list[Mortal]:
    """Those of this run alone. PostgreSQL dies as when the machine fails it, or as when somebody stops it at once."""
    ways = {"PostgreSQL": (signal.SIGKILL, signal.SIGQUIT), "Valkey": (signal.SIGKILL,)}
    return [
        Mortal(
            one.program.name.lower(), one, 6, ripe_after=1, signals=ways[one.program.name], is_server=True
        )
        for one in engines
    ]  # fmt: skip


def _at_once(program: Program) -> Program:
    return replace(program, stop_signal=signal.SIGKILL)
