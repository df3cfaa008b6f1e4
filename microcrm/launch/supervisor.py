"""Keeps programs running: starts them in order, restarts one that dies, stops them in the opposite order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from microcrm.processes import Failed, Program, Running, last_line, start

_LOOK_EVERY = 0.5  # seconds
_MOST_RESTARTS = 5
_WITHIN = 120.0  # seconds


def say_nothing(_: str) -> None: ...


@dataclass(slots=True)
class Supervisor:
    """``say`` tells the person at the terminal what happened, in one line."""

    say: Callable[[str], None] = say_nothing
    _children: list[Running] = field(default_factory=list)
    _restarts: dict[str, list[float]] = field(default_factory=dict)

    def adopt(self, children: Iterable[Running]) -> None:
        """Watch programs that somebody else has started."""
        self._children += children

    def start(self, *programs: Program) -> None:
        """All at once; returns when each is ready. Raises: Failed."""
        begun = [Running(program) for program in programs]
        self._children += begun
        for child in begun:
            child.wait_ready()

    def watch(self) -> None:
        """For ever. Raises: Failed, when a program keeps dying."""
        while True:
            time.sleep(_LOOK_EVERY)
            for place, child in enumerate(self._children):
                if child.exit_code is not None or not child.is_well():
                    self._children[place] = self._restarted(child)

    def stop(self, *names: str) -> None:
        """These, in this order."""
        for name in names:
            for child in self._children:
                if child.program.name == name:
                    child.stop()

    def _restarted(self, child: Running) -> Running:
        name = child.program.name
        why = "stopped answering" if child.exit_code is None else f"ended with code {child.exit_code}"
        now = time.monotonic()
        recent = [at for at in self._restarts.get(name, []) if now - at < _WITHIN]
        if len(recent) >= _MOST_RESTARTS:
            raise Failed(f"{name} keeps stopping ({last_line(child.program.log)}). Its log: {child.program.log}")
        self._restarts[name] = [*recent, now]
        self.say(f"{name} {why}; starting it again.")
        child.stop()
        time.sleep(min(8.0, 0.5 * 2 ** len(recent)))
        return start(child.program)
