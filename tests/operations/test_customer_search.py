"""Finding customers among 20,000 under row-level security: the right ones, fast, and never the neighbour's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from microcrm.domain.errors import Forbidden, SignedOut
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.operations.customer_list import PAGE_SIZE, ListCustomers, list_page, tags_in_use
from microcrm.operations.customer_search import search
from microcrm.operations.customers import AddCustomer, add, archive
from microcrm.operations.unit_of_work import VISITOR, Actor
from tests.conftest import Work
from tests.support.shops import CANARY, Shop

ROWS = 20_000
_FILL = """
WITH shop AS (
  INSERT INTO businesses (name, legal_name, trade, slug, phone, email, address, city, state_code, pin, gstin, zone, logo_kind,
                          holiday_state, onboarding, is_demo, version, created_at)
  VALUES (:slug, '', 'salon', :slug, '', '', '', '', '29', '', '', 'Asia/Kolkata', '', '', '{}', false, 1, now()) RETURNING id
), people AS (
  INSERT INTO customers (business_id, name, name_key, phone, phone_reversed, is_sharing_phone, email, email_key, address,
                         tags, visit_count, last_visit_at, created_at, version)
  SELECT shop.id, initcap(name), name, phone, reverse(phone), false, mail, mail, '', tags, 0,
         CASE WHEN n % 3 > 0 THEN now() - n * interval '1 minute' END, now() - n * interval '1 hour', 1
  FROM shop, generate_series(1, :rows) n, LATERAL (
    SELECT :mark || chr(97 + n % 26) || chr(97 + n / 26 % 26) || 'ya ' || chr(97 + n / 676 % 26) || 'rao' || n % 7 AS name,
           '+9198' || lpad((n * 7919 % 100000000)::text, 8, '0') AS phone,
           :mark || 'person' || n || '@example.com' AS mail,
           CASE WHEN n % 10 = 0 THEN ARRAY['VIP'] ELSE '{}' END AS tags) made
  RETURNING business_id, id, name_key, tags
)
INSERT INTO customer_words (business_id, customer_id, word, sound)
SELECT DISTINCT business_id, id, word, CASE WHEN word < 'a' THEN '' ELSE replace(word, 'aya', 'ia') END
FROM people, unnest(string_to_array(name_key, ' ') || CASE WHEN tags = '{}' THEN tags ELSE '{#vip,~vip}' END) word
RETURNING business_id
"""


@pytest.fixture(scope="module")
def large(owner_engine: Engine) -> Iterator[Actor]:
    """The owner of a shop with 20,000 customers, next to one whose customers have the same phones."""
    with owner_engine.begin() as connection:
        large_id, next_id = (
            connection.execute(text(_FILL), {"slug": slug, "rows": rows, "mark": mark}).scalars().first()
            for slug, rows, mark in (("large", ROWS, ""), ("next-door", 5_000, CANARY.lower()))
        )
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE customers, customer_words"))
    yield Actor("member", business_id=large_id, role=Role.OWNER, permissions=permissions_of(Role.OWNER))
    with owner_engine.begin() as connection:
        connection.execute(text("DELETE FROM businesses WHERE id IN (:a, :b)"), {"a": large_id, "b": next_id})


@contextmanager
def statements_of(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that run meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


def plans(unit_of_work: Work, actor: Actor, operation: Any, *args: Any) -> list[str]:
    """What PostgreSQL does for each statement of the operation, as the app's role behind its policies."""
    with unit_of_work(actor) as uow:
        connection = uow.session.connection()
        assert connection.execute(text("SELECT current_user")).scalar() == "microcrm_app"
        with statements_of(connection) as seen:
            operation(uow, *args)
        explained = [connection.exec_driver_sql(f"EXPLAIN {one}", given).scalars().all() for one, given in seen]
    return ["\n".join(lines) for lines in explained]


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("baya", "(word >= 'baya'::text)"),
        ("baya crao3", "(word >= 'crao3'::text)"),
        ("12345", "(phone_reversed >= '54321'::text)"),
        ("+91 98 0001 5838", "(phone = '+919800015838'::text)"),
        ("person123@ex", "(email_key >= 'person123@ex'::text)"),
    ],
)
@pytest.mark.parametrize("operation", ["search", "list"])
def test_each_kind_of_search_uses_its_index_behind_the_wall(
    unit_of_work: Work, large: Actor, operation: str, query: str, condition: str
) -> None:
    run = (search, query) if operation == "search" else (list_page, ListCustomers(query))
    plan = "\n".join(plans(unit_of_work, large, *run))
    indexed = [line for line in plan.splitlines() if "Index Cond" in line]
    assert [line for line in indexed if condition in line.replace('"C"', "").replace(" COLLATE ", "")], plan
    assert "Seq Scan on customer" not in plan


