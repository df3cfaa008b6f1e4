"""The demo shops: the same each time, without contradictions, and open to everybody with the password that is printed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import phonenumbers
import psycopg
import pytest

from microcrm import wiring
from microcrm.adapters import embedded_postgres, schema
from microcrm.adapters.passwords import Argon2
from microcrm.adapters.reachable import plain
from microcrm.demo import shops
from microcrm.demo.outline import PASSWORD, SHOPS, outline
from microcrm.domain.found_by import keys_for
from microcrm.domain.permissions import Role, permissions_of
from microcrm.domain.search_key import search_key, words_of
from microcrm.models.schema import TENANT_TABLES
from microcrm.operations.accounts.entering import Entry
from microcrm.operations.accounts.sign_in import SignIn, sign_in
from microcrm.operations.customer_duplicates import duplicates
from microcrm.operations.unit_of_work import VISITOR, Actor
from microcrm.processes import Failed
from microcrm.settings import settings
from tests.support.servers import Servers

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # half past twelve in India, a Wednesday
TABLES = (*TENANT_TABLES, "users")

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def demo(engines: Servers) -> Iterator[psycopg.Connection]:
    """A database of its own with nothing in it but the demo; the settings point at it."""
    before = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL")}
    name = f"microcrm_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_demo"
    with psycopg.connect(engines.superuser_url, autocommit=True) as connection:
        embedded_postgres.make_database(connection, name)
    engines.point_at(name, redis_database=15)
    schema.migrate(settings())
    shops.open_all(now=lambda: NOW)
    with psycopg.connect(plain(settings().database_owner_url), autocommit=True) as connection:
        yield connection
    engines.drop(name)
    engines.point_at("unused")
    os.environ.update(before)
    settings.cache_clear()


def rows(demo: psycopg.Connection, query: str) -> Rows:
    return demo.execute(query).fetchall()  # type: ignore[arg-type]  # queries of this file only


def digests(demo: psycopg.Connection) -> Rows:
    """One of each table's rows, without password hashes, which are salted, and without what is sealed with random keys."""
    left = "to_jsonb(t) - array['password_hash', 'sealed', 'auth_token', 'hook_token', 'hook_hash']"
    query = f"SELECT md5(string_agg(({left})::text, '|' ORDER BY {left})) FROM {{}} t"
    return [rows(demo, query.format(table))[0] for table in TABLES if table != "users"] + rows(
        demo, "SELECT md5(string_agg(email || id || name, '|' ORDER BY id)) FROM users"
    )


def test_the_same_moment_gives_the_same_shops(demo: psycopg.Connection) -> None:
    first = digests(demo)
    rows_before = rows(demo, "SELECT count(*) FROM bookings")
    demo.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
    demo.execute("ALTER SEQUENCE postings RESTART")
    shops.open_all(now=lambda: NOW)
    assert rows(demo, "SELECT count(*) FROM bookings") == rows_before
    assert digests(demo) == first


def test_bills_have_numbers_without_a_gap_and_a_ledger_that_agrees(demo: psycopg.Connection) -> None:
    series = rows(demo, """
        SELECT s.last, count(d.id), max(right(d.number, 4)::int), count(DISTINCT d.number)
        FROM number_series s JOIN documents d ON d.business_id = s.business_id AND d.kind = s.kind AND d.began = s.began
        GROUP BY s.id, s.last""")  # fmt: skip
    assert len(series) >= 3 and {len(set(row)) for row in series} == {1}
    assert rows(demo, "SELECT 1 FROM ledger_entries GROUP BY posting HAVING sum(amount_paise) <> 0") == []
    assert rows(demo, """
        SELECT 1 FROM documents d WHERE kind <> 'credit_note' AND paid_paise <>
          (SELECT coalesce(sum(amount_paise), 0) FROM allocations a WHERE a.document_id = d.id)
          + (SELECT coalesce(sum(total_paise), 0) FROM documents n WHERE n.corrects_id = d.id)""") == []  # fmt: skip
    owed, posted = rows(demo, """
        SELECT (SELECT sum(total_paise + tip_paise - paid_paise) FROM documents
                WHERE kind NOT IN ('credit_note', 'receipt_voucher')),
               (SELECT sum(amount_paise) FROM ledger_entries WHERE account = 'receivable')""")[0]  # fmt: skip
    assert owed == posted


