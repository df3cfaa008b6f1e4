"""The waiting list at the desk: the list, adding and changing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import reflex as rx

from microcrm.domain.errors import PhoneTaken
from microcrm.domain.permissions import Permission
from microcrm.domain.waitlist import MOST_PREFERENCES
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations import waitlist, waitlist_offers
from microcrm.operations.booking_choices import ServiceChoice, booking_choices
from microcrm.operations.messages.live import is_sending
from microcrm.operations.waitlist import AddWaiting, ChangeWaiting, WishedTime, WithdrawWaiting
from microcrm.operations.waitlist_offers import AnswerOffer
from microcrm.operations.waitlist_view import ListWaiting, list_waiting, read_waiting
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.forms import Option, pick, ticked
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ALL, kinds_of, screens
from microcrm.state.waitlist_rows import WaitingRow, WishRow, row_of, summary, wish_row
from microcrm.wiring import now


class WaitlistPage(AppState):
    is_listed: bool = False
    is_on: bool = True
    summary: str = ""
    show: str = "open"
    rows: list[WaitingRow] = []
    has_next: bool = False
    is_later: bool = False
    is_sending: bool = True

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_ALL)
    async def load(self) -> Any:
        """The page that the address asks for, and from here on what changes."""
        screens().show(self.router.session.client_token, current_seat().actor.business_id, WaitlistPage.heard)
        return WaitlistPage.refresh

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_ALL)
    async def refresh(self) -> None:
        """The rows as they stand now, for the page and for the drawer beside the calendar."""
        asked = self.router.url.query_parameters
        view = await self._look(list_waiting, ListWaiting(asked.get("show"), asked.get("after")))
        zone = zone_of(current_seat().actor.zone)
        self.rows = [row_of(one, view.now, zone) for one in view.rows]
        self.summary, self.is_on, self.has_next = summary(view), view.is_on, view.has_next
        self.show, self.is_later = "closed" if asked.get("show") == "closed" else "open", bool(asked.get("after"))
        self.is_sending, self.is_listed = await self._perform(is_sending), True

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def heard(self, changes: str) -> Any:
        """Something was changed elsewhere (see ``live``)."""
        return WaitlistPage.refresh if kinds_of(changes) & {"waitlist", ALL} else None

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def pick_show(self, show: str) -> Any:
        return rx.redirect("/waitlist?show=closed" if show == "closed" else "/waitlist")

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def next_page(self) -> Any:
        last = self.rows[-1].id if self.rows else ""
        return rx.redirect(f"/waitlist?show={self.show}&after={last}") if last else None

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def first_page(self) -> Any:
        return rx.redirect(f"/waitlist?show={self.show}")

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def withdraw(self, entry: str, version: str) -> Any:
        done = await self._perform(waitlist.withdraw, WithdrawWaiting(entry, version))
        self._notify("Taken off the waiting list", undo=done.undo)
        return WaitlistPage.refresh

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def answer(self, offer: str, answer: str) -> Any:
        """What they said on the phone."""
        done = await self._perform(waitlist_offers.answer_for, AnswerOffer(offer, answer))
        self._notify(done.label if done else "Noted: not this time", undo=done.undo if done else "")
        return WaitlistPage.refresh


class OfferText(AppState):
    """An offer in words, to be sent by hand."""

    is_open: bool = False
    text: str = ""
    whatsapp: str = ""

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def begin(self, offer: str) -> None:
        found = await self._perform(waitlist_offers.message_of, offer)
        self.text = found.text.replace("{link}", f"{settings().public_url}{found.link}")
        self.whatsapp = f"https://wa.me/{found.whatsapp}?text={quote(self.text)}" if found.whatsapp else ""
        self.is_open = True

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def close(self) -> None:
        self.is_open = False


@dataclass(frozen=True)
class Wanted:
    """What the fields of the panel start with."""

    id: str = ""
    version: str = ""
    title: str = ""
    service_id: str = ""
    note: str = ""
    is_first: bool = False


class WaitingForm(CustomerFinding, AppState):
    """Adding somebody, or changing what would suit them. ``who`` is known or new."""

    is_open: bool = False
    is_saving: bool = False
    wanted: Wanted = Wanted()
    who: str = "known"
    services: list[Option] = []
    members: list[Option] = []
    wishes: list[WishRow] = []
    offers_family: bool = False

    _choices: tuple[ServiceChoice, ...] = ()

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def begin(self) -> None:
        await self._prepare(Wanted())
        self.wishes = [WishRow(first_day=today_in(zone_of(current_seat().actor.zone), now()).isoformat())]

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def change(self, entry: str) -> None:
        found = (await self._look(read_waiting, entry)).rows[0]
        wanted = Wanted(
            str(found.entry_id), str(found.version), found.name, str(found.service_id), found.note, found.priority > 0
        )
        await self._prepare(wanted)
        self.wishes = [wish_row(wish) for wish in found.wishes]

    @rx.event
    @needs(Permission.CALENDAR_ALL)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def pick_who(self, who: str) -> None:
        self.who, self.errors = "new" if who == "new" else "known", {}

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def pick_service(self, service: str) -> None:
        self.members = self._doers(service)

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def add_wish(self) -> None:
        if 0 < len(self.wishes) < MOST_PREFERENCES:
            day = self.wishes[-1].first_day
            self.wishes = [*self.wishes, WishRow(place=str(len(self.wishes) + 1), first_day=day)]

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def drop_wish(self) -> None:
        """The last one."""
        if len(self.wishes) > 1:
            self.wishes, self.errors = self.wishes[:-1], {}

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            await self._store(form)
        except PhoneTaken:
            self.offers_family = True
            raise
        finally:
            self.is_saving = False
        self.is_open = False
        yield WaitlistPage.refresh

    async def _prepare(self, wanted: Wanted) -> None:
        self._choices = await self._look(booking_choices)
        self.services = [Option(str(one.service_id), one.name) for one in self._choices]
        self.wanted, self.members = wanted, self._doers(wanted.service_id)
        self.who, self.words, self.people, self.errors, self.offers_family = "known", "", [], {}, False
        self.is_open = True

    async def _store(self, form: dict[str, Any]) -> None:
        wishes = [_wish(form, n) for n in range(1, len(self.wishes) + 1)]
        rest = {"wishes": wishes, "note": form.get("note"), "priority": 1 if form.get("is_first") else 0}
        if self.wanted.id:
            done = await self._perform(waitlist.change, ChangeWaiting(self.wanted.id, self.wanted.version, **rest))
            self._notify("Saved", undo=done.undo)
            return
        typed = pick(form, "service_id", "customer_id", "name", "phone", "is_family")
        done = await self._perform(waitlist.add, AddWaiting(who=self.who, **typed, **rest))
        self._notify("On the waiting list", undo=done.undo)

    def _doers(self, service: str) -> list[Option]:
        found = next((one for one in self._choices if str(one.service_id) == service), None)
        return [Option(str(one.member_id), one.member) for one in found.providers] if found else []


def _wish(form: dict[str, Any], place: int) -> WishedTime:
    fields = pick(form, *(f"{name}_{place}" for name in ("first_day", "last_day", "start", "end", "member_id")))
    named = {name.rpartition("_")[0]: value for name, value in fields.items()}
    return WishedTime(**named, weekdays=[int(one) for one in ticked(form, f"weekday_{place}_") if one.isdecimal()])
