"""What every screen's state starts from: who is here, the shell around the page, notices, and errors at fields."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

import reflex as rx
from reflex_base.registry import RegistrationContext

from microcrm import wiring
from microcrm.domain.errors import DomainError, Forbidden, SignedOut
from microcrm.domain.permissions import Permission
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform, perform_in_turn, perform_shared
from microcrm.state.gate import current_seat, needs, public
from microcrm.state.live import screens

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="AppState")
MOST_NOTICES = 4


@dataclass(frozen=True)
class NavItem:
    href: str
    label: str
    icon: str


@dataclass(frozen=True)
class Notice:
    """A line at the foot of the screen. ``undo`` is a token for ``AppState.undo``, or empty; ``tell`` names a change of
    which the customer could be told (see ``still_to_tell``), or is empty."""

    id: int
    text: str
    tone: str = "ok"  # ok | bad | info
    undo: str = ""
    tell: str = ""


_numbers = itertools.count(1)
_READ_ANEW: dict[str, type[Any]] = {}  # by the page's address


def read_anew(path: str) -> Callable[[type[S]], type[S]]:
    """For the state of a page whose content is of one day. It outlives the page; whoever comes back, perhaps to another day,
    sees the page's skeleton (``is_read`` is false) rather than what was there before."""

    def note(kind: type[S]) -> type[S]:
        _READ_ANEW[path] = kind
        return kind

    return note


class AppState(rx.State):
    """The parent of every page's state. Holds only what the shell shows."""

    loaded: bool = False  # the shell's names are known; until then it shows its skeleton
    is_signed_out: bool = False
    no_permission: bool = False
    shop_name: str = ""
    shop_slug: str = ""
    person_name: str = ""
    role_label: str = ""
    viewing_as: str = ""
    needs_verification: bool = False
    allowed: list[str] = []  # permissions as words, for what the page shows; the walls check again
    notices: list[Notice] = []
    errors: dict[str, str] = {}  # form field -> what to do about it

    _session: str = ""
    _standing_on: str = ""

    def _bind(self, session: str) -> None:
        """State belongs to the session that filled it, and to the member that it showed the shop as. A client token is no
        secret: when another session (or none) arrives with it, everything is forgotten before anything is sent."""
        if self._session == session:
            return
        if self._session:
            self._get_root_state().reset()
        self._session = session

    async def _arrive(self) -> None:
        """The browser has loaded a page anew; it gets this state before the page's load handlers run."""
        for kind in _READ_ANEW.values():
            (await self.get_state(kind)).is_read = False

    async def _leave_page(self) -> None:
        """For another one, not for another address of the same."""
        left, self._standing_on = self._standing_on, self.router.url.path
        if left != self._standing_on and left in _READ_ANEW:
            (await self.get_state(_READ_ANEW[left])).is_read = False

    def _refused(self, error: DomainError) -> None:
        """Show a refusal: at the fields it names, as the signed-out or no-permission screen, or as a notice."""
        if isinstance(error, SignedOut):
            self.is_signed_out = True
            return
        self.errors = {**error.fields}
        if isinstance(error, Forbidden) and not self.is_hydrated:
            self.no_permission = True
            return
        if isinstance(error, Forbidden) and self.no_permission:
            return  # the page says so already
        self._notify(f"{error.message} {error.remedy}".strip(), tone="bad")

    def _notify(self, text: str, *, tone: str = "ok", undo: str = "", tell: str = "") -> None:
        self.notices = [*self.notices, Notice(next(_numbers), text, tone, undo, tell)][-MOST_NOTICES:]

    def _told(self, tell: str) -> None:
        """The customer knows: the notice of that change offers it no more."""
        self.notices = [replace(n, tell="") if n.tell == tell else n for n in self.notices]

    async def _perform(
        self, operation: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One operation in its own transaction, as whoever sent this event. Clears the errors of the last try."""
        result = await perform(current_seat().actor, operation, *args, **kwargs)
        self._forget_errors()
        return result

    async def _perform_in_turn(
        self, sought: Hashable, operation: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Like ``_perform``, for what many may want at once."""
        result = await perform_in_turn(sought, current_seat().actor, operation, *args, **kwargs)
        self._forget_errors()
        return result

    def _forget_errors(self) -> None:
        if self.errors:
            self.errors = {}
            self.notices = [notice for notice in self.notices if notice.tone != "bad"]

    async def _look(
        self, operation: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Like ``_perform``, for what a page reads by itself while somebody types: the errors at the fields stay."""
        return await perform(current_seat().actor, operation, *args, **kwargs)

    async def _look_together(
        self, sought: Hashable, operation: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Like ``_look``, for what all open screens of a shop read in the same moment."""
        return await perform_shared(sought, current_seat().actor, operation, *args, **kwargs)

    @rx.event
    @public
    async def enter(self) -> None:
        """First of every page's load handlers: fill the shell. Whatever the page before it wanted to hear of is over."""
        screens().leave(self.router.session.client_token)
        await self._leave_page()
        seat = current_seat()
        self.errors, self.no_permission = {}, False
        self.is_signed_out = seat.actor.kind != "member"
        self.shop_name, self.shop_slug = seat.shop_name, seat.shop_slug
        self.person_name, self.role_label = seat.viewing_as or seat.person_name, seat.role_label
        self.viewing_as = seat.viewing_as
        self.needs_verification = seat.is_signed_in and not seat.is_verified
        self.allowed = sorted(p.value for p in seat.actor.allowed)
        self.loaded = True

    @rx.event
    @public
    async def dismiss(self, notice: int) -> None:
        self.notices = [n for n in self.notices if n.id != notice]

    @rx.event
    @needs(Permission.SHOP_VIEW)
    async def undo(self, token: str) -> Any:
        """Take back what a notice offers to take back, then let the page read itself again."""
        self.notices = [n for n in self.notices if n.undo != token]
        label = await self._perform(take_back, token, wiring.sealer())
        self._notify(label, tone="info")
        return self._reload()

    def _reload(self) -> Any:
        """The load handlers of the page on the screen, again."""
        return RegistrationContext.get().app.get_load_events(self.router.url.path)