def test_there_are_bills_of_every_fate(demo: psycopg.Connection) -> None:
    found = set(rows(demo, """
        SELECT business_id, CASE WHEN kind = 'credit_note' THEN 'note' WHEN state = 'issued' AND due_on < DATE '2026-11-25'
               THEN 'overdue' ELSE state END FROM documents"""))  # fmt: skip
    for shop in (1, 2):
        assert {(shop, fate) for fate in ("paid", "part_paid", "overdue", "note")} <= found
    assert {row[0] for row in rows(demo, "SELECT DISTINCT kind FROM documents WHERE business_id = 2")} == {
        "plain_bill", "credit_note", "receipt_voucher",
    }  # fmt: skip
    assert rows(demo, "SELECT business_id FROM ledger_entries WHERE account = 'advances' GROUP BY 1 ORDER BY 1") == [
        (1,),
        (2,),
    ]


def test_both_shops_sell_goods_and_count_them(demo: psycopg.Connection) -> None:
    """The count is the sum of the movements, each bill with goods moved them, and something runs low."""
    sums = """
        SELECT 1 FROM products p LEFT JOIN stock_movements m ON m.product_id = p.id
        GROUP BY p.id HAVING p.stock <> coalesce(sum(m.quantity), 0)
          OR p.stock <> (array_agg(m.stock_after ORDER BY m.id DESC))[1]"""
    assert rows(demo, sums) == []
    unlike = """
        SELECT 1 FROM documents d JOIN document_lines l ON l.document_id = d.id AND l.product_id IS NOT NULL
        LEFT JOIN stock_movements m ON m.document_id = d.id AND m.product_id = l.product_id
        WHERE m.quantity IS DISTINCT FROM CASE d.kind WHEN 'credit_note' THEN l.quantity ELSE -l.quantity END"""
    assert rows(demo, unlike) == []
    sold = rows(
        demo, "SELECT business_id, count(*) >= 5 FROM stock_movements WHERE kind = 'sold' GROUP BY 1 ORDER BY 1"
    )
    assert sold == [(1, True), (2, True)]
    low = "SELECT business_id, count(*) BETWEEN 1 AND 3 FROM products WHERE stock <= low_at GROUP BY 1 ORDER BY 1"
    assert rows(demo, low) == [(1, True), (2, True)]
    assert rows(demo, f"SELECT 1 FROM stock_movements WHERE at > '{NOW.isoformat()}'") == []


def test_each_shop_has_a_bill_that_comes_again(demo: psycopg.Connection) -> None:
    found = rows(demo, "SELECT business_id, state, next_on, jsonb_array_length(plan -> 'lines') > 0 FROM recurring_bills "
                       "ORDER BY business_id")  # fmt: skip
    assert found == [(shop, "active", date(2026, 12, 1), True) for shop in (1, 2)]


def test_only_an_empty_database_is_filled(demo: psycopg.Connection) -> None:
    with pytest.raises(Failed, match="only for an empty one"):
        shops.open_all(now=lambda: NOW)
    assert shops.open_all(only_if_empty=True, now=lambda: NOW) == ""
    assert rows(demo, "SELECT count(*) FROM businesses WHERE is_demo") == [(2,)]


def test_nobody_and_nothing_is_in_two_places_at_once(demo: psycopg.Connection) -> None:
    """The constraint watches over staff and chairs; a customer is ours to watch over."""
    overlapping = """
        SELECT count(*) FROM bookings a JOIN bookings b ON a.customer_id = b.customer_id AND a.id < b.id
        WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at"""
    assert rows(demo, overlapping) == [(0,)]
    assert rows(demo, "SELECT count(*) > 10000 FROM occupancies WHERE is_live") == [(True,)]
    unlike = """
        SELECT count(*) FROM booking_items i JOIN occupancies o ON o.booking_item_id = i.id
        WHERE i.is_live <> o.is_live"""
    assert rows(demo, unlike) == [(0,)]