@pytest.mark.parametrize("sort", ["name", "visit", "new"])
@pytest.mark.parametrize("is_descending", [False, True])
def test_a_page_is_read_from_the_index_of_its_order(
    unit_of_work: Work, large: Actor, sort: str, is_descending: bool
) -> None:
    with unit_of_work(large) as uow:
        first = list_page(uow, ListCustomers(sort=sort, is_descending=is_descending))
    middle = ListCustomers(sort=sort, is_descending=is_descending, after=first.rows[-1].id)
    _boundary, page, *_others = plans(unit_of_work, large, list_page, middle)
    index = {"name": "name", "visit": "last_visit", "new": "created"}[sort]
    assert f"using ix_customers_{index} on customers" in page
    assert any("Index Cond" in line and "ROW(" in line for line in page.splitlines()), page
    assert "Sort" not in page


def test_constant_number_of_statements(unit_of_work: Work, large: Actor) -> None:
    with unit_of_work(large) as uow, statements_of(uow.session.connection()) as seen:
        list_page(uow, ListCustomers("a"))
        assert len(seen) == 2
        search(uow, "a")
        assert len(seen) == 3
        list_page(uow, ListCustomers("bxaya"))
        assert len(seen) == 7  # nobody; the words that are near; those who have one, and how many
        seen.clear()
        list_page(uow, ListCustomers("a"))
        list_page(uow, ListCustomers(tag="VIP"))
        assert len(seen) == 4
        list_page(uow, ListCustomers(tag="VIP", total="2,000"))
        assert len(seen) == 5


@pytest.mark.parametrize("sort", ["name", "visit", "new"])
@pytest.mark.parametrize("is_descending", [False, True])
def test_pages_forward_and_back_show_everybody_once(
    unit_of_work: Work, large: Actor, sort: str, is_descending: bool
) -> None:
    wanted = {"query": "ba", "sort": sort, "is_descending": is_descending}
    with unit_of_work(large) as uow:
        pages = [list_page(uow, ListCustomers(**wanted))]
        while pages[-1].has_next:
            pages.append(list_page(uow, ListCustomers(**wanted, after=pages[-1].rows[-1].id)))
        forward = [row.id for page in pages for row in page.rows]
        assert len(forward) == len(set(forward)) == int(pages[0].total) > PAGE_SIZE
        assert [page.has_previous for page in pages] == [False] + [True] * (len(pages) - 1)
        back = list_page(uow, ListCustomers(**wanted, before=pages[-1].rows[0].id))
        assert back == pages[-2]


def test_a_page_before_the_second_row_is_the_first_page(unit_of_work: Work, large: Actor) -> None:
    with unit_of_work(large) as uow:
        first = list_page(uow, ListCustomers())
        assert list_page(uow, ListCustomers(before=first.rows[1].id)) == first


def test_the_total_stops_counting_at_ten_thousand(unit_of_work: Work, large: Actor) -> None:
    with unit_of_work(large) as uow:
        assert list_page(uow, ListCustomers()).total == "10,000+"
        assert list_page(uow, ListCustomers(tag="VIP")).total == "2,000"
        assert tags_in_use(uow) == ("VIP",)


