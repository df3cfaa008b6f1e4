"""Many shops at once, the same for the same size: customers, bookings, their items and the time these take.

Sizes follow Zipf's law: the largest of 1,000 shops has a tenth of all customers, half of them have fewer than 500. Rows
arrive by COPY as the owner role. Constraints and indexes are taken off before and put back afterwards, which checks the
rows; forced row-level security, which COPY refuses, is lifted meanwhile, and so are triggers that would tell of every row.
The exclusion constraint goes too: since PostgreSQL 18 its index is built by sorting, and checking every row against that is
cheaper than inserting each.

Each shop has as many staff as its visits need, twelve of 45 minutes a day at most. A visit's place among all the places of
its shop follows from its number, so no two of one member overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import count
from random import Random

import psycopg
from psycopg import sql

from microcrm.domain.found_by import Key, keys_for
from microcrm.operations.customer_keys import keys_of

SEED = 2026
_BULK = ("customers", "customer_words", "bookings", "booking_items", "occupancies")
_BASE = 250  # customers that even the smallest shop has
_YEARS = 3
_TAGS = ("{}", "{}", "{Regular}", "{VIP}", "{Student}", "{Regular,Bridal}")
_STATUSES = ("finished",) * 17 + ("no_show", "cancelled_by_customer", "late_cancelled")
_MEMBERS = ("owner", "manager", "front_desk", "staff", "staff")
_MINUTES, _A_DAY = 45, 12  # of a visit, and visits that one member can have
_DAYS = 365 * _YEARS + 21  # three weeks of them ahead

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Size:
    """``largest``: customers of the largest shop, beside the base."""

    name: str
    businesses: int
    largest: int
    bookings_per_customer: int = 5

    def customers_of(self, place: int) -> int:
        """``place``: 1 for the largest shop."""
        return self.largest // place + _BASE

    def bookings_of(self, place: int) -> int:
        return self.customers_of(place) * self.bookings_per_customer

    def members_of(self, place: int) -> int:
        return max(len(_MEMBERS), -(-self.bookings_of(place) // (_DAYS * _A_DAY)))


SMALL = Size("small", businesses=60, largest=2_000)
MEDIUM = Size("medium", businesses=1_000, largest=100_000)


@dataclass(frozen=True, slots=True)
class Counts:
    businesses: int
    customers: int
    bookings: int


def ensure(connection: psycopg.Connection, size: Size) -> Counts:
    """Fill the database if it is empty. ``connection``: the owner's, of a migrated database, in autocommit."""
    if not is_filled(connection):
        with connection.transaction():
            connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            connection.execute("TRUNCATE businesses, users CASCADE")
            _fill(connection, size)
        connection.execute("VACUUM ANALYZE")  # else PostgreSQL does it by itself while something is measured
    row = connection.execute(
        "SELECT (SELECT count(*) FROM businesses WHERE slug LIKE 'shop-%'), (SELECT count(*) FROM customers), "
        "(SELECT count(*) FROM bookings)"
    ).fetchone()
    return Counts(*row) if row else Counts(0, 0, 0)


def is_filled(connection: psycopg.Connection) -> bool:
    """Whether a data set is there. One of an older kind, without the words of tags, does not count."""
    return connection.execute(
        "SELECT EXISTS (SELECT FROM customer_words WHERE word >= '#' AND word < '$')"
    ).fetchone() == (True,)


def _fill(connection: psycopg.Connection, size: Size) -> None:
    now = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    copy_in(connection, "users", _USERS, _users(size, now))
    copy_in(connection, "businesses", _BUSINESSES, _businesses(size, now))
    copy_in(connection, "members", _MEMBER_COLUMNS, _members(size, now))
    copy_in(connection, "services", _SERVICES, _services(size))
    put_back = [statement for table in _BULK for statement in take_off(connection, table)]
    copy_in(connection, "customers", _CUSTOMERS, _customers(size, now))
    copy_in(connection, "customer_words", ("business_id", "word", "sound", "customer_id"), _words(size))
    copy_in(connection, "bookings", _BOOKINGS, _bookings(size, now))
    for table, statement in _FROM_WHAT_IS_THERE.items():
        with unforced(connection, table):
            connection.execute(statement)
    for statement in put_back:
        connection.execute(statement)
    for table in ("users", "businesses", "members", "services", "customers", "bookings"):
        connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(
                table, sql.Identifier(table)
            )
        )


