"""Asking the waiting list: when a time has become free, by hand, and what comes of the answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Invalid, NotFound, NotSafe
from microcrm.domain.fields import Reader
from microcrm.domain.notice_texts import notice
from microcrm.domain.notices import NoticeFacts, NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer
from microcrm.operations.book import AHEAD
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.customer_access import may_contact
from microcrm.operations.links import LINK_LASTS, behind, make_link
from microcrm.operations.parts.booking_plan import WantedItem, plan_items
from microcrm.operations.parts.booking_rows import BookingDone, check_columns, open_booking
from microcrm.operations.parts.booking_times import check_hours
from microcrm.operations.parts.confirming import Typed, settle, tell_of_offer
from microcrm.operations.parts.deposit_rules import deposit_due, servings
from microcrm.operations.parts.freed_time import spans_in
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.safety import TOO_SOON_ONLINE, check_kept, check_safety
from microcrm.operations.parts.visits import NewVisit, take
from microcrm.operations.parts.waiting_offers import (
    GRACE,
    close_offer,
    lock_offers,
    make_offers,
    offer_span,
    open_offers,
    pass_on,
)
from microcrm.operations.public_shop import PublicShop
from microcrm.operations.public_visit import visit_inside
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import close_past

OFFER_LINK_LASTS = timedelta(days=7)  # after the offer, so that its page can say what became of it
MOST_HOLDS = 100  # of one sweep of one business


@dataclass(frozen=True, slots=True)
class OfferByHand:
    """A time the desk has found for them, in wall clock. ``reason`` goes past working hours, for those who may."""

    entry_id: Any
    day: Any
    time: Any
    member_id: Any
    version: Any = None
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class AnswerOffer:
    """What they said on the phone: accept or decline."""

    offer_id: Any
    answer: Any


@dataclass(frozen=True, slots=True)
class OfferCost:
    """Paise. ``due``: to be paid ahead; ``base``: the price that fees are shares of."""

    shop: PublicShop
    due: int
    total: int
    base: int


@dataclass(frozen=True, slots=True)
class OfferView:
    """What the page of an offer says. ``manage`` is the secret of the visit's own page, said when it is asked for. ``state``: of
    the offer; of an accepted one unpaid or lapsed when its deposit is to be paid or did not come in time. ``cost``: while that can
    still be decided."""

    shop: str
    slug: str
    phone: str
    zone: str
    service: str
    member: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    state: str
    booking_id: int
    manage: str = ""
    cost: OfferCost | None = None


@dataclass(frozen=True, slots=True)
class OfferMessage:
    """``text`` has "{link}" where ``link``, a path, belongs. ``whatsapp``: digits for wa.me, empty for those who may not see
    the number."""

    text: str
    link: str
    whatsapp: str


def offer_freed(uow: UnitOfWork, payload: dict[str, Any]) -> int:
    """For the task: the time that a visit gave back. How many were asked."""
    uow.require(Permission.BOOKINGS_ALL)
    _by_the_shops_clock(uow)
    close_past(uow)
    return sum(offer_span(uow, span) for span in spans_in(payload))


def run_out(uow: UnitOfWork) -> int:
    """Offers that nobody answered in time are over, and the next ones are asked. How many ran out."""
    uow.require(Permission.BOOKINGS_ALL)
    _by_the_shops_clock(uow)
    lock_offers(uow)
    late = (
        select(WaitlistOffer.booking_id)
        .where(
            WaitlistOffer.business_id == uow.business_id,
            WaitlistOffer.state == "open",
            WaitlistOffer.expires_at <= uow.now,
        )
        .distinct()
        .limit(MOST_HOLDS)
    )
    count = 0
    for booking_id in uow.session.scalars(late).all():
        booking, items = open_booking(uow, booking_id)
        over = [one for one in open_offers(uow, booking_id) if one.expires_at <= uow.now]
        for offer in over:
            close_offer(uow, offer, "expired")
        if over:
            pass_on(uow, booking, items, over[0])
        count += len(over)
    return count


def offer_by_hand(uow: UnitOfWork, command: OfferByHand) -> int:
    """Keep the time and ask them. Raises as ``hold`` does. Returns the offer's id."""
    uow.require(Permission.BOOKINGS_ALL)
    return _keep_for(uow, command)[1]


