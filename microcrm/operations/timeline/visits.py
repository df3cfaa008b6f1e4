"""Visits on the timeline: each at the time it begins, and what was done to it at the time it was done."""

from __future__ import annotations

from datetime import datetime

from microcrm.domain.booking import LABELS, OFF, BookingStatus
from microcrm.domain.formatting import format_near_day, format_range, format_time
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.visit_story import PLAIN, said
from microcrm.domain.zones import to_wall
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by, sentence_of

_TONES = {BookingStatus.FINISHED: "ok", BookingStatus.NO_SHOW: "bad", **dict.fromkeys(OFF, "neutral")}
_PLAIN = ", ".join(f"'{kind}'" for kind in PLAIN)
# Whoever works with one calendar only sees the visits that they have a part in (``customer_access``).
_MINE = (
    "(cast(:own AS bigint) IS NULL OR EXISTS (SELECT FROM booking_items o WHERE o.business_id = t.business_id "
    "AND o.booking_id = {booking} AND o.member_id = :own))"
)


def _visit(found: Found, setting: Setting) -> Said:
    status = BookingStatus(found.facts["status"])
    ends = datetime.fromisoformat(found.facts["ends_at"])
    return Said(
        icon="calendar",
        title=found.services or "Visit",
        detail=sentence_of(
            f"{found.people}, {format_range(found.at, ends, setting.zone)}" if found.people else "",
            format_rupees(found.paise),
            _made(found),
        ),
        status=LABELS[status],
        tone=_TONES.get(status, "info"),
        href=_on_the_calendar(found, found.at, setting),
    )


def _made(found: Found) -> str:
    if found.facts["source"] == "online":
        return "Booked online"
    return f"Booked by {found.who}" if found.who else ""


def _step(found: Found, setting: Setting) -> Said:
    starts = datetime.fromisoformat(found.facts["starts_at"])
    day = format_near_day(to_wall(starts, setting.zone)[0], setting.today)
    what = said(found.facts["kind"], found.facts["status"])
    return Said(
        icon="calendar_clock",
        title=f"{what}: {found.services}" if found.services else what,
        detail=sentence_of(
            f"The visit of {day}, {format_time(starts, setting.zone)}", found.facts["reason"], by(found.who)
        ),
        href=_on_the_calendar(found, starts, setting),
    )


def _on_the_calendar(found: Found, starts: datetime, setting: Setting) -> str:
    if not setting.opens_calendar or found.item_id is None:
        return ""
    return f"/calendar?date={to_wall(starts, setting.zone)[0].isoformat()}&booking={found.item_id}"


VISIT = Kind(
    name="visit",
    filter=Filter.VISITS,
    needs=Permission.CUSTOMERS_VIEW,
    source="bookings t",
    at="t.starts_at",
    where=_MINE.format(booking="t.id"),
    member="t.created_by_member_id",
    booking="t.id",
    facts="jsonb_build_object('status', t.status, 'ends_at', t.ends_at, 'source', t.source)",
    write=_visit,
)
STEP = Kind(
    name="step",
    filter=Filter.VISITS,
    needs=Permission.CUSTOMERS_VIEW,
    source="booking_events t JOIN bookings b ON b.business_id = t.business_id AND b.id = t.booking_id",
    at="t.at",
    where=f"t.kind NOT IN ({_PLAIN}) AND {_MINE.format(booking='t.booking_id')}",
    booking="t.booking_id",
    facts="jsonb_build_object('kind', t.kind, 'status', t.to_status, 'reason', t.reason, 'starts_at', b.starts_at)",
    write=_step,
)
