"""The first wall. Every event of every socket passes here before its handler runs.

Each public method of a State can be called by name from any websocket, so nothing is trusted: not the page, not the
client token, not a hidden button. An event passes only if it is Reflex's own plumbing (by name), or its handler is
marked ``@public`` or ``@needs(permission)`` and the session in the cookie holds that permission now.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import AsyncGenerator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from microcrm.domain.errors import DomainError, Forbidden, Invalid, SignedOut
from microcrm.domain.permissions import READING, Permission
from microcrm.operations.sessions import EMPTY_SEAT, Seat, hash_of, token_in
from microcrm.operations.unit_of_work import Actor
from microcrm.state.seats import Seats
from microcrm.wiring import listener

log = structlog.get_logger()

# Reflex's own events that a page needs to live. ``setvar`` and client storage (``update_vars_internal``) are not here.
PLUMBING = frozenset(
    {
        "reflex___state____state.hydrate",
        "reflex___state____state.hydrate_and_load",
        "reflex___state____state.set_is_hydrated",
        "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal",
        "reflex___state____state.reflex___state____on_load_internal_state.set_is_hydrated",
        "reflex___state____state.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)
# The first event of a page that the browser has loaded anew, as after a form that changed the session.
ARRIVALS = frozenset({"reflex___state____state.hydrate", "reflex___state____state.hydrate_and_load"})
_MARK = "_gate_mark"
_LARGEST = 2**53  # the integers that a browser can hold
_SEAT: ContextVar[Seat] = ContextVar("seat", default=EMPTY_SEAT)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a handler asks of whoever calls it; no permission means that visitors may call it."""

    permission: Permission | None


def current_seat() -> Seat:
    """Who sent the event that is being handled."""
    return _SEAT.get()


def mark_of(handler: Callable[..., Any]) -> Mark | None:
    return getattr(handler, _MARK, None)


def needs(permission: Permission) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a handler with the permission it needs, and show its refusals where the person looks."""
    return lambda handler: _marked(handler, Mark(permission))


def public(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a handler that visitors may call too."""
    return _marked(handler, Mark(None))


def _marked(handler: Callable[..., Any], mark: Mark) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def guarded_steps(self: Any, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            try:
                async for step in handler(self, *args, **kwargs):
                    yield step
            except DomainError as error:
                self._refused(error)

        guarded: Callable[..., Any] = guarded_steps
    elif inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def guarded_call(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await handler(self, *args, **kwargs)
            except DomainError as error:
                self._refused(error)

        guarded = guarded_call
    else:
        raise TypeError(f"{handler.__qualname__} must be async: a plain function blocks every user of the process")
    setattr(guarded, _MARK, mark)
    return guarded


def refusal(mark: Mark | None, actor: Actor) -> DomainError | None:
    """Why this actor may not call a handler with this mark, or ``None``."""
    if mark is None:
        return Forbidden("That is not something this page can do.")
    if mark.permission is None:
        return None
    if actor.kind == "visitor":
        return SignedOut()
    if actor.is_viewing_as and mark.permission not in READING:
        return Forbidden("You are looking as somebody else.", remedy="Stop viewing as them to make changes.")
    return None if mark.permission in actor.permissions else Forbidden()


@functools.cache
def _shape_of(handler: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, type]]:
    """What a handler can be called with: its signature, and for each argument str, int or dict where it says so."""
    plain = inspect.unwrap(handler)
    hints = typing.get_type_hints(plain)
    kinds = {name: typing.get_origin(hint) or hint for name, hint in hints.items()}
    wanted = {name: dict if typing.is_typeddict(kind) else kind for name, kind in kinds.items()}
    return inspect.signature(plain), {name: kind for name, kind in wanted.items() if kind in (str, int, dict)}


def fits(handler: Callable[..., Any], payload: Mapping[str, Any]) -> bool:
    """Whether the arguments have the shape that the handler expects. Type hints alone check nothing: without this, each
    handler would have to expect a list where it asks for a word."""
    signature, kinds = _shape_of(handler)
    try:
        signature.bind(None, **payload)
    except TypeError:
        return False
    return all(_is_of(kind, payload[name]) for name, kind in kinds.items() if name in payload)


def _is_of(kind: type, value: Any) -> bool:
    if kind is int:
        return isinstance(value, int) and abs(value) < _LARGEST
    if kind is dict:
        return isinstance(value, Mapping)
    return isinstance(value, kind)


class Gate(Middleware):
    """Decides about one event; see the module's text."""

    def __init__(self, shell: type[Any]) -> None:
        """``shell`` is the state that shows refusals (``AppState``)."""
        self.seats = Seats(listener())
        self.shell = shell

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002
        headers = state.router_data.get("headers", {})
        token = token_in(headers.get("cookie", "") if isinstance(headers, dict) else "")
        seat = await self.seats.find(token, is_arrival=event.name in ARRIVALS)
        _SEAT.set(seat)
        shell = await state.get_state(self.shell)
        shell._bind(f"{hash_of(token).hex()}:{seat.actor.member_id}" if seat.is_signed_in else "")
        if event.name in ARRIVALS and "hashes" in event.payload:  # not after a connection that was lost for a moment
            await shell._arrive()
        if event.name in PLUMBING:
            return None
        registered = RegistrationContext.get().event_handlers.get(event.name)
        refused = refusal(mark_of(registered.handler.fn) if registered else None, seat.actor)
        if refused is None and registered is not None and not fits(registered.handler.fn, event.payload):
            refused = Invalid("That could not be read.", remedy="Reload the page and try again.")
        if refused is None:
            return None
        log.info("event_refused", refusal=refused.code, user_id=seat.actor.user_id)
        shell._refused(refused)
        root = state._get_root_state()
        delta = await root._get_resolved_delta()
        root._clean()
        return StateUpdate(delta=delta, events=[])