def test_classes_and_series_hold_together(demo: psycopg.Connection) -> None:
    """Seats are counted right, each class holds its teacher's time once, and each shop has classes and series to come."""
    counted = """
        SELECT count(*) FROM class_sessions s LEFT JOIN LATERAL (
          SELECT coalesce(sum(i.seats), 0) AS taken FROM booking_items i WHERE i.session_id = s.id AND i.is_live) i ON true
        WHERE s.taken <> i.taken"""
    assert rows(demo, counted) == [(0,)]
    held = """
        SELECT count(*) FROM class_sessions s WHERE (
          SELECT count(*) FROM occupancies o WHERE o.session_id = s.id AND o.member_id = s.member_id AND o.is_live) <> 1"""
    assert rows(demo, held) == [(0,)]
    ahead = f"FROM {{}} WHERE starts_at > '{NOW.isoformat()}' AND series_id IS NOT NULL GROUP BY business_id"
    assert rows(demo, "SELECT count(*) > 3 " + ahead.format("class_sessions")) == [(True,)] * 2
    assert rows(demo, "SELECT count(DISTINCT series_id), count(*) > 3 " + ahead.format("bookings")) == [(2, True)] * 2
    others = "SELECT count(*) FROM bookings b JOIN series s ON s.id = b.series_id WHERE b.customer_id <> s.customer_id"
    assert rows(demo, others) == [(0,)]


def test_phones_are_real_and_one_customers_own(demo: psycopg.Connection) -> None:
    phones = rows(demo, "SELECT phone, is_sharing_phone FROM customers")
    assert len(phones) == 750
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(str(phone))) for phone, _ in phones)
    owners = [phone for phone, is_sharing in phones if not is_sharing]
    assert len(owners) == len(set(owners))
    assert {phone for phone, is_sharing in phones if is_sharing} <= set(owners)


def test_families_are_tied_and_somebody_is_there_twice(demo: psycopg.Connection) -> None:
    """So that the pages of families and of possible duplicates have something to show."""
    sharing = "SELECT business_id, count(*) FROM customers WHERE is_sharing_phone GROUP BY 1 ORDER BY 1"
    ties = "SELECT business_id, count(DISTINCT customer_id) FROM family_ties GROUP BY 1 ORDER BY 1"
    assert len(rows(demo, ties)) == 2 and rows(demo, ties) == rows(demo, sharing)
    apart = """
        SELECT 1 FROM family_ties t JOIN customers a ON a.id = t.customer_id JOIN customers b ON b.id = t.relative_id
        WHERE a.phone <> b.phone OR b.is_sharing_phone OR a.business_id <> b.business_id"""
    assert rows(demo, apart) == []
    for shop in (1, 2):
        actor = Actor("member", business_id=shop, role=Role.OWNER, permissions=permissions_of(Role.OWNER))
        with wiring.unit_of_work(actor) as uow:
            (pair,) = duplicates(uow)
        assert pair.why.startswith("Same email, similar name") and pair.first.bookings > pair.second.bookings


def test_customers_are_found_by_every_word_of_their_name(demo: psycopg.Connection) -> None:
    found = dict(rows(demo, "SELECT customer_id, array_agg(word) FROM customer_words GROUP BY 1"))  # type: ignore[arg-type]
    for customer_id, name, key, tags in rows(demo, "SELECT id, name, name_key, tags FROM customers"):
        assert key == search_key(str(name))
        assert set(found[customer_id]) == {key.word for key in keys_for(str(name), tags)} >= set(words_of(str(name)))


def test_counts_and_numbers_agree_with_the_visits(demo: psycopg.Connection) -> None:
    counted = """
        SELECT count(*) FROM customers c LEFT JOIN LATERAL (
          SELECT count(*) AS visits, max(starts_at) AS latest FROM bookings b
          WHERE b.customer_id = c.id AND b.status = 'finished') v ON true
        WHERE (c.visit_count, c.last_visit_at) IS DISTINCT FROM (v.visits, v.latest)"""
    assert rows(demo, counted) == [(0,)]
    last = "SELECT k.last = max(b.number) FROM counters k JOIN bookings b USING (business_id) GROUP BY k.id"
    assert rows(demo, last) == [(True,), (True,)]


