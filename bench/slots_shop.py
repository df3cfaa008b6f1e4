"""A shop to search for free times in: breaks, leave, buffers, and twelve visits a day for each of its staff."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from bench import dataset
from microcrm.domain.zones import to_instant

DAYS, VISITS, OPENS, CLOSES, BREAK = 28, 12, 9 * 60, 19 * 60, 60
MINUTES, BEFORE, AFTER, STEP = 45, 5, 10, 15  # of the service that is asked for
_LENGTH, _TIDY = 25, 5  # of the visits that are there
_INDIA = ZoneInfo("Asia/Kolkata")
_SPARE = 2  # days filled on either side of the month


@dataclass(frozen=True, slots=True)
class SlotsShop:
    business_id: int
    service_id: int
    members: tuple[int, ...]
    first: date
    slug: str

    @property
    def last(self) -> date:
        return self.first + timedelta(days=DAYS - 1)


Visit = tuple[date, int, int]  # minutes after midnight, from and to


def month_of(first: date, member: int) -> list[Visit]:
    """What one member has: none on the day of their leave, the same each time it is asked."""
    rng, visits = Random(member), []
    for n in range(-_SPARE, DAYS + _SPARE):
        if n == leave_of(member):
            continue
        windows = windows_of(member)
        morning = round(VISITS * (windows[0][1] - windows[0][0]) / sum(end - start for start, end in windows))
        for (start, end), number in zip(windows, (morning, VISITS - morning), strict=True):
            loose = (end - start - number * (_LENGTH + _TIDY)) // 5
            pauses = sorted(rng.choice((0, loose // 2, loose)) for _ in range(number))
            for place, pause in enumerate(pauses):
                begin = start + pause * 5 + place * (_LENGTH + _TIDY)
                visits.append((first + timedelta(days=n), begin, begin + _LENGTH))
    return visits


def windows_of(member: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Breaks begin at half past twelve, at one or at half past one."""
    noon = 12 * 60 + 30 + 30 * (member % 3)
    return (OPENS, noon), (noon + BREAK, CLOSES)


def leave_of(member: int) -> int:
    return member * 5 % DAYS


def for_the_peer(shop: SlotsShop) -> dict[str, Any]:
    """The same month in plain words. It knows no breaks: they are visits there."""
    staff = []
    for member in range(len(shop.members)):
        noon = windows_of(member)[0][1]
        breaks = [(shop.first + timedelta(days=n), noon, noon + BREAK) for n in range(DAYS)]
        visits = [*month_of(shop.first, member), *breaks]
        staff.append(
            {
                "off": [(shop.first + timedelta(days=leave_of(member))).isoformat()],
                "visits": [(day.isoformat(), start, end) for day, start, end in visits],
            }
        )
    return {
        "staff": staff, "first": shop.first.isoformat(), "days": DAYS, "minutes": MINUTES, "step": STEP, "opens": OPENS,
        "closes": CLOSES,
    }  # fmt: skip


@contextlib.contextmanager
def shop_of(connection: psycopg.Connection, staff: int) -> Iterator[SlotsShop]:
    """For as long as the block lasts. ``connection``: the owner's, in autocommit."""
    slug = f"slots-{staff}"
    _remove(connection, slug)
    yield _make(connection, staff, slug)
    _remove(connection, slug)


def _make(connection: psycopg.Connection, staff: int, slug: str) -> SlotsShop:
    first = datetime.now(UTC).astimezone(_INDIA).date() + timedelta(days=1)
    with contextlib.ExitStack() as stack:
        for table in (*_TABLES, "businesses"):
            stack.enter_context(dataset.unforced(connection, table))
        business = _one(
            connection,
            "INSERT INTO businesses (name, legal_name, trade, slug, phone, email, address, city, state_code, pin, gstin, zone, "
            "logo_kind, holiday_state, onboarding, is_demo, version, created_at) VALUES (%(slug)s, '', 'salon', %(slug)s, '', '', "
            "'', '', '29', '', '', 'Asia/Kolkata', '', '29', '{}', false, 1, now()) RETURNING id",
            {"slug": slug},
        )
        add = _Adding(connection, business)
        members = tuple(add.member(n) for n in range(staff))
        asked, had = add.service("Colour", MINUTES, BEFORE, AFTER), add.service("Trim", _LENGTH, 0, _TIDY)
        for n, member in enumerate(members):
            add.terms(member, n, (asked, had), first)
        add.hours(None, ((OPENS, CLOSES),))
        add.visits(members, had, first)
    connection.execute("VACUUM (ANALYZE) occupancies")  # as autovacuum will have done
    return SlotsShop(business, asked, members, first, slug)


