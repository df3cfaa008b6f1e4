"""How a worker keeps the states of its tabs: Reflex's way, with two things mended that many tabs at once make plain.

A worker holds a tab's state in memory for a while (``webserver.py`` says how long), then writes it to Redis and forgets it.
Tabs that were opened together were also written together, and everybody else's events waited for it. And a state points at
its parts and they at it, so that what was forgotten stayed in memory until the garbage collector had walked through all of
it, which stopped the worker for a third of a second. See docs/adr/0023-kept-states.md.
"""

from __future__ import annotations

from dataclasses import fields
from random import uniform
from typing import Any

from reflex.app import App
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import StateToken
from reflex.state import BaseState

# Parts of the time that is asked for: each tab's differs, and on average it is what was asked.
_SHORTEST, _LONGEST = 0.5, 1.5


class TabStates(StateManagerRedis):
    """Writes the states of its tabs one by one, and leaves nothing of them to the garbage collector."""

    @property
    def oplock_hold_time_ms(self) -> int:  # a field there; read once for each time that a state is taken
        return int(self._hold_time_ms * uniform(_SHORTEST, _LONGEST))  # noqa: S311  # spreads load, guards nothing

    @oplock_hold_time_ms.setter
    def oplock_hold_time_ms(self, milliseconds: int) -> None:
        self._hold_time_ms = milliseconds

    async def set_state(self, token: StateToken[Any], state: Any, **context: Any) -> None:
        await super().set_state(token, state, **context)
        key = token.lock_key
        # It is forgotten when its turn at this worker ends; while it is cached, or was taken for one event only, somebody has it.
        if key in self._local_leases and self._cached_states.get(key) is not state and isinstance(state, BaseState):
            take_apart(state)


def take_apart(state: BaseState) -> None:
    """Cut the ties between a state and its parts, upwards and downwards, so that each is freed when nobody has it."""
    waiting = [state._get_root_state()]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.substates.values())
        part.substates = {}
        part.parent_state = None


def keep_tabs(app: App) -> None:
    """Let ``app`` keep its states this way, if it keeps them in Redis at all; to be called before the app serves."""
    theirs = app._state_manager
    ours: Any = TabStates  # mypy takes Reflex's overloads for abstract methods when it has no cache
    if isinstance(theirs, StateManagerRedis):
        app._state_manager = ours(**{each.name: getattr(theirs, each.name) for each in fields(theirs) if each.init})