@pytest.mark.parametrize("query", [CANARY, "canary iyer", "12345", "+91 98452 12345", "@", "canaryperson1@", "a", ""])
def test_the_neighbours_people_are_never_found(unit_of_work: Work, shop: Shop, large: Actor, query: str) -> None:
    for actor in (shop.actor(), large):
        with unit_of_work(actor) as uow:
            seen = repr((search(uow, query, 25), list_page(uow, ListCustomers(query))))
        assert CANARY.lower() not in seen.lower()


def test_a_name_is_found_by_the_beginning_of_any_word_in_any_script(unit_of_work: Work, shop: Shop) -> None:
    names = ("José D'Souza", "रवी कुमार", "ಸುಮಾ ಗೌಡ", "Anne-Marie Pereira", "Priya Nair", "Priyanka Rao")
    queries = {
        "jose": ["José D'Souza"], "SOUZA": ["José D'Souza"], "d'sou": ["José D'Souza"], "कुमा": ["रवी कुमार"],
        "ಗೌ": ["ಸುಮಾ ಗೌಡ"], "marie": ["Anne-Marie Pereira"], "per anne": ["Anne-Marie Pereira"],
        "priya": ["Priya Nair", "Priyanka Rao"], "priya nair": ["Priya Nair"], "ria": [], "priya pereira": [],
    }  # fmt: skip
    with unit_of_work(shop.actor()) as uow:
        for name in names:
            add(uow, AddCustomer(name))
        for query, expected in queries.items():
            assert [found.name for found in search(uow, query)] == expected, query