_TABLES = (
    "occupancies",
    "booking_items",
    "bookings",
    "leaves",
    "weekly_hours",
    "service_members",
    "services",
    "members",
)


def _remove(connection: psycopg.Connection, slug: str) -> None:
    with contextlib.ExitStack() as stack:
        for table in (*_TABLES, "businesses"):
            stack.enter_context(dataset.unforced(connection, table))
        for table in _TABLES:
            connection.execute(
                f"DELETE FROM {table} WHERE business_id = (SELECT id FROM businesses WHERE slug = %s)", (slug,)
            )
        connection.execute("DELETE FROM businesses WHERE slug = %s", (slug,))


def _one(connection: psycopg.Connection, statement: str, values: Any) -> int:
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class _Adding:
    connection: psycopg.Connection
    business: int

    def member(self, n: int) -> int:
        return _one(
            self.connection,
            "INSERT INTO members (business_id, name, role, colour, granted, withheld, is_own_calendar_only, is_bookable, "
            "position, joined_at, version) VALUES (%s, %s, 'staff', 'teal', '{}', '{}', false, true, %s, now(), 1) RETURNING id",
            (self.business, f"Staff {n}", n),
        )

    def service(self, name: str, minutes: int, before: int, after: int) -> int:
        return _one(
            self.connection,
            "INSERT INTO services (business_id, name, description, duration_min, buffer_before_min, buffer_after_min, "
            "gap_after_min, gap_min, price_paise, is_price_with_tax, sac, tax_class, colour, is_online, is_active, position, "
            "version) VALUES (%s, %s, '', %s, %s, %s, 0, 0, 100000, true, '', '', 'teal', true, true, 0, 1) RETURNING id",
            (self.business, name, minutes, before, after),
        )

    def terms(self, member: int, n: int, services: tuple[int, ...], first: date) -> None:
        for service in services:
            self.connection.execute(
                "INSERT INTO service_members (business_id, service_id, member_id) VALUES (%s, %s, %s)",
                (self.business, service, member),
            )
        self.hours(member, windows_of(n))
        day = first + timedelta(days=leave_of(n))
        self.connection.execute(
            "INSERT INTO leaves (business_id, member_id, starts_on, ends_on, reason) VALUES (%s, %s, %s, %s, '')",
            (self.business, member, day, day),
        )

    def hours(self, member: int | None, windows: tuple[tuple[int, int], ...]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO weekly_hours (business_id, member_id, weekday, start_min, end_min) VALUES (%s, %s, %s, %s, %s)",
                [(self.business, member, weekday, *window) for weekday in range(7) for window in windows],
            )

    def visits(self, members: tuple[int, ...], service: int, first: date) -> None:
        """Their items and the time they take, told apart by the booking's number."""
        rows = [
            (number, member, to_instant(day, start, _INDIA), to_instant(day, end, _INDIA))
            for n, member in enumerate(members)
            for number, (day, start, end) in enumerate(month_of(first, n), n * 10_000 + 1)
        ]
        self.connection.execute(
            "CREATE TEMP TABLE planned (number int, member_id bigint, starts timestamptz, ends timestamptz)"
        )
        with self.connection.cursor().copy("COPY planned FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.connection.execute(
            _VISITS, {"business": self.business, "service": service, "tidy": _TIDY, "length": _LENGTH}
        )
        self.connection.execute("DROP TABLE planned")


_VISITS = """
WITH made AS (
  INSERT INTO bookings (business_id, number, status, starts_at, ends_at, source, note, cancel_reason, created_at, version)
  SELECT %(business)s, number, 'booked', starts, ends, 'staff', '', '', now(), 1 FROM planned RETURNING id, number
), items AS (
  INSERT INTO booking_items (business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise, is_live)
  SELECT %(business)s, made.id, %(service)s, p.member_id, p.starts, p.ends, %(length)s, 60000, true
  FROM made JOIN planned p USING (number) RETURNING id, member_id, starts_at, ends_at
)
INSERT INTO occupancies (business_id, booking_item_id, member_id, span, is_live)
SELECT %(business)s, id, member_id, tstzrange(starts_at, ends_at + make_interval(mins => %(tidy)s)), true FROM items
"""
