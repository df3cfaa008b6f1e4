"""The weeks that ``cal-week`` looks at: ten people of the largest shop, with 300 bookings in one week and 840 in another,
years of history behind them, and all the other shops of the data set around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

BUSINESS = 1  # the largest
STAFF = 10
ZONE = ZoneInfo("Asia/Kolkata")
SIZES = (300, 840)
_OPENS = 9 * 60
_LENGTHS = {300: 45, 840: 30}
_AHEAD = 70  # days: later than anything else in the data set


@dataclass(frozen=True, slots=True)
class Week:
    bookings: int
    monday: date


def weeks(today: date | None = None) -> tuple[Week, ...]:
    first = (today or datetime.now(UTC).date()) + timedelta(days=_AHEAD)
    monday = first - timedelta(days=first.weekday())
    return tuple(Week(size, monday + timedelta(weeks=place)) for place, size in enumerate(SIZES))


def ensure(connection: psycopg.Connection) -> list[int]:
    """Make them, once. ``connection``: the owner's, in autocommit. Returns the ids of the ten people."""
    connection.execute("SELECT set_config('app.business_id', %s, false)", (str(BUSINESS),))
    made = connection.execute(
        "SELECT count(*) FROM bookings WHERE business_id = %s AND note = 'cal-week'", (BUSINESS,)
    ).fetchone()
    members = _members(connection)
    wanted = weeks()
    starts = {week.monday: datetime.combine(week.monday, datetime.min.time(), ZONE) for week in wanted}
    found = connection.execute(
        "SELECT count(*) FROM bookings WHERE business_id = %s AND note = 'cal-week' AND starts_at >= %s AND starts_at < %s",
        (BUSINESS, min(starts.values()), max(starts.values()) + timedelta(days=7)),
    ).fetchone()
    if found == (sum(SIZES),):
        return members
    with connection.transaction():
        if made != (0,):
            connection.execute("DELETE FROM bookings WHERE business_id = %s AND note = 'cal-week'", (BUSINESS,))
        services = _services(connection, members)
        for week in wanted:
            _fill(connection, week, starts[week.monday], members, services)
    connection.execute("ANALYZE bookings, booking_items, occupancies")
    return members


def _members(connection: psycopg.Connection) -> list[int]:
    rows = connection.execute(
        "SELECT id FROM members WHERE business_id = %s ORDER BY position, id", (BUSINESS,)
    ).fetchall()
    for place in range(len(rows), STAFF):
        connection.execute(
            "INSERT INTO members (business_id, name, role, colour, granted, withheld, is_own_calendar_only, is_bookable, "
            "position, joined_at, version) VALUES (%s, %s, 'staff', 'teal', '{}', '{}', false, true, %s, now(), 1)",
            (BUSINESS, f"Member {place}", place),
        )
    rows = connection.execute(
        "SELECT id FROM members WHERE business_id = %s ORDER BY position, id LIMIT %s", (BUSINESS, STAFF)
    ).fetchall()
    return [row[0] for row in rows]


def _services(connection: psycopg.Connection, members: list[int]) -> list[int]:
    """Four, done by all ten, whose days have a break."""
    for name, colour in (("Facial", "rose"), ("Manicure", "amber"), ("Massage", "lime")):
        connection.execute(
            "INSERT INTO services (business_id, name, description, duration_min, buffer_before_min, buffer_after_min, "
            "gap_after_min, gap_min, price_paise, is_price_with_tax, sac, tax_class, colour, is_online, is_active, position, "
            "version) SELECT %(b)s, %(n)s::text, '', 45, 0, 5, 0, 0, 60000, true, '', '', %(c)s, true, true, 0, 1 "
            "WHERE NOT EXISTS (SELECT FROM services WHERE business_id = %(b)s AND name = %(n)s::text)",
            {"b": BUSINESS, "n": name, "c": colour},
        )
    rows = connection.execute(
        "SELECT id FROM services WHERE business_id = %s ORDER BY id LIMIT 4", (BUSINESS,)
    ).fetchall()
    services = [row[0] for row in rows]
    connection.execute(
        "INSERT INTO service_members (business_id, service_id, member_id) SELECT %s, s, m "
        "FROM unnest(%s::bigint[]) s, unnest(%s::bigint[]) m ON CONFLICT DO NOTHING",
        (BUSINESS, services, members),
    )
    connection.execute(
        "INSERT INTO weekly_hours (business_id, member_id, weekday, start_min, end_min) "
        "SELECT %(b)s, m, d, h.a, h.b FROM unnest(%(m)s::bigint[]) m, generate_series(0, 6) d, "
        "(VALUES (540, 780), (810, 1260)) h(a, b) "
        "WHERE NOT EXISTS (SELECT FROM weekly_hours w WHERE w.business_id = %(b)s AND w.member_id = m)",
        {"b": BUSINESS, "m": members},
    )
    return services


def _fill(connection: psycopg.Connection, week: Week, start: datetime, members: list[int], services: list[int]) -> None:
    """Each person's days side by side, with five minutes of cleaning after each visit."""
    each = week.bookings // (STAFF * 7)
    more = week.bookings - each * STAFF * 7
    length = _LENGTHS[week.bookings]
    number = connection.execute("SELECT max(number) FROM bookings WHERE business_id = %s", (BUSINESS,)).fetchone()
    next_number = (number[0] if number else 0) + 1
    customers = connection.execute(
        "SELECT id FROM customers WHERE business_id = %s ORDER BY id LIMIT 2000", (BUSINESS,)
    ).fetchall()
    for column, member in enumerate(members):
        for day in range(7):
            for slot in range(each + (column * 7 + day < more)):
                at = start + timedelta(days=day, minutes=_OPENS + slot * (length + 5) + (30 if slot > 4 else 0))
                _book(connection, at, length, member, services[slot % 4], customers[next_number % 2000][0], next_number)
                next_number += 1


def _book(
    connection: psycopg.Connection, at: datetime, length: int, member: int, service: int, customer: int, number: int
) -> None:
    end = at + timedelta(minutes=length)
    status = ("booked", "confirmed", "confirmed", "booked")[number % 4]
    connection.execute(
        "WITH b AS (INSERT INTO bookings (business_id, number, customer_id, status, starts_at, ends_at, source, note, "
        "cancel_reason, created_at, version) VALUES (%(b)s, %(n)s, %(c)s, %(st)s, %(s)s, %(e)s, 'staff', 'cal-week', '', now(), 1) "
        "RETURNING id), i AS (INSERT INTO booking_items (business_id, booking_id, service_id, member_id, starts_at, ends_at, "
        "duration_min, price_paise, is_live) SELECT %(b)s, id, %(sv)s, %(m)s, %(s)s, %(e)s, %(l)s, 60000, true FROM b RETURNING id) "
        "INSERT INTO occupancies (business_id, booking_item_id, member_id, span, is_live) "
        "SELECT %(b)s, id, %(m)s, tstzrange(%(s)s, %(u)s), true FROM i",
        {"b": BUSINESS, "n": number, "c": customer, "st": status, "s": at, "e": end, "u": end + timedelta(minutes=5),
         "sv": service, "m": member, "l": length},
    )  # fmt: skip
