"""Writes who came: customers with their visit counts, bookings with items, busy time and story, settings changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from microcrm.demo.diary import Item, Visit
from microcrm.demo.group_rows import Groups
from microcrm.demo.groups import Turn
from microcrm.demo.outline import Outline
from microcrm.demo.people import Customer
from microcrm.demo.rows import Row, Rows
from microcrm.demo.setting import Opened
from microcrm.domain.booking import CANCELLED, LIVE, BookingStatus
from microcrm.domain.occupancy import Span, occupied_spans, whole_span
from microcrm.domain.permissions import Role
from microcrm.operations.customer_keys import keys_of, word_rows

_S = BookingStatus


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit with the ids of its rows."""

    booking_id: int
    visit: Visit
    item_ids: list[int]


def write_customers(rows: Rows, shop: Opened, customers: Sequence[Customer], visits: Sequence[Visit]) -> list[int]:
    """A customer is known from their first booking on; finished visits are counted."""
    theirs = defaultdict(list)
    for visit in visits:
        theirs[visit.customer].append(visit)
    ids = rows.add(
        "customers",
        [_customer(shop, customer, theirs[place]) for place, customer in enumerate(customers)],
    )
    rows.insert(
        "customer_words",
        [
            row
            for customer_id, customer in zip(ids, customers, strict=True)
            for row in word_rows(shop.business_id, customer_id, customer.name, customer.tags)
        ],
    )
    rows.insert(
        "customer_notes",
        [
            _note(shop, customer_id, customer, theirs[place])
            for place, (customer_id, customer) in enumerate(zip(ids, customers, strict=True))
            if customer.notes
        ],
    )
    return ids


def _note(shop: Opened, customer_id: int, customer: Customer, visits: Sequence[Visit]) -> Row:
    """Whoever served them first wrote down what to remember; what was noted before that has no author."""
    served = [visit for visit in visits if visit.status is _S.FINISHED]
    first = min(served, key=lambda visit: visit.starts_at, default=None)
    return {
        "business_id": shop.business_id,
        "customer_id": customer_id,
        "words": customer.notes,
        "is_pinned": True,
        "at": first.ends_at if first else _known_since(shop, visits),
        "member_id": shop.members[first.items[0].person] if first else None,
        "version": 1,
    }


def _known_since(shop: Opened, visits: Sequence[Visit]) -> datetime:
    return min((visit.booked_at for visit in visits), default=shop.opened_at + timedelta(days=50))


def _customer(shop: Opened, customer: Customer, visits: Sequence[Visit]) -> Row:
    finished = [visit.starts_at for visit in visits if visit.status is _S.FINISHED]
    return {
        "business_id": shop.business_id,
        "name": customer.name,
        "phone": customer.phone,
        "is_sharing_phone": customer.sharing,
        "email": customer.email,
        **keys_of(customer.name, customer.phone, customer.email),
        "address": customer.address,
        "birthday": customer.birthday,
        "tags": customer.tags,
        "last_visit_at": max(finished, default=None),
        "visit_count": len(finished),
        "created_at": _known_since(shop, visits),
        "version": 1,
    }


def write_visits(
    rows: Rows, outline: Outline, shop: Opened, customer_ids: list[int], visits: list[Visit], groups: Groups
) -> list[Booked]:
    """Numbered in the order in which they were booked."""
    visits = sorted(visits, key=lambda visit: (visit.booked_at, visit.starts_at))
    desk = shop.members[next(n for n, person in enumerate(outline.people) if person.role == Role.FRONT_DESK)]
    booked = [
        _booking(shop, groups, customer_ids[visit.customer], visit, desk) | {"number": number}
        for number, visit in enumerate(visits, start=1)
    ]
    bookings = rows.add("bookings", booked)
    items = [(booking, visit, item) for booking, visit in zip(bookings, visits, strict=True) for item in visit.items]
    item_ids = rows.add("booking_items", [_item(outline, shop, groups, *whose) for whose in items])
    rows.add(
        "occupancies",
        [
            busy
            for item_id, (_, visit, item) in zip(item_ids, items, strict=True)
            if visit.turn not in groups.sessions
            for busy in _occupancies(outline, shop, item_id, visit, item)
        ],
    )
    rows.add(
        "booking_events",
        [
            {
                "business_id": shop.business_id,
                "booking_id": booking,
                "customer_id": customer_ids[visit.customer],
                **step,
            }
            for booking, visit in zip(bookings, visits, strict=True)
            for step in _story(visit, desk)
        ],
    )
    rows.add("counters", [{"business_id": shop.business_id, "kind": "booking", "last": len(visits)}])
    ids = iter(item_ids)
    return [
        Booked(booking, visit, [next(ids) for _ in visit.items])
        for booking, visit in zip(bookings, visits, strict=True)
    ]