# A visit's member follows from its number, as its time does in `_bookings`.
_FROM_WHAT_IS_THERE = {
    "name_spellings": "INSERT INTO name_spellings (business_id, spelling, word) SELECT w.business_id, spelling, w.word "
    "FROM (SELECT DISTINCT business_id, word FROM customer_words) w, spellings_of(w.word) spelling",
    "service_members": "INSERT INTO service_members (business_id, service_id, member_id) "
    "SELECT s.business_id, s.id, m.id FROM services s JOIN members m USING (business_id)",
    "weekly_hours": "INSERT INTO weekly_hours (business_id, weekday, start_min, end_min) "
    "SELECT b.id, n, 600, 1260 FROM businesses b, generate_series(0, 6) n",
    "booking_items": f"""
INSERT INTO booking_items (business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise, is_live)
SELECT b.business_id, b.id, b.business_id, m.first + (b.number - 1) * (m.many * {_DAYS * _A_DAY}) / n.visits % m.many,
       b.starts_at, b.ends_at, {_MINUTES}, 60000, b.status IN ('booked', 'finished')
FROM bookings b
JOIN (SELECT business_id, min(id) AS first, count(*) AS many FROM members GROUP BY business_id) m USING (business_id)
JOIN (SELECT business_id, count(*) AS visits FROM bookings GROUP BY business_id) n USING (business_id)
""",
    "occupancies": "INSERT INTO occupancies (business_id, booking_item_id, member_id, span, is_live) "
    "SELECT business_id, id, member_id, tstzrange(starts_at, ends_at), is_live FROM booking_items ORDER BY member_id, starts_at",
}


@contextmanager
def unforced(connection: psycopg.Connection, table: str) -> Iterator[None]:
    name = sql.Identifier(table)
    connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(name))
    yield
    connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name))


def copy_in(connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    name = sql.Identifier(table)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name, sql.SQL(", ").join(map(sql.Identifier, columns)))
    with unforced(connection, table), connection.cursor().copy(statement) as copy:
        lines: list[str] = []
        for row in rows:
            lines.append("\t".join(map(str, row)))
            if len(lines) == 5_000:
                copy.write("\n".join(lines) + "\n")
                lines = []
        if lines:
            copy.write("\n".join(lines) + "\n")


def take_off(connection: psycopg.Connection, table: str) -> Iterator[bytes]:
    """Drop foreign keys, exclusions, indexes and triggers; the statements that put them back, indexes first."""
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
    yield f"ALTER TABLE {table} ENABLE TRIGGER USER".encode()
    rows = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'x') "
        "ORDER BY contype DESC",
        (table,),
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i LEFT JOIN pg_constraint c "
        "ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x') "
        "WHERE i.indrelid = %s::regclass AND c.oid IS NULL",
        (table,),
    ).fetchall()
    for name, _ in rows:
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
        )
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    for _, definition in indexes:
        yield definition.encode()
    for name, definition in rows:
        yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode()


_USERS = ("id", "email", "email_key", "name", "phone", "password_hash", "password_changed_at", "email_verified_at",
          "totp_last_step", "created_at")  # fmt: skip
_BUSINESSES = ("id", "name", "legal_name", "trade", "slug", "phone", "email", "address", "city", "state_code", "pin",
               "gstin", "zone", "logo_kind", "holiday_state", "onboarding", "is_demo", "version", "created_at")  # fmt: skip
_MEMBER_COLUMNS = ("id", "business_id", "user_id", "name", "role", "colour", "granted", "withheld",
                   "is_own_calendar_only", "is_bookable", "position", "joined_at", "version")  # fmt: skip
_SERVICES = ("id", "business_id", "name", "description", "duration_min", "buffer_before_min", "buffer_after_min",
             "gap_after_min", "gap_min", "price_paise", "is_price_with_tax", "sac", "tax_class", "colour", "is_online",
             "is_active", "position", "version")  # fmt: skip
_CUSTOMERS = ("id", "business_id", "name", "name_key", "phone", "phone_reversed", "is_sharing_phone", "email",
              "email_key", "address", "tags", "last_visit_at", "visit_count", "created_at", "version")  # fmt: skip
_BOOKINGS = ("id", "business_id", "number", "customer_id", "status", "starts_at", "ends_at", "source", "note",
             "cancel_reason", "created_at", "version")  # fmt: skip


