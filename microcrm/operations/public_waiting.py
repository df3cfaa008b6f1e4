"""Customers and the waiting list, without an account: joining it on the shop's page, and what the link to the entry opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import Conflict, Invalid, LimitReached, NotFound
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.phone import mask_phone
from microcrm.domain.waitlist import MOST_PREFERENCES, PARTS, Preference
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.links import LINK_LASTS, behind, make_link
from microcrm.operations.parts.confirming import read_person
from microcrm.operations.parts.guests import guest_of
from microcrm.operations.parts.waiting_offers import lock_offers
from microcrm.operations.parts.wishes import preferences_of
from microcrm.operations.public_booking import Agreed, note_agreement
from microcrm.operations.public_shop import PublicShop, enter_shop, shop_inside
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import FURTHEST, OPEN, check_wishes, store, take_off
from microcrm.operations.waitlist_offers import OFFER_LINK_LASTS

MOST_ENTRIES = 5  # open at once of one customer, among those that came from the page


@dataclass(frozen=True, slots=True)
class JoinWish:
    """As typed. ``last_day`` empty: that one day. ``part``: of the day, see ``domain.waitlist.PARTS``."""

    first_day: Any
    last_day: Any = ""
    part: Any = ""
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class JoinList:
    service_id: int
    wishes: Sequence[JoinWish]
    name: Any
    phone: Any
    note: Any = ""
    language: str = "en"
    updates: bool = False


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """``state`` as stored, "expired" also when the last day is over, "unpaid" of a time that is booked once its deposit is paid.
    ``offered_until``: a time is on offer so long."""

    shop: PublicShop
    service: str
    state: str
    wishes: tuple[Preference, ...]
    members: dict[int, str]
    phone: str
    offered_until: datetime | None


def join_list(uow: UnitOfWork, slug: Any, command: JoinList) -> str:
    """The secret of the entry's page. ``Invalid`` at fields like "first_day_2". The same form again is the same entry; to
    whom the phone belongs, and whether they wait already, makes no difference to what a stranger is told."""
    uow.require_public()
    enter_shop(uow, slug)
    if not policy_of(uow).is_waitlist_on:
        raise NotFound("This shop keeps no waiting list.", remedy="Call the shop.")
    _check_service(uow, command.service_id)
    reader = Reader()
    note = reader.note("note", command.note, "Note", limit=NOTE)
    wishes = _read_wishes(uow, reader, command.wishes)
    reader.done()
    _check_length(uow, command.service_id, wishes)
    guest = guest_of(uow, *read_person(command.name, command.phone))
    lock_offers(uow)
    open_entries = _open_entries(uow, guest.customer_id)
    entry_id = next((one for one in open_entries if _is_same(uow, one, command.service_id, wishes)), None)
    if entry_id is None:
        if len(open_entries) >= MOST_ENTRIES:
            raise LimitReached("That is more than we allow at once.", remedy="Wait a little and try again.")
        asked_by = f"{guest.guest_name}: {note}".removesuffix(": ") if guest.guest_name else note
        entry = WaitlistEntry(
            business_id=uow.business_id, customer_id=guest.customer_id, service_id=command.service_id,
            source="online", language=command.language, note=asked_by[:NOTE], created_at=uow.now,
        )  # fmt: skip
        entry_id = store(uow, entry, wishes).entry_id
        note_agreement(uow, guest.customer_id, Agreed(updates=command.updates, language=command.language))
    return make_link(uow, entry_id=entry_id, expires_at=uow.now + FURTHEST + LINK_LASTS)


def own_entry(uow: UnitOfWork, token: Any) -> OwnEntry:
    """What the link to an entry shows. Raises ``NotFound``."""
    uow.require_public()
    entry = _behind(uow, token)
    wishes = preferences_of(uow, [entry.id or 0]).get(entry.id or 0, ())
    phone = select(Customer.phone).where(Customer.business_id == uow.business_id, Customer.id == entry.customer_id)
    service = select(Service.name).where(Service.business_id == uow.business_id, Service.id == entry.service_id)
    is_over = entry.state == "waiting" and not any(wish.last_day >= _today(uow) for wish in wishes)
    return OwnEntry(
        shop=shop_inside(uow),
        service=uow.session.execute(service).scalar_one(),
        state="expired" if is_over else "unpaid" if _is_unpaid(uow, entry) else entry.state,
        wishes=wishes,
        members=_names(uow, wishes),
        phone=mask_phone(uow.session.execute(phone).scalar_one()),
        offered_until=_open_offer(uow, entry)[1] if entry.state == "offered" else None,
    )


def _is_unpaid(uow: UnitOfWork, entry: WaitlistEntry) -> bool:
    if entry.booking_id is None:
        return False
    query = select(Booking.status).where(Booking.business_id == uow.business_id, Booking.id == entry.booking_id)
    return uow.session.execute(query).scalar_one() == BookingStatus.PENDING_PAYMENT


def leave_list(uow: UnitOfWork, token: Any) -> None:
    """They do not wait any longer. Who has left already, or got a time, stays as they are."""
    uow.require_public()
    entry = _behind(uow, token)
    lock_offers(uow)
    uow.session.refresh(entry)
    if entry.state in OPEN:
        take_off(uow, entry, is_by_customer=True)


def way_on(uow: UnitOfWork, token: Any) -> str:
    """Where the entry has led: to the page of the offer that is open, or of the visit that came of it. ``Conflict`` while
    it has led nowhere."""
    uow.require_public()
    entry = _behind(uow, token)
    if entry.state == "offered":
        offer_id, until = _open_offer(uow, entry)
        return f"/w/{make_link(uow, offer_id=offer_id, expires_at=until + OFFER_LINK_LASTS)}"
    if entry.booking_id is None:
        raise Conflict("There is no time for you yet.", remedy="Look at how it stands now.")
    return f"/m/{make_link(uow, booking_id=entry.booking_id, expires_at=uow.now + LINK_LASTS)}"


def _check_service(uow: UnitOfWork, service_id: int) -> None:
    query = select(Service.id).where(
        Service.business_id == uow.business_id, Service.id == service_id, Service.is_active, Service.is_online
    )
    if uow.session.execute(query).first() is None:
        raise NotFound("That service is not there any more.")


def _read_wishes(uow: UnitOfWork, reader: Reader, raw: Sequence[JoinWish]) -> tuple[Preference, ...]:
    """Those whose first day was left empty are not meant; the first must be there."""
    filled = [one for place, one in enumerate(raw[:MOST_PREFERENCES]) if one.first_day or not place]
    today = _today(uow)
    return tuple(_read_wish(reader, one, place, today) for place, one in enumerate(filled, 1))


def _read_wish(reader: Reader, raw: JoinWish, place: int, today: date) -> Preference:
    first = _day(reader, f"first_day_{place}", raw.first_day, today)
    last = _day(reader, f"last_day_{place}", raw.last_day, today) if raw.last_day else first
    part = PARTS.get(raw.part if isinstance(raw.part, str) else "", PARTS[""])
    if last < first:
        reader.refuse(f"last_day_{place}", "The last day is before the first.")
    return Preference(place, first, max(first, last), part.start, part.end, member_id=raw.member_id)


def _day(reader: Reader, name: str, raw: Any, today: date) -> date:
    try:
        found = parse_day(raw)
    except Invalid:
        found = None
    if found is None or not today <= found <= today + FURTHEST:
        reader.refuse(name, "Choose a day from today on, within a year.")
    return found or today


def _check_length(uow: UnitOfWork, service_id: int, wishes: tuple[Preference, ...]) -> None:
    """The desk's own check, with what a customer can do about it."""
    try:
        check_wishes(uow, service_id, wishes)
    except Invalid as refusal:
        places = {name.rpartition("_")[2] for name in refusal.fields if name.startswith("end_")}
        if not places:
            raise NotFound("That service is not there any more.") from None
        text = "It takes longer than that part of the day. Choose another one."
        raise Invalid(fields={f"part_{place}": text for place in places}) from None