def _booking(shop: Opened, groups: Groups, customer_id: int, visit: Visit, desk: int) -> Row:
    turn = _in_series(visit)
    return {
        "business_id": shop.business_id,
        "customer_id": customer_id,
        "status": visit.status,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "source": _source(visit),
        "series_id": groups.series[turn.group] if turn else None,
        "series_place": turn.place if turn else None,
        "note": visit.note,
        "cancel_reason": _reason(visit),
        "created_at": visit.booked_at,
        "created_by_member_id": None if visit.is_online else desk,
        "expires_at": visit.expires_at,
        "version": 1,
    }


def _in_series(visit: Visit) -> Turn | None:
    return visit.turn if visit.turn is not None and not visit.turn.group.filled else None


def _source(visit: Visit) -> str:
    if _in_series(visit):
        return "series"
    return "online" if visit.is_online else "staff"


def _item(outline: Outline, shop: Opened, groups: Groups, booking: int, visit: Visit, item: Item) -> Row:
    service = outline.template.services[item.service]
    return {
        "business_id": shop.business_id,
        "booking_id": booking,
        "service_id": shop.services[item.service],
        "member_id": shop.members[item.person],
        "starts_at": item.starts_at,
        "ends_at": item.starts_at + timedelta(minutes=service.minutes),
        "duration_min": service.minutes,
        "price_paise": service.price_paise * item.seats,
        "session_id": groups.sessions.get(visit.turn) if visit.turn else None,
        "seats": item.seats,
        "is_live": visit.status in LIVE,
    }


def _occupancies(outline: Outline, shop: Opened, item_id: int, visit: Visit, item: Item) -> Iterator[Row]:
    service = outline.template.services[item.service]
    whole = (item.starts_at, service.minutes, service.before, service.after)
    mine = {
        "business_id": shop.business_id, "booking_item_id": item_id, "is_live": visit.status in LIVE,
        "expires_at": visit.expires_at,
    }  # fmt: skip
    for span in occupied_spans(*whole, service.gap):
        yield {**mine, "member_id": shop.members[item.person], "resource_id": None, "span": _range(span)}
    if item.resource is not None:
        taken = _range(whole_span(*whole))
        yield {**mine, "member_id": None, "resource_id": shop.resources[item.resource], "span": taken}


def _range(span: Span) -> str:
    return f"[{span.start.isoformat()},{span.end.isoformat()})"


def _reason(visit: Visit) -> str:
    if visit.status not in CANCELLED:
        return ""
    return "Member of staff is ill" if visit.status is _S.CANCELLED_BY_BUSINESS else "Can't come that day"


def _story(visit: Visit, desk: int) -> Iterator[Row]:
    """Booked, and then whatever became of it."""
    if visit.status is _S.PENDING_APPROVAL:
        yield {"at": visit.booked_at, "member_id": None, "kind": "requested", "from_status": _S.HOLD,
               "to_status": visit.status, "reason": ""}  # fmt: skip
        return
    booked_by = None if visit.is_online else desk
    yield {"at": visit.booked_at, "member_id": booked_by, "kind": "booked", "from_status": "", "to_status": _S.BOOKED,
           "reason": ""}  # fmt: skip
    if visit.status is _S.BOOKED:
        return
    if visit.status in CANCELLED:
        at = min(visit.booked_at + timedelta(minutes=15), visit.starts_at)
    elif visit.status is _S.CONFIRMED:
        at = visit.booked_at + timedelta(minutes=3)
    else:
        at = visit.ends_at if visit.status in (_S.FINISHED, _S.NO_SHOW) else visit.starts_at
    kind = "cancelled" if visit.status in CANCELLED else visit.status
    yield {"at": at, "member_id": desk, "kind": kind, "from_status": _S.BOOKED, "to_status": visit.status,
           "reason": _reason(visit)}  # fmt: skip


def write_changes(rows: Rows, outline: Outline, shop: Opened, now: datetime) -> None:
    """The activity page: the shop was opened, and now and then a setting was changed."""
    members = {person.sign_in: member for person, member in zip(outline.people, shop.members, strict=True)}
    events = [(shop.opened_at, "owner", "open", "business", {"trade": outline.business["trade"]})]
    for days, who, action, subject, changed in outline.facts["changes"]:
        at = now + timedelta(days=days, minutes=-37 * days % 240)
        events.append((at, who, action, subject, {"fields": changed} if changed else {}))
    rows.add(
        "audit_events",
        [
            {
                "business_id": shop.business_id,
                "at": at,
                "user_id": shop.users[who],
                "member_id": members[who],
                "is_viewing_as": False,
                "action": action,
                "subject": subject,
                "subject_id": _subject(shop, subject, place),
                "facts": facts,
            }
            for place, (at, who, action, subject, facts) in enumerate(events)
        ],
    )


def _subject(shop: Opened, subject: str, place: int) -> int:
    """Some row of that kind."""
    among = {"service": shop.services, "member": shop.members}.get(subject)
    return among[place % len(among)] if among else shop.business_id
