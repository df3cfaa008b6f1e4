"""A browser tab without a browser: events go through the real gate and Reflex's own event processor, in this process.

What a tab sends is what any websocket could send: a handler's name and a payload.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import reflex as rx
from reflex.app import App
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event, EventHandler
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler
from sqlmodel import Session, select

from microcrm import wiring
from microcrm.domain.errors import DomainError
from microcrm.models.accounts import Session as SignedIn
from microcrm.operations.sessions import PLAIN_COOKIE, hash_of
from microcrm.settings import settings
from microcrm.state.base import AppState

HYDRATE = "reflex___state____state.hydrate"


def sign_in(user_id: int, business_id: int | None = None) -> str:
    """A session's token, made behind the walls; the cookie would hold it."""
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with Session(engine) as session:
        session.add(
            SignedIn(
                token_hash=hash_of(token),
                user_id=user_id,
                business_id=business_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
        session.commit()
    engine.dispose()
    return token


def view_as(session_token: str, member_id: int) -> None:
    """From now on that session shows the shop as the member; made behind the walls."""
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with Session(engine) as session:
        row = session.exec(select(SignedIn).where(SignedIn.token_hash == hash_of(session_token))).one()
        row.viewing_as_member_id = member_id
        session.add(row)
        session.commit()
    engine.dispose()


@dataclass(slots=True)
class Answer:
    """What came of one event and of those it set off."""

    refusals: list[DomainError] = field(default_factory=list)
    crashes: list[Exception] = field(default_factory=list)
    updates: list[StateUpdate] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        return [error.code for error in self.refusals]

    @property
    def text(self) -> str:
        """All that was sent to the browser, to look for what must not be there."""
        return repr([(update.delta, update.events) for update in self.updates])


class Server:
    """The app's event processor with states in memory."""

    def __init__(self, app: App) -> None:
        self.answer = Answer()
        self.states = StateManagerMemory()
        self.processor = BaseStateEventProcessor(middleware=app, backend_exception_handler=self._crashed)

    def _crashed(self, error: Exception) -> None:
        self.answer.crashes.append(error)

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        self.answer.updates.append(update)

    def tab(self, session: str = "", path: str = "/today") -> Tab:
        return Tab(self, session, path)


class Tab:
    """One tab. ``session`` is the token in its cookie; empty for a visitor."""

    def __init__(self, server: Server, session: str, path: str) -> None:
        self.server = server
        self.token = secrets.token_hex(16)
        self.path = path
        self.session = session

    async def send(self, handler: EventHandler | str, /, **payload: Any) -> Answer:
        """Send an event and wait until it, and what it set off, is done."""
        name = handler if isinstance(handler, str) else format_event_handler(handler)
        self.server.answer = Answer()
        cookie = f"{PLAIN_COOKIE}={self.session}" if self.session else ""
        where = {"pathname": self.path, "asPath": self.path, "query": {}, "headers": {"cookie": cookie}}
        event = Event(name=name, payload=payload, router_data=where)
        future = await self.server.processor.enqueue(self.token, event)
        if name not in handlers():  # Reflex drops it and never ends its future
            await asyncio.sleep(0.05)
            return self.server.answer
        with contextlib.suppress(Exception):  # noticed by the server's exception handler
            await asyncio.wait_for(future.wait_all(), timeout=20)
        return self.server.answer

    async def open(self, *on_load: EventHandler) -> Answer:
        """As loading a page does: hydrate, the shell, then the page's own load handlers."""
        whole = Answer()
        for handler in (HYDRATE, AppState.enter, *on_load):
            answer = await self.send(handler)
            whole.refusals += answer.refusals
            whole.crashes += answer.crashes
            whole.updates += answer.updates
        return whole

    async def state(self, of: type[BaseState]) -> Any:
        """The state as the server holds it."""
        token = rx.BaseStateToken(ident=self.token, cls=of)
        async with self.server.states.modify_state(token) as root:
            return await root.get_state(of)


@contextlib.contextmanager
def _refusals_noted(server: Server) -> Iterator[None]:
    """The refusals a person is shown, besides showing them."""
    shown = AppState._refused

    def note_and_show(self: AppState, error: DomainError) -> None:
        server.answer.refusals.append(error)
        shown(self, error)

    AppState._refused = note_and_show  # type: ignore[method-assign]
    try:
        yield
    finally:
        AppState._refused = shown  # type: ignore[method-assign]


@contextlib.asynccontextmanager
async def serving(app: App) -> AsyncIterator[Server]:
    server = Server(app)
    with app.set_contexts(), _refusals_noted(server):
        processor = server.processor.configure(state_manager=server.states, event_namespace=server)
        async with processor:
            yield server


def handlers() -> dict[str, EventHandler]:
    """Every handler that a websocket can name, Reflex's own among them."""
    return {name: registered.handler for name, registered in RegistrationContext.get().event_handlers.items()}
