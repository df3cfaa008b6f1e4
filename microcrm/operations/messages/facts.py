"""What has to be known of messages at the moment of sending: three statements, however many messages and visits there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from microcrm.domain.booking import BookingStatus
from microcrm.domain.messages import FOLLOWING, MAY_BE_KNOWN, MessageState
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import LANGUAGES, PROMOTIONAL, MessageClass
from microcrm.domain.send_gate import CAPS
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.unit_of_work import UnitOfWork

_ABOUT = fixed("""
SELECT m.id, c.name, coalesce(m.details ->> 'to', c.phone), c.email, c.birthday, b.status, b.starts_at, b.ends_at,
  b.cancel_reason, b.expires_at,
  CASE WHEN m.language = ANY(:languages) THEN m.language WHEN b.language = ANY(:languages) THEN b.language ELSE coalesce(
    (SELECT l.language FROM bookings l WHERE l.business_id = :business AND l.customer_id = m.customer_id
     AND l.language = ANY(:languages) ORDER BY l.starts_at DESC LIMIT 1), 'en') END,
  o.state, o.expires_at, o.entry_id,
  m.step <> ALL(:following) AND EXISTS (
    SELECT FROM messages n WHERE n.business_id = :business AND n.subject = m.subject AND n.subject_version > m.subject_version
    AND n.step <> ALL(:following) AND n.state = ANY(:standing)),
  coalesce(l.served, 0), coalesce(l.advertised, 0), l.last_left_at
FROM messages m
LEFT JOIN customers c ON c.business_id = :business AND c.id = m.customer_id
LEFT JOIN bookings b ON b.business_id = :business AND b.id = m.booking_id
LEFT JOIN waitlist_offers o ON o.business_id = :business AND o.id = (m.details ->> 'offer_id')::bigint
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE p.step <> ALL(:promotional) AND p.handed_at > cast(:now AS timestamptz) - cast(:serving AS interval))
      AS served,
    count(*) FILTER (WHERE p.step = ANY(:promotional)) AS advertised,
    max(p.handed_at) FILTER (WHERE p.channel = m.channel) AS last_left_at
  FROM messages p WHERE p.business_id = :business AND p.customer_id = m.customer_id
  AND p.due_at > cast(:now AS timestamptz) - cast(:advertising AS interval)
  AND p.handed_at > cast(:now AS timestamptz) - cast(:advertising AS interval)
) l ON true
WHERE m.business_id = :business AND m.id = ANY(:ids)
""")
_ITEMS = fixed("""
SELECT i.booking_id, s.name, w.name, b.starts_at FROM booking_items i
JOIN services s ON s.business_id = :business AND s.id = i.service_id
JOIN members w ON w.business_id = :business AND w.id = i.member_id
JOIN bookings b ON b.business_id = :business AND b.id = i.booking_id
WHERE i.business_id = :business AND i.booking_id = ANY(:bookings) ORDER BY i.booking_id, i.starts_at, i.id
""")
_SHOP = fixed("SELECT name, address, city FROM businesses WHERE id = :business")
_STANDING = sorted({*MAY_BE_KNOWN, MessageState.PLANNED})


@dataclass(frozen=True, slots=True)
class About:
    """One message's receiver and subject, as they are now. ``served``, ``advertised``: messages that left to them within the cap of
    their class."""

    name: str
    phone: str
    email: str
    birthday: date | None
    status: BookingStatus | None
    starts_at: datetime | None
    ends_at: datetime | None
    cancel_reason: str
    expires_at: datetime | None
    language: str
    offer_state: str
    offer_expires_at: datetime | None
    entry_id: int | None
    has_later: bool
    served: int
    advertised: int
    last_left_at: datetime | None

    def address(self, channel: Channel) -> str:
        return self.email if channel is Channel.EMAIL else self.phone


class Items(NamedTuple):
    services: tuple[str, ...]
    staff: str
    starts_at: datetime


class ShopName(NamedTuple):
    name: str
    address: str


def about(uow: UnitOfWork, message_ids: Iterable[int]) -> dict[int, About]:
    """By message."""
    values = {
        "business": uow.business_id, "ids": list(message_ids), "languages": list(LANGUAGES), "now": uow.now,
        "following": sorted(FOLLOWING), "standing": _STANDING, "promotional": sorted(PROMOTIONAL),
        "serving": CAPS[MessageClass.SERVICE].within, "advertising": CAPS[MessageClass.PROMOTIONAL].within,
    }  # fmt: skip
    return {row[0]: _about(row) for row in fetch(uow.session.connection(), _ABOUT, values)}


def _about(row: Sequence[Any]) -> About:
    _, name, phone, email, birthday, status, starts_at, ends_at, reason, expires_at, *more = row
    language, state, offer_expires_at, entry_id, has_later, served, advertised, last_left_at = more
    return About(
        name or "", phone or "", email or "", birthday, BookingStatus(status) if status else None, starts_at, ends_at,
        reason or "", expires_at, language, state or "", offer_expires_at, entry_id, has_later, served, advertised,
        last_left_at,
    )  # fmt: skip


def items(uow: UnitOfWork, bookings: Iterable[int]) -> Mapping[int, Items]:
    """What each visit holds, in order."""
    wanted = sorted(set(bookings))
    rows = fetch(uow.session.connection(), _ITEMS, {"business": uow.business_id, "bookings": wanted}) if wanted else []
    found: dict[int, list[Sequence[Any]]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {
        booking_id: Items(tuple(row[1] for row in theirs), theirs[0][2], theirs[0][3])
        for booking_id, theirs in found.items()
    }


def shop_of(uow: UnitOfWork) -> ShopName:
    name, address, city = uow.session.connection().execute(_SHOP, {"business": uow.business_id}).one()
    return ShopName(name, ", ".join(part for part in (address, city) if part))
