"""Offers of the waiting list: made for a hold that keeps the time, answered once, and then the next ones are asked.

Whoever makes, answers or ends offers of a business takes its lock first (``lock_offers``). So of an answer and the end of
its time exactly one is first, and the other sees what came of it; nobody is asked twice at once, and nobody deadlocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, text, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.errors import SlotTaken
from microcrm.domain.notices import NoticeStep
from microcrm.domain.waitlist import Freed, Match, band, in_turn
from microcrm.domain.zones import to_instant, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.notices import Offered, notify, withdraw_offer
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_plan import WantedItem, plan_items
from microcrm.operations.parts.booking_rows import note_event, open_booking
from microcrm.operations.parts.class_seats import find_place, take_place
from microcrm.operations.parts.freed_time import Candidate, FreedSpan, candidates, spans_of, stretches
from microcrm.operations.parts.lapse import lock_lapsing
from microcrm.operations.parts.safety import Visit, rules_of, why_not
from microcrm.operations.parts.unpaid_offers import SOURCE
from microcrm.operations.parts.visits import NewVisit, Taken, try_to_take
from microcrm.operations.unit_of_work import UnitOfWork

GRACE = timedelta(minutes=5)  # a hold outlasts its offers: the next are asked before strangers find the time free
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def lock_line(uow: UnitOfWork) -> None:
    """For whoever only ends offers. It comes before the rows of visits and entries."""
    uow.session.execute(_LOCK, {"name": f"waitlist {uow.business_id}"})


def lock_offers(uow: UnitOfWork) -> None:
    """And that of what lapses: giving a hold to the next takes both, in this order."""
    lock_line(uow)
    lock_lapsing(uow)


def offer_span(uow: UnitOfWork, span: FreedSpan) -> int:
    """Ask whoever is first in turn for this time, as many at once as the owner said. How many were asked."""
    terms = policy_of(uow)
    if not terms.is_waitlist_on or span.end <= uow.now:
        return 0
    lock_offers(uow)
    asked: list[int] = []
    found = True
    while found:
        found = False
        for freed in stretches(uow, span):
            offered = _offer_stretch(uow, terms, span, freed, asked)
            asked += offered
            found = found or (bool(offered) and span.session_id is None)
    return len(asked)


def make_offers(
    uow: UnitOfWork,
    terms: PolicyTerms,
    entries: Sequence[int],
    booking_id: int,
    span: FreedSpan | None,
    *,
    is_told: bool = True,
) -> list[int]:
    """Offer the time that the hold keeps to these entries; those that are not waiting any more are left out. ``span`` says
    what became free; ``None``: the desk chose the time."""
    booking = uow.session.get_one(Booking, booking_id)
    until = min(uow.now + timedelta(minutes=terms.offer_min), booking.starts_at)
    waiting = update(WaitlistEntry).where(
        WaitlistEntry.business_id == uow.business_id,
        WaitlistEntry.id.in_(list(entries)),
        WaitlistEntry.state == "waiting",
    )
    still = {
        row.id: row
        for row in uow.session.execute(
            waiting.values(state="offered", version=WaitlistEntry.version + 1)
            .returning(WaitlistEntry.id, WaitlistEntry.customer_id, WaitlistEntry.language)
            .execution_options(synchronize_session=False)
        )
    }
    made = []
    for entry_id in (one for one in entries if one in still):
        offer = WaitlistOffer(
            business_id=uow.business_id, entry_id=entry_id, booking_id=booking_id, offered_at=uow.now,
            expires_at=until, freed_booking_id=span and span.booking_id, freed_session_id=span and span.class_id,
        )  # fmt: skip
        uow.session.add(offer)
        uow.session.flush()
        uow.audit("waitlist.offered", "waitlist_entry", entry_id, offer_id=offer.id, booking_id=booking_id)
        offered = Offered(offer.id or 0, still[entry_id].customer_id, still[entry_id].language)
        notify(uow, booking, NoticeStep.OFFER, tell=is_told, offered=offered)
        made.append(offer.id or 0)
    return made


def open_offers(uow: UnitOfWork, booking_id: int) -> list[WaitlistOffer]:
    """Of one hold, which the caller has locked."""
    return list(
        uow.session.scalars(
            select(WaitlistOffer)
            .where(
                WaitlistOffer.business_id == uow.business_id,
                WaitlistOffer.booking_id == booking_id,
                WaitlistOffer.state == "open",
            )
            .order_by(WaitlistOffer.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def close_offer(uow: UnitOfWork, offer: WaitlistOffer, state: str) -> None:
    """Declined, expired or lost: the entry waits on."""
    offer.state, offer.answered_at = state, uow.now
    uow.session.flush()
    uow.session.execute(
        update(WaitlistEntry)
        .where(
            WaitlistEntry.business_id == uow.business_id,
            WaitlistEntry.id == offer.entry_id,
            WaitlistEntry.state == "offered",
        )
        .values(state="waiting", version=WaitlistEntry.version + 1)
        .execution_options(synchronize_session=False)
    )
    uow.audit(f"waitlist.{state}", "waitlist_entry", offer.entry_id, offer_id=offer.id)


def close_open_offer(uow: UnitOfWork, entry_id: int) -> None:
    """Whoever is offered a time now declines it, in effect."""
    query = select(WaitlistOffer.booking_id).where(
        WaitlistOffer.business_id == uow.business_id, WaitlistOffer.entry_id == entry_id, WaitlistOffer.state == "open"
    )
    for booking_id in uow.session.scalars(query).all():
        booking, items = open_booking(uow, booking_id)
        for offer in open_offers(uow, booking_id):
            if offer.entry_id == entry_id:
                close_offer(uow, offer, "declined")
                pass_on(uow, booking, items, offer)


def pass_on(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], offer: WaitlistOffer) -> None:
    """When nobody who was asked can still say yes, the time goes to the next in turn, or is free for all. A time that the
    desk had chosen for one person is offered to nobody else."""
    if open_offers(uow, booking.id or 0):
        return
    spans = [
        replace(span, booking_id=offer.freed_booking_id, class_id=offer.freed_session_id) for span in spans_of(items)
    ]
    if booking.status == BookingStatus.HOLD:
        set_status(uow, booking, items, BookingStatus.EXPIRED)
        note_event(uow, booking.id or 0, "expired", old=BookingStatus.HOLD, new=BookingStatus.EXPIRED)
    elif booking.status != BookingStatus.EXPIRED:
        return
    if offer.freed_booking_id is None and offer.freed_session_id is None:
        return
    for span in spans:
        offer_span(uow, span)


def end_offers(uow: UnitOfWork, visits: Sequence[tuple[Booking, Sequence[BookingItem]]]) -> int:
    """What is offered does not take place as it was offered: nobody can say yes any more, and whoever has read the offer is
    told. ``visits`` are locked; of these the holds of the waiting list. How many."""
    held = [pair for pair in visits if pair[0].status == BookingStatus.HOLD and pair[0].source == SOURCE]
    for booking, items in held:
        for offer in open_offers(uow, booking.id or 0):
            close_offer(uow, offer, "lost")
            entry = uow.session.get_one(WaitlistEntry, offer.entry_id)
            offered = Offered(offer.id or 0, entry.customer_id, entry.language)
            if withdraw_offer(uow, offer.id or 0):
                notify(uow, booking, NoticeStep.OFFER_GONE, offered=offered)
        set_status(uow, booking, items, BookingStatus.EXPIRED)
        note_event(uow, booking.id or 0, "expired", old=BookingStatus.HOLD, new=BookingStatus.EXPIRED)
    return len(held)


def _offer_stretch(
    uow: UnitOfWork, terms: PolicyTerms, span: FreedSpan, freed: Freed, except_entries: Sequence[int]
) -> list[int]:
    found = {one.waiting.entry_id: one for one in candidates(uow, freed, span, terms.min_notice_min, except_entries)}
    turn = in_turn((one.waiting for one in found.values()), freed, terms.slot_step_min)
    left = _safe(uow, freed, found, [one for one in turn if not _is_busy(found[one.entry.entry_id], one)])
    while left:
        asked = band(left, terms.offer_band)
        booking_id = _keep(uow, terms, span, freed, asked, found)
        if booking_id is not None:
            make_offers(uow, terms, [one.entry.entry_id for one in asked], booking_id, span)
            return [one.entry.entry_id for one in asked]
        gone = {(one.entry.service_id, one.start) for one in asked}  # no room for it, or somebody was quicker
        left = [one for one in left if (one.entry.service_id, one.start) not in gone]
    return []


def _safe(uow: UnitOfWork, freed: Freed, found: dict[int, Candidate], turn: list[Match]) -> list[Match]:
    """Nobody is offered a day that a safety timer stands against. Three statements at most, however many wait."""
    rules = rules_of(uow, {one.entry.service_id for one in turn}) if turn else {}
    if not rules:
        return turn
    visits = [
        Visit(
            found[one.entry.entry_id].customer_id,
            ((rule, freed.day),) if (rule := rules.get(one.entry.service_id)) else (),
        )
        for one in turn
    ]
    why = why_not(uow, visits, zone_of(uow.actor.zone), are_together=False)
    return [one for one, unsafe in zip(turn, why, strict=True) if not unsafe]


def _is_busy(candidate: Candidate, found: Match) -> bool:
    end = found.start + found.entry.minutes
    return any(window.start < end and found.start < window.end for window in candidate.taken)


def _keep(
    uow: UnitOfWork,
    terms: PolicyTerms,
    span: FreedSpan,
    freed: Freed,
    asked: Sequence[Match],
    found: dict[int, Candidate],
) -> int | None:
    """One hold for all who are asked; of a single one it bears the name."""
    start = to_instant(freed.day, asked[0].start, zone_of(uow.actor.zone))
    customer_id = found[asked[0].entry.entry_id].customer_id if len(asked) == 1 else None
    until = min(uow.now + timedelta(minutes=terms.offer_min), start) + GRACE
    visit = NewVisit(BookingStatus.HOLD, SOURCE, customer_id, expires_at=until)
    if span.session_id is not None:
        try:
            return take_place(uow, find_place(uow, span.session_id, 1), visit).booking_id
        except SlotTaken:
            return None
    items = plan_items(uow, [WantedItem(asked[0].entry.service_id, span.member_id, None)], start)
    taken = try_to_take(uow, items, visit)
    return taken.booking_id if isinstance(taken, Taken) else None