def _users(size: Size, now: datetime) -> Iterator[Row]:
    """One owner a shop; their passwords are never used."""
    for n in range(1, size.businesses + 1):
        mail = f"owner{n}@bench.example"
        yield n, mail, mail, f"Owner {n}", "", "-", now, now, 0, now


def _businesses(size: Size, now: datetime) -> Iterator[Row]:
    for n in range(1, size.businesses + 1):
        yield (n, f"Shop {n}", "", "salon", f"shop-{n}", "+918041230000", "", "1 Main Road", "Bengaluru", "29", "560001",
               "", "Asia/Kolkata", "", "29", "{}", "f", 1, now)  # fmt: skip


def _members(size: Size, now: datetime) -> Iterator[Row]:
    ids = count(1)
    for business in range(1, size.businesses + 1):
        for place in range(size.members_of(business)):
            role = _MEMBERS[min(place, len(_MEMBERS) - 1)]
            user = business if role == "owner" else r"\N"
            yield (next(ids), business, user, f"Member {place}", role, "teal", "{}", "{}", "f", "t", place, now, 1)


def _services(size: Size) -> Iterator[Row]:
    """One a shop, with the shop's id."""
    for n in range(1, size.businesses + 1):
        yield (n, n, "Haircut", "", _MINUTES, 0, 0, 0, 0, 60_000, "t", "", "", "teal", "t", "t", 0, 1)


@cache
def _people() -> tuple[tuple[str, str, tuple[Key, ...]], ...]:
    """(name, its search key, the words by which it is found), of names that go together in India."""
    known = json.loads(files("microcrm.demo").joinpath("data/names.json").read_text(encoding="utf-8"))
    names = [
        f"{first} {family}"
        for town in known.values()
        for first in (*town["women"], *town["men"])
        for family in town["families"]
    ]
    return tuple((name, keys_of(name, "", "")["name_key"], keys_for(name)) for name in names)


def people_names() -> list[str]:
    """Of whom the lists of customers are made."""
    return [name for name, _, _ in _people()]


def _chosen(size: Size) -> Iterator[tuple[int, int, int]]:
    """(id, business, place in ``_people``) of each customer, the same each time it is asked."""
    rng, ids, most = Random(SEED), count(1), len(_people())
    for business in range(1, size.businesses + 1):
        for _ in range(size.customers_of(business)):
            yield next(ids), business, int(rng.random() * most)


def _customers(size: Size, now: datetime) -> Iterator[Row]:
    people = _people()
    instants = [(now - timedelta(hours=7 * n)).isoformat() for n in range(2_000)]
    first, business_before = 0, 0
    for customer, business, place in _chosen(size):
        if business != business_before:
            first, business_before = customer, business
        name, key, _ = people[place]
        phone = f"+9198{customer - first:08d}"
        seen = instants[customer * 31 % 2_000]
        yield (customer, business, name, key, phone, phone[::-1], "f", "", "", "", _TAGS[customer % len(_TAGS)], seen,
               size.bookings_per_customer, instants[customer * 17 % 2_000], 1)  # fmt: skip


def _words(size: Size) -> Iterator[Row]:
    people = _people()
    tags = [keys_for("", tag.strip("{}").split(",")) for tag in _TAGS]
    for customer, business, place in _chosen(size):
        for key in (*people[place][2], *tags[customer % len(_TAGS)]):
            yield business, key.word, key.sound, customer


def _bookings(size: Size, now: datetime) -> Iterator[Row]:
    """In order of time, shop by shop; the customers of a shop take turns."""
    first, is_past, ids, customer = now - timedelta(days=365 * _YEARS), now.isoformat(), count(1), 0
    slots = [
        ((at := first + timedelta(days=day, minutes=_MINUTES * n)).isoformat(), (at + timedelta(minutes=_MINUTES)).isoformat())
        for day in range(_DAYS)
        for n in range(_A_DAY)
    ]  # fmt: skip
    for business in range(1, size.businesses + 1):
        customers, members, visits = size.customers_of(business), size.members_of(business), size.bookings_of(business)
        for n in range(visits):
            starts, ends = slots[n * members * len(slots) // visits // members]
            status = _STATUSES[(n + 1) % 20] if starts < is_past else "booked"
            who = customer + n % customers + 1
            yield next(ids), business, n + 1, who, status, starts, ends, "staff", "", "", starts, 1
        customer += customers