def book_by_hand(uow: UnitOfWork, command: OfferByHand) -> BookingDone:
    """They have said yes already, on the phone or at the desk: the same entry becomes the visit, and nobody is asked."""
    uow.require(Permission.BOOKINGS_ALL)
    booking_id, offer_id = _keep_for(uow, command, is_told=False)
    done = _answer(uow, offer_id, booking_id, "accept", "")
    if done is None:
        raise RuntimeError("an accepted offer makes a visit")
    return done


def _keep_for(uow: UnitOfWork, command: OfferByHand, *, is_told: bool = True) -> tuple[int, int]:
    """The hold and the offer."""
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    reader = Reader()
    day = reader.day("day", command.day, "Day", earliest=today, latest=today + AHEAD)
    minute = min(reader.clock("time", command.time, "Time"), 24 * 60 - 1)
    member_id = reader.id("member_id", command.member_id, "Staff member")
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    reader.done()
    start = to_instant(day, minute, zone)
    if start <= uow.now:
        raise Invalid(fields={"time": "That time is over already."})
    lock_offers(uow)
    entry = _waiting(uow, command)
    items = plan_items(uow, [WantedItem(entry.service_id, member_id, None)], start)
    check_columns(uow, {member_id})
    check_hours(uow, items, zone, reason)
    check_safety(uow, items, entry.customer_id, zone, "")
    terms = policy_of(uow)
    until = min(uow.now + timedelta(minutes=terms.offer_min), start) + GRACE
    taken = take(uow, items, NewVisit(BookingStatus.HOLD, "waitlist", entry.customer_id, expires_at=until))
    offers = make_offers(uow, terms, [entry.id or 0], taken.booking_id, None, is_told=is_told)
    return taken.booking_id, offers[0]


def answer_for(uow: UnitOfWork, command: AnswerOffer) -> BookingDone | None:
    """The desk has heard their answer. The booking, when it was yes."""
    uow.require(Permission.BOOKINGS_ALL)
    reader = Reader()
    answer = reader.choice("answer", command.answer, "Answer", ("accept", "decline"))
    reader.done()
    lock_offers(uow)
    offer = find(uow, WaitlistOffer, command.offer_id)
    return _answer(uow, offer.id or 0, offer.booking_id, answer, "")


def read_offer(uow: UnitOfWork, token: Any) -> OfferView:
    """The offer behind the secret link, however it stands."""
    uow.require_public()
    view = _view(uow, _offer_behind(uow, token))
    if view.state not in ("open", "unpaid"):
        return view
    visit = visit_inside(uow, view.booking_id)
    return replace(view, cost=OfferCost(visit.shop, visit.deposit_due, visit.total_paise, visit.base_paise))


def answer_offer(uow: UnitOfWork, token: Any, answer: Any, language: str = "") -> OfferView:
    """Their own answer. One that comes too late changes nothing and is told why: see ``state``. A yes to a time that costs a
    deposit books it once that is paid, as on the booking page."""
    uow.require_public()
    if answer not in ("accept", "decline", "visit"):
        raise Invalid("Choose one of the two answers.")
    offer_id = _offer_behind(uow, token)
    if answer == "visit":
        return _with_visit(uow, _view(uow, offer_id))
    lock_offers(uow)
    if answer == "accept" and not _is_safe(uow, offer_id):
        raise Conflict(TOO_SOON_ONLINE, remedy="Call the shop.")
    query = select(WaitlistOffer.booking_id).where(
        WaitlistOffer.business_id == uow.business_id, WaitlistOffer.id == offer_id
    )
    try:
        done = _answer(uow, offer_id, uow.session.execute(query).scalar_one(), answer, language, is_own=True)
    except Conflict:
        done = None
    return replace(_view(uow, offer_id), manage=done.token if done else "")


