"""Keeps programs running: starts them in order, restarts one that dies, lets one rest that nobody wants, stops them in the opposite
order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from microcrm.processes import Failed, Program, Running, last_line, start

_LOOK_EVERY = 0.5  # seconds
_ASK_EVERY = 5.0  # seconds between questions who is wanted
_MOST_RESTARTS = 5
_WITHIN = 120.0  # seconds


def say_nothing(_: str) -> None: ...


@dataclass(slots=True)
class Supervisor:
    """``say`` tells the person at the terminal what happened, in one line."""

    say: Callable[[str], None] = say_nothing
    _children: list[Running] = field(default_factory=list)
    _restarts: dict[str, list[float]] = field(default_factory=dict)
    _resting: list[Program] = field(default_factory=list)
    _asked_at: float = 0.0

    def adopt(self, children: Iterable[Running]) -> None:
        """Watch programs that somebody else has started."""
        self._children += children

    def start(self, *programs: Program) -> None:
        """All that are wanted, at once; returns when each is ready. Raises: Failed."""
        wanted = {program.name for program in programs if program.is_wanted()}
        self._resting += [program for program in programs if program.name not in wanted]
        begun = [Running(program) for program in programs if program.name in wanted]
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
            if time.monotonic() - self._asked_at >= _ASK_EVERY:
                self._asked_at = time.monotonic()
                self._ask_who_is_wanted()

    def _ask_who_is_wanted(self) -> None:
        for child in [one for one in self._children if not one.program.is_wanted()]:
            child.stop()
            self._children.remove(child)
            self._resting.append(child.program)
        for program in [one for one in self._resting if one.is_wanted()]:
            self._children.append(start(program))
            self._resting.remove(program)

    def stop(self, *names: str) -> None:
        """These, in this order."""
        for name in names:
            for child in self._children:
                if child.program.name == name:
                    child.stop()

    def _restarted(self, child: Running) -> Running:
        """One that does not start is tried again as well: a PostgreSQL that was killed waits for the last of its own to end."""
        name = child.program.name
        why = "stopped answering" if child.exit_code is None else f"ended with code {child.exit_code}"
        while True:
            now = time.monotonic()
            recent = [at for at in self._restarts.get(name, []) if now - at < _WITHIN]
            if len(recent) >= _MOST_RESTARTS:
                raise Failed(f"{name} keeps stopping ({last_line(child.program.log)}). Its log: {child.program.log}")
            self._restarts[name] = [*recent, now]
            self.say(f"{name} {why}; starting it again.")
            child.stop()
            time.sleep(min(8.0, 0.5 * 2 ** len(recent)))
            try:
                return start(child.program)
            except Failed:
                why = "did not start"