def test_today_follows_the_clock(demo: psycopg.Connection) -> None:
    """Nobody who is still to come has been served, and nobody who left is still expected."""
    count = f"SELECT count(*) FROM bookings WHERE {{}} '{NOW.isoformat()}' AND status IN ({{}})"
    assert rows(demo, count.format("starts_at >", "'finished', 'no_show', 'started'")) == [(0,)]
    assert rows(demo, count.format("ends_at <=", "'booked', 'confirmed', 'arrived', 'started'")) == [(0,)]
    today = f"SELECT count(*) FROM bookings WHERE starts_at::date = '{NOW.date()}' GROUP BY business_id"
    assert all(int(str(visits)) >= 6 for (visits,) in rows(demo, today))
    ahead = rows(demo, f"SELECT max(starts_at) - '{NOW.isoformat()}' FROM bookings")[0][0]
    assert isinstance(ahead, timedelta)
    assert timedelta(days=19) < ahead < timedelta(days=23)


def test_people_wait_in_both_shops(demo: psycopg.Connection) -> None:
    """For services that are done by whom they wish for, on days to come, and at the counter while it is open."""
    ahead = """
        SELECT count(DISTINCT e.id), min(p.first_day), bool_and(m.id IS NOT NULL OR p.member_id IS NULL) FROM businesses b
        JOIN waitlist_entries e ON e.business_id = b.id JOIN waitlist_preferences p ON p.entry_id = e.id
        LEFT JOIN service_members m ON m.service_id = e.service_id AND m.member_id = p.member_id GROUP BY b.id ORDER BY b.id"""
    tomorrow = NOW.date() + timedelta(days=1)
    assert rows(demo, ahead) == [(4, tomorrow, True), (2, tomorrow, True)]
    in_line = "SELECT count(*) FROM queue_tickets WHERE state = 'waiting' GROUP BY business_id ORDER BY business_id"
    assert rows(demo, in_line) == [(3,), (2,)]
    assert rows(demo, f"SELECT 1 FROM queue_tickets WHERE created_at > '{NOW.isoformat()}'") == []


def test_some_have_asked_and_wait_for_an_answer(demo: psycopg.Connection) -> None:
    """Of services that the owner wants to be asked about, where there are such visits; the time is kept for them."""
    asked = "FROM bookings WHERE status = 'pending_approval'"
    assert rows(demo, f"SELECT count(*) {asked} GROUP BY business_id ORDER BY business_id") == [(3,), (2,)]
    kept = f"expires_at > '{NOW.isoformat()}' AND expires_at <= starts_at AND created_at < '{NOW.isoformat()}'"
    assert rows(demo, f"SELECT bool_and({kept} AND source = 'online') {asked}") == [(True,)]
    held = """
        SELECT bool_and(o.expires_at = b.expires_at AND o.is_live) FROM bookings b
        JOIN booking_items i ON i.booking_id = b.id JOIN occupancies o ON o.booking_item_id = i.id
        WHERE b.status = 'pending_approval'"""
    assert rows(demo, held) == [(True,)]
    assert rows(demo, "SELECT count(*) FROM services WHERE needs_approval GROUP BY business_id ORDER BY 1 DESC") == [
        (3,),
        (2,),
    ]


@pytest.mark.parametrize("key", SHOPS)
def test_every_role_can_sign_in_as_printed(demo: psycopg.Connection, key: str) -> None:
    shop = outline(key)
    people = [person for person in shop.people if person.sign_in]
    assert {person.role for person in people} == {role.value for role in Role}
    for person in people:
        assert shop.address(person) in shops.sign_ins()
        with wiring.unit_of_work(VISITOR, realm="accounts") as uow:
            entry = sign_in(uow, SignIn(shop.address(person), PASSWORD), Argon2())
            assert isinstance(entry, Entry)