def _is_safe(uow: UnitOfWork, offer_id: int) -> bool:
    """A timer may stand against the day by now, say because a test was read since."""
    row = uow.session.execute(
        select(WaitlistOffer.booking_id, WaitlistEntry.customer_id)
        .join(
            WaitlistEntry,
            and_(WaitlistEntry.business_id == WaitlistOffer.business_id, WaitlistEntry.id == WaitlistOffer.entry_id),
        )
        .where(WaitlistOffer.business_id == uow.business_id, WaitlistOffer.id == offer_id)
    ).one()
    _, items = open_booking(uow, row.booking_id)
    return not check_kept(uow, items, row.customer_id, zone_of(uow.actor.zone), row.booking_id)


def message_of(uow: UnitOfWork, raw_id: Any) -> OfferMessage:
    """The offer in words, to be sent by hand: in the customer's language, with a link of its own. ``Conflict``: not open now."""
    uow.require(Permission.BOOKINGS_ALL)
    offer = find(uow, WaitlistOffer, raw_id)
    view = _view(uow, offer.id or 0)
    if view.state != "open":
        raise Conflict("This offer is not open any more.", remedy="Look at the waiting list as it stands.")
    language, phone = uow.session.execute(
        select(WaitlistEntry.language, Customer.phone)
        .join(
            Customer, and_(Customer.business_id == WaitlistEntry.business_id, Customer.id == WaitlistEntry.customer_id)
        )
        .where(WaitlistEntry.business_id == uow.business_id, WaitlistEntry.id == offer.entry_id)
    ).one()
    link = f"/w/{make_link(uow, offer_id=offer.id, expires_at=offer.expires_at + OFFER_LINK_LASTS)}"
    ahead = visit_inside(uow, view.booking_id).deposit_due
    facts = NoticeFacts(
        view.shop, (view.service,), view.starts_at, zone_of(view.zone), "{link}", until=view.expires_at, ahead=ahead
    )
    text = notice(NoticeStep.OFFER, language, facts)
    return OfferMessage(text, link, phone.removeprefix("+") if may_contact(uow.actor) else "")


def _with_visit(uow: UnitOfWork, view: OfferView) -> OfferView:
    """With a link to the visit that it became, if it did."""
    if view.state not in ("accepted", "unpaid", "lapsed"):
        return view
    return replace(view, manage=make_link(uow, booking_id=view.booking_id, expires_at=view.ends_at + LINK_LASTS))


def _answer(
    uow: UnitOfWork, offer_id: int, booking_id: int, answer: str, language: str, *, is_own: bool = False
) -> BookingDone | None:
    booking, items = open_booking(uow, booking_id)
    still = open_offers(uow, booking_id)
    mine = next((one for one in still if one.id == offer_id), None)
    if mine is None or booking.status != BookingStatus.HOLD:
        raise Conflict("This offer is not open any more.", remedy="Look at the waiting list as it stands.")
    if answer == "accept" and not is_own:
        _refuse_unsafe(uow, booking, items, mine)
    if answer == "decline":
        close_offer(uow, mine, "declined")
        pass_on(uow, booking, items, mine)
        return None
    for other in still:
        if other is not mine:
            close_offer(uow, other, "lost")
    return _accept(uow, booking, items, mine, language, is_own=is_own)


def _refuse_unsafe(uow: UnitOfWork, booking: Booking, items: list[BookingItem], offer: WaitlistOffer) -> None:
    entry = uow.session.get_one(WaitlistEntry, offer.entry_id)
    why = check_kept(uow, items, entry.customer_id, zone_of(uow.actor.zone), booking.id or 0)
    if why:
        raise NotSafe(why)