def test_a_phone_is_found_however_it_is_typed(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        saved = add(uow, AddCustomer("Asha", "98860 55512"))
        spellings = (
            "12",
            "512",
            "5512",
            "55512",
            "98860 55512",
            "+91-98860-55512",
            "09886055512",
            "9886",
            "९८८६",
            "98860 5",
        )
        for query in spellings:
            assert saved.id in [found.id for found in search(uow, query)], query
        for query in ("2", "8605", "98860 55513"):
            assert search(uow, query) == (), query


def test_without_contact_details_nothing_can_be_guessed_letter_by_letter(unit_of_work: Work, shop: Shop) -> None:
    clerk = shop.actor(permissions=permissions_of(Role.OWNER, ()) - {Permission.CUSTOMERS_CONTACT})
    with unit_of_work(shop.actor()) as uow:
        saved = add(uow, AddCustomer("Asha", "98860 55512", "zoya@example.com"))
    with unit_of_work(clerk) as uow:
        for query in ("5512", "55512", "0 55512", "1 55512", "60 55512", "zoya@example.com"):
            assert [(found.id, found.phone) for found in search(uow, query)] == [(saved.id, "•••• 55512")], query
        for query in ("2", "9886", "98860", "60555", "zoya", "zoya@", "zoya@example.co"):
            assert search(uow, query) == (), query
        (row,) = list_page(uow, ListCustomers("asha")).rows
        assert (row.phone, row.whatsapp) == ("•••• 55512", "")
    with unit_of_work(shop.actor()) as uow:
        (row,) = list_page(uow, ListCustomers("zoya")).rows
        assert (row.phone, row.whatsapp) == ("+91 98860 55512", "919886055512")


def test_a_name_is_found_by_its_sound_in_whichever_script_it_was_written(unit_of_work: Work, shop: Shop) -> None:
    names = ("Lakshmi Gowda", "Laxmi Chaudhary", "ಲಕ್ಷ್ಮಿ ಗೌಡ", "लक्ष्मी देवी", "ரமேஷ் குமார்", "Sujatha Shrinivas")
    queries = {
        "laxmi": {"Lakshmi Gowda", "Laxmi Chaudhary", "ಲಕ್ಷ್ಮಿ ಗೌಡ", "लक्ष्मी देवी"},
        "lakshmee gauda": {"Lakshmi Gowda", "ಲಕ್ಷ್ಮಿ ಗೌಡ"}, "लक्ष्मी": {"Lakshmi Gowda", "Laxmi Chaudhary", "ಲಕ್ಷ್ಮಿ ಗೌಡ", "लक्ष्मी देवी"},
        "ಲಕ್ಷ್ಮೀ ಗೌಡ": {"Lakshmi Gowda", "ಲಕ್ಷ್ಮಿ ಗೌಡ"}, "ramesh": {"ரமேஷ் குமார்"}, "sujata sreeniv": {"Sujatha Shrinivas"},
        "choudhari": {"Laxmi Chaudhary"},
    }  # fmt: skip
    with unit_of_work(shop.actor()) as uow:
        for name in names:
            add(uow, AddCustomer(name))
        for query, expected in queries.items():
            assert {found.name for found in search(uow, query)} == expected, query
            assert {row.name for row in list_page(uow, ListCustomers(query)).rows} == expected, query
        assert search(uow, "laxmi")[0].name == "Laxmi Chaudhary"  # who is spelt so stands first


def test_one_wrong_letter_is_forgiven(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for name in ("Priyanka Rao", "Deepika Shenoy", "Anjali Deshmukh"):
            add(uow, AddCustomer(name))
        for query in ("pryanka", "prriyanka", "piryanka rao", "priyamka", "ruo priyanka", "riyank"):
            assert [found.name for found in search(uow, query)][:1] == ([] if "ruo" in query else ["Priyanka Rao"]), (
                query
            )
        for query in ("dehsmukh", "anjaly deshm", "deshmukj anj", "deshmuk"):
            page = list_page(uow, ListCustomers(query))
            assert [row.name for row in page.rows] == ["Anjali Deshmukh"], query
            assert page.is_near == (query in ("dehsmukh", "deshmukj anj")), query
        assert search(uow, "prixxnka") == () and not list_page(uow, ListCustomers("prixxnka")).is_near


def test_what_is_changed_or_undone_is_forgiven_no_more(unit_of_work: Work, shop: Shop) -> None:
    from microcrm.operations.customer_view import view
    from microcrm.operations.customers import EditCustomer, edit
    from microcrm.operations.undo import take_back

    with unit_of_work(shop.actor()) as uow:
        first, second = add(uow, AddCustomer("Zarina Qureshi")), add(uow, AddCustomer("Zarina Begum"))

        def rename(customer_id: int, name: str) -> str:
            return edit(uow, EditCustomer(name, customer_id=customer_id, version=view(uow, customer_id).version)).undo

        rename(first.id, "Sana Qureshi")
        assert [found.name for found in search(uow, "zatina")] == ["Zarina Begum"]
        token = rename(second.id, "Sana Begum")
        assert search(uow, "zatina") == () and search(uow, "zarina") == ()
        kept = "SELECT count(*) FROM name_spellings WHERE word = 'zarina'"
        assert uow.session.connection().execute(text(kept)).scalar() == 0
        take_back(uow, token)
        assert [found.name for found in search(uow, "zatina")] == ["Zarina Begum"]


def test_tags_are_found_by_each_of_their_words(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        saved = add(uow, AddCustomer("Asha Rao", tags="New bride, VIP"))
        for query in ("bride", "new bri", "vip", "asha vip", "brid asha"):
            assert [found.id for found in search(uow, query)] == [saved.id], query
            assert [row.id for row in list_page(uow, ListCustomers(query)).rows] == [str(saved.id)], query
        assert search(uow, "ide") == ()
        assert tags_in_use(uow) == ("New bride", "VIP")
        assert [row.name for row in list_page(uow, ListCustomers(tag="new BRIDE")).rows] == ["Asha Rao"]
        assert list_page(uow, ListCustomers(tag="bride")).rows == ()


def test_a_bill_s_number_finds_its_customer_for_those_who_see_bills(unit_of_work: Work, shop: Shop) -> None:
    from datetime import UTC, datetime

    from microcrm.domain.documents import financial_year
    from microcrm.models.billing import Document

    with unit_of_work(shop.actor()) as uow:
        saved = add(uow, AddCustomer("Asha Rao", "98860 55500"))
        uow.session.add(
            Document(business_id=shop.business_id, kind="tax_invoice", state="issued", number="SLN/2627/0417", running=417,
                     began=financial_year(uow.now), customer_id=saved.id, created_at=datetime.now(UTC))
        )  # fmt: skip
        uow.session.flush()
        for query in ("sln/2627/04", "SLN/2627/0417", "417", "0417"):
            assert [found.id for found in search(uow, query)] == [saved.id], query
            assert [row.id for row in list_page(uow, ListCustomers(query)).rows] == [str(saved.id)], query
        for query in ("sln/2627/0418", "418", "ln/2627"):
            assert search(uow, query) == (), query
    no_bills = shop.actor(permissions=permissions_of(Role.OWNER) - {Permission.INVOICES_VIEW})
    blind = Actor(**{field: getattr(no_bills, field) for field in no_bills.__slots__} | {"role": Role.MANAGER})
    with unit_of_work(blind) as uow:
        assert search(uow, "SLN/2627/0417") == () and search(uow, "417") == ()


def test_one_calendar_finds_only_its_own_customers(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        add(uow, AddCustomer("Plain Stranger"))
        assert len(search(uow, "plain")) == 2
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert [found.name for found in search(uow, "plain")] == ["Plain Iyer"]
        assert [row.name for row in list_page(uow, ListCustomers()).rows] == ["Plain Iyer"]


def test_the_archive_is_a_list_of_its_own(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        saved = add(uow, AddCustomer("Asha Rao", tags="VIP"))
        archive(uow, saved.id)
        assert search(uow, "asha") == ()
        assert [row.name for row in list_page(uow, ListCustomers()).rows] == ["Plain Iyer"]
        assert [row.name for row in list_page(uow, ListCustomers("rao", show="archived")).rows] == ["Asha Rao"]
        assert tags_in_use(uow) == ()


def test_the_next_visit_stands_in_the_row(unit_of_work: Work, shop: Shop, at: Any) -> None:
    from tests.support.shops import VISIT_AT

    with unit_of_work(shop.actor(), clock=at(VISIT_AT.replace(hour=1))) as uow:
        (row,) = list_page(uow, ListCustomers()).rows
        assert (row.next_visit, row.next_time, row.last_visit) == ("25 Nov 2026", "11:00 am", "")
    with unit_of_work(shop.actor(), clock=at(VISIT_AT.replace(hour=20))) as uow:
        assert list_page(uow, ListCustomers()).rows[0].next_visit == ""


STRANGE = [
    None,
    5,
    [],
    {},
    "\x00",
    "\ud800",
    "%",
    "_",
    "*",
    "'; --",
    "a" * 1_000_000,
    "+" * 50,
    "🙂",
    "\u202e",
    "1" * 400,
]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_questions_get_a_plain_answer(unit_of_work: Work, shop: Shop, strange: Any) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert search(uow, strange) == ()
        for odd in ({"query": strange}, {"tag": strange}):
            assert len(list_page(uow, ListCustomers(**odd)).rows) <= 1
        for odd in ({"sort": strange}, {"show": strange}, {"after": strange}, {"before": strange}):
            assert [row.name for row in list_page(uow, ListCustomers(**odd)).rows] == ["Plain Iyer"]


def test_a_page_after_the_neighbours_row_is_the_first(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert len(list_page(uow, ListCustomers(after=neighbour.customer_id)).rows) == 1


@pytest.mark.parametrize("operation", [lambda u: search(u, "a"), lambda u: list_page(u, ListCustomers()), tags_in_use])
def test_looking_needs_permission(unit_of_work: Work, shop: Shop, operation: Any) -> None:
    with pytest.raises(SignedOut), unit_of_work(VISITOR) as uow:
        operation(uow)
    with pytest.raises(Forbidden), unit_of_work(shop.actor(permissions=frozenset({Permission.SHOP_VIEW}))) as uow:
        operation(uow)