def _open_entries(uow: UnitOfWork, customer_id: int) -> list[int]:
    return list(
        uow.session.scalars(
            select(WaitlistEntry.id).where(
                WaitlistEntry.business_id == uow.business_id,
                WaitlistEntry.customer_id == customer_id,
                WaitlistEntry.source == "online",
                WaitlistEntry.state.in_(OPEN),
            )
        )
    )


def _is_same(uow: UnitOfWork, entry_id: int, service_id: int, wishes: tuple[Preference, ...]) -> bool:
    entry = uow.session.get_one(WaitlistEntry, entry_id)
    return entry.service_id == service_id and preferences_of(uow, [entry_id]).get(entry_id, ()) == wishes


def _behind(uow: UnitOfWork, token: Any) -> WaitlistEntry:
    found = behind(uow, token)
    query = select(WaitlistEntry).where(
        WaitlistEntry.business_id == found.business_id, WaitlistEntry.id == found.entry_id
    )
    entry = None if found.entry_id is None else uow.session.scalars(query).first()
    if entry is None:
        raise NotFound
    return entry


def _open_offer(uow: UnitOfWork, entry: WaitlistEntry) -> tuple[int, datetime]:
    query = select(WaitlistOffer.id, WaitlistOffer.expires_at).where(
        WaitlistOffer.business_id == uow.business_id,
        WaitlistOffer.entry_id == entry.id,
        WaitlistOffer.state == "open",
    )
    row = uow.session.execute(query).first()
    if row is None:
        raise Conflict("There is no time for you yet.", remedy="Look at how it stands now.")
    return row[0], row[1]


def _names(uow: UnitOfWork, wishes: Sequence[Preference]) -> dict[int, str]:
    ids = [wish.member_id for wish in wishes if wish.member_id is not None]
    query = select(Member.id, Member.name).where(Member.business_id == uow.business_id, Member.id.in_(ids))
    return {row[0]: row[1] for row in uow.session.execute(query)} if ids else {}


def _today(uow: UnitOfWork) -> date:
    return today_in(zone_of(uow.actor.zone), uow.now)
