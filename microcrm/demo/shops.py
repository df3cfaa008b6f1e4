"""The demo: a salon in Bengaluru and a clinic in Pune, with a year of history and three weeks of bookings ahead.

The same moment gives the same shops, to the last row. Everything is dated from that moment, so that Today has life.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import psycopg

from microcrm.adapters.passwords import Argon2
from microcrm.adapters.reachable import plain
from microcrm.demo.bills import Payer, Till
from microcrm.demo.campaigns import write_campaign
from microcrm.demo.consents import write_consents
from microcrm.demo.diary import Diary
from microcrm.demo.families import write_families
from microcrm.demo.group_rows import write_groups
from microcrm.demo.groups import plans_of
from microcrm.demo.history import write_changes, write_customers, write_visits
from microcrm.demo.messages import write_messaging
from microcrm.demo.outline import PASSWORD, SHOPS, Outline, outline
from microcrm.demo.people import invent_customers
from microcrm.demo.records import write_records
from microcrm.demo.requests import with_requests
from microcrm.demo.rows import Rows
from microcrm.demo.setting import calendar_of, open_shop
from microcrm.demo.tasks import write_tasks
from microcrm.demo.waiting import write_waiting
from microcrm.domain.permissions import ROLE_LABELS, Role
from microcrm.domain.zones import INDIA, today_in, zone_of
from microcrm.processes import Failed
from microcrm.settings import settings

# What the whole seed reads, by table: planning without statistics would scan for each foreign key.
_ANALYZE = (
    "ANALYZE customers, customer_words, bookings, booking_items, occupancies, booking_events, documents, payments, "
    "class_sessions, series, customer_notes, customer_tasks"
)


def open_all(*, only_if_empty: bool = False, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> str:
    """Open both shops in an empty database and say how to sign in. Raises: Failed.

    ``only_if_empty``: nothing to do is no failure, and gives "".
    """
    if settings().environment != "dev":
        if only_if_empty:
            return ""
        raise Failed("The demo shops have a published password: they are for development only.")
    with psycopg.connect(plain(settings().database_owner_url)) as connection:
        connection.execute("LOCK TABLE businesses IN EXCLUSIVE MODE")
        if connection.execute("SELECT 1 FROM businesses LIMIT 1").fetchone():
            if only_if_empty:
                return ""
            raise Failed("The database already has a business: the demo shops are only for an empty one.")
        password_hash = Argon2().hash(PASSWORD)
        for key in SHOPS:
            _open(Rows(connection), outline(key), password_hash, now())
        connection.execute(_ANALYZE)
    return sign_ins()


def _open(rows: Rows, shop: Outline, password_hash: str, now: datetime) -> None:
    rng = Random(shop.key)  # noqa: S311 - a demo wants the same shop each time, not an unguessable one
    calendar = calendar_of(shop, today_in(zone_of(INDIA), now))
    opened = open_shop(rows, shop, calendar, password_hash)
    customers = invent_customers(shop, rng, calendar.today)
    plans = plans_of(shop, calendar.today, calendar.person_windows)
    visits = with_requests(shop, list(Diary(calendar, plans, len(customers), rng, now).visits()), now)
    customer_ids = write_customers(rows, opened, customers, visits)
    groups = write_groups(rows, shop, opened, customer_ids, plans, visits)
    booked = write_visits(rows, shop, opened, customer_ids, visits, groups)
    people = [Payer(customer_id, customer.name) for customer_id, customer in zip(customer_ids, customers, strict=True)]
    Till(rows, shop, opened, now).bill(booked, people)
    write_records(rows, shop, opened, people, visits, now)
    write_consents(rows, shop, opened, customer_ids, visits, now)
    write_tasks(rows, shop, opened, customer_ids, now)
    write_families(rows, opened, customers, customer_ids, now)
    write_messaging(rows, opened, now)
    write_campaign(rows, shop, opened, customers, customer_ids, visits, now)
    write_waiting(rows, shop, opened, calendar, customer_ids, now)
    write_changes(rows, shop, opened, now)


def sign_ins() -> str:
    """Who can sign in to the demo shops, a line each."""
    lines = [f'Demo sign-ins, all with the password "{PASSWORD}":']
    for key in SHOPS:
        shop = outline(key)
        lines.append(f"  {shop.business['name']}, {shop.business['city']}")
        lines += [
            f"    {ROLE_LABELS[Role(person.role)]:<11} {shop.address(person):<26} {person.name}"
            for person in shop.people
            if person.sign_in
        ]
    return "\n".join(lines)


def has_shops() -> bool:
    """Whether they are in the database."""
    with psycopg.connect(plain(settings().database_owner_url)) as connection:
        return connection.execute("SELECT 1 FROM businesses WHERE is_demo LIMIT 1").fetchone() is not None