def _accept(
    uow: UnitOfWork, booking: Booking, items: list[BookingItem], offer: WaitlistOffer, language: str, *, is_own: bool
) -> BookingDone:
    """The hold itself becomes the visit, and the entry is the one that got it. Who says yes alone (``is_own``) pays ahead what
    the service asks; the desk decides that for itself, as with everything it books."""
    entry = uow.session.execute(
        select(WaitlistEntry)
        .where(WaitlistEntry.business_id == uow.business_id, WaitlistEntry.id == offer.entry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    offer.state, offer.answered_at = "accepted", uow.now
    entry.state, entry.closed_at, entry.version = "booked", uow.now, entry.version + 1
    entry.booking_id, booking.customer_id = booking.id, entry.customer_id
    uow.session.flush()
    uow.audit("waitlist.accepted", "waitlist_entry", entry.id, offer_id=offer.id, booking_id=booking.id)
    status, until = BookingStatus.BOOKED, None
    tell_of_offer(uow, offer.id or 0, items[0])
    if is_own and (due := deposit_due(uow, servings(items))):
        booking.deposit_paise, status = due, BookingStatus.PENDING_PAYMENT
        until = min(uow.now + timedelta(minutes=policy_of(uow).payment_min), booking.starts_at)
    return settle(uow, booking, items, Typed(entry.note, language, ""), status, until, tell=True)


def _waiting(uow: UnitOfWork, command: OfferByHand) -> WaitlistEntry:
    entry = find(uow, WaitlistEntry, command.entry_id)
    if command.version is not None:
        same_version(command.version, entry.version)
    if entry.state == "offered":
        raise Conflict("They have an offer open already.", remedy="Wait for their answer, or give it for them.")
    if entry.state != "waiting":
        raise Conflict("This entry is not on the list any more.", remedy="Add the customer again if they still wait.")
    return entry


def _offer_behind(uow: UnitOfWork, token: Any) -> int:
    found = behind(uow, token)
    if found.offer_id is None:
        raise NotFound
    return found.offer_id


def _view(uow: UnitOfWork, offer_id: int) -> OfferView:
    row = uow.session.execute(
        select(
            Business.name.label("shop"), Business.slug, Business.phone, Business.zone, Service.name.label("service"),
            Member.name.label("member"), BookingItem.starts_at, BookingItem.ends_at, WaitlistOffer.expires_at,
            WaitlistOffer.state, Booking.status, Booking.expires_at.label("pay_until"), WaitlistOffer.booking_id,
            Booking.deposit_paise,
        )
        .select_from(WaitlistOffer)
        .join(Business, Business.id == WaitlistOffer.business_id)
        .join(Booking, and_(Booking.business_id == WaitlistOffer.business_id, Booking.id == WaitlistOffer.booking_id))
        .join(
            BookingItem,
            and_(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id),
        )
        .join(Service, and_(Service.business_id == Booking.business_id, Service.id == BookingItem.service_id))
        .join(Member, and_(Member.business_id == Booking.business_id, Member.id == BookingItem.member_id))
        .where(WaitlistOffer.business_id == uow.business_id, WaitlistOffer.id == offer_id)
        .order_by(BookingItem.id)
    ).first()  # fmt: skip
    if row is None:
        raise NotFound
    state = row.state
    if state == "open" and row.status != BookingStatus.HOLD:
        state = "expired" if row.expires_at <= uow.now else "lost"  # the desk gave the time to somebody else
    if state == "accepted" and row.deposit_paise:
        state = _paid_state(row.status, row.pay_until, uow.now)
    return OfferView(
        row.shop,
        row.slug,
        row.phone,
        row.zone,
        row.service,
        row.member,
        row.starts_at,
        row.ends_at,
        row.expires_at,
        state,
        row.booking_id,
    )


def _paid_state(status: str, until: datetime | None, now: datetime) -> str:
    is_waiting = status == BookingStatus.PENDING_PAYMENT
    if is_waiting and until is not None and until > now:
        return "unpaid"
    return "lapsed" if is_waiting or status == BookingStatus.EXPIRED else "accepted"


def _by_the_shops_clock(uow: UnitOfWork) -> None:
    """A task does not know the zone of the business it works for."""
    zone = uow.session.execute(select(Business.zone).where(Business.id == uow.business_id)).scalar_one()
    uow.actor = replace(uow.actor, zone=zone)
