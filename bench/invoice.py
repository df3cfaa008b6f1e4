"""``invoice``: bills issued as fast as they can on one series and on a hundred, with programs killed in the middle; and how
long the PDF of one takes, from the database to the last byte.

Whether numbers have a gap or stand twice is counted by SQL that shares nothing with the code that gave them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from bench import site
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.paper.typeset import set_bill
from microcrm.adapters.reachable import plain
from microcrm.domain.bill_page import page_of
from microcrm.domain.permissions import Role, permissions_of
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.paper import bill_paper
from microcrm.operations.unit_of_work import Actor

_PROCESSES, _THREADS = 2, 4
_SHOPS = 100
_GOAL = {
    "issued_per_s_one_series": ">= 150", "issued_per_s_100_series": ">= 500", "gaps": "<= 0", "doubles": "<= 0",
    "half_issued": "<= 0", "pdf_p50_ms": "<= 15", "pdf_p99_ms": "<= 60",
}  # fmt: skip

Draft = tuple[int, int, int]  # business, member, document


def measure(choice: Choice) -> Report:
    one, each, kills, papers = (600, 12, 2, 100) if choice.is_quick else (4_000, 80, 10, 1_000)
    with site.ground(choice), _owner() as owner, _shops(owner) as shops:
        first, others = shops[0], shops[1:]
        figures: dict[str, Any] = {}
        choice.say(f"{one} bills on one series")
        figures["issued_per_s_one_series"] = _rate(_drafts(owner, [first], one))
        choice.say(f"{each} bills on each of {_SHOPS} series")
        figures["issued_per_s_100_series"] = _rate(_drafts(owner, others, each))
        choice.say(f"{kills} programs killed while they issue")
        figures["killed"] = _killed(owner, first, kills)
        figures |= _faults(owner)
        choice.say(f"{papers} bills as PDF")
        figures |= _papers(owner, first, papers)
        limit = {"bare_numbers_per_s": _bare(owner, first[0])}
    return Report("invoice", figures, goal=dict(_GOAL), limit=limit)


def _rate(drafts: Sequence[Draft]) -> float:
    """Two processes of four threads each; nobody waits for the others but the database makes them."""
    wiring.engine().dispose()
    context = multiprocessing.get_context("fork")
    began = time.perf_counter()
    processes = [context.Process(target=_issue_all, args=(drafts[n::_PROCESSES],)) for n in range(_PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a program that issues bills has failed")
    return round(len(drafts) / (time.perf_counter() - began), 1)


def _issue_all(drafts: Sequence[Draft]) -> None:
    threads = [threading.Thread(target=_issue_each, args=(drafts[n::_THREADS],)) for n in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _issue_each(drafts: Sequence[Draft]) -> None:
    for business, member, document in drafts:
        with wiring.unit_of_work(_actor(business, member)) as uow:
            issue(uow, document, 1)


def _killed(owner: psycopg.Connection, shop: tuple[int, int], kills: int) -> int:
    """Each program dies with all its threads in the middle of a bill; how many bills it had issued by then."""
    wiring.engine().dispose()
    context, issued = multiprocessing.get_context("fork"), 0
    for _ in range(kills):
        drafts = _drafts(owner, [shop], 2_000)
        process = context.Process(target=_issue_all, args=(drafts,))
        process.start()
        time.sleep(0.8)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        time.sleep(0.2)  # until PostgreSQL has seen that they are gone
        issued += owner.execute(
            "SELECT count(*) FROM documents WHERE id = ANY(%s) AND number IS NOT NULL", ([d for _, _, d in drafts],)
        ).fetchone()[0]  # type: ignore[index]  # a count has a row
        owner.execute("DELETE FROM documents WHERE id = ANY(%s) AND number IS NULL", ([d for _, _, d in drafts],))
    return issued


def _faults(owner: psycopg.Connection) -> dict[str, int]:
    """``half_issued``: a number without its posting, or a posting without its number."""
    row = owner.execute(
        """
        WITH mine AS (SELECT id FROM businesses WHERE slug LIKE 'bills-%'),
             given AS (SELECT business_id, count(*) AS all_of, count(DISTINCT number) AS different, max(right(number, 4)::int)
                       AS highest FROM documents WHERE number IS NOT NULL AND business_id IN (SELECT id FROM mine)
                       GROUP BY business_id)
        SELECT coalesce(sum(greatest(s.last - g.different, 0) + abs(s.last - g.highest)), 0),
               coalesce(sum(g.all_of - g.different), 0),
               (SELECT count(*) FROM documents d JOIN mine ON mine.id = d.business_id
                WHERE (number IS NOT NULL) <> EXISTS (SELECT FROM ledger_entries l WHERE l.document_id = d.id))
        FROM given g JOIN number_series s USING (business_id) JOIN mine ON mine.id = g.business_id
        """
    ).fetchone()
    assert row
    return {"gaps": int(row[0]), "doubles": int(row[1]), "half_issued": int(row[2])}


def _papers(owner: psycopg.Connection, shop: tuple[int, int], number: int) -> dict[str, float]:
    """From the statement that reads it to the bytes of the file, one after the other in one thread."""
    rows = owner.execute(
        "SELECT id FROM documents WHERE business_id = %s AND number IS NOT NULL ORDER BY id LIMIT %s", (shop[0], number)
    ).fetchall()
    times = []
    for (document,) in rows:
        began = time.perf_counter()
        with wiring.unit_of_work(_actor(*shop)) as uow:
            bill = bill_paper(uow, document)
        data = set_bill(page_of(bill))
        times.append((time.perf_counter() - began) * 1000)
        assert data.startswith(b"%PDF-")
    found = quantiles(times[1:])  # the first one reads the fonts
    return {"pdf_first_ms": round(times[0], 1), "pdf_p50_ms": found["p50"], "pdf_p99_ms": found["p99"]}


def _bare(owner: psycopg.Connection, business: int) -> float:
    """Only the number, in a transaction of its own: what the disk allows on one series."""
    began = time.perf_counter()
    for _ in range(300):
        owner.execute(
            "INSERT INTO number_series AS s (business_id, kind, began, last) VALUES (%s, 'estimate', 1999, 1) "
            "ON CONFLICT (business_id, kind, began) DO UPDATE SET last = s.last + 1",
            (business,),
        )
    return round(300 / (time.perf_counter() - began), 1)


def _drafts(owner: psycopg.Connection, shops: Sequence[tuple[int, int]], each: int) -> list[Draft]:
    """So many drafts of two lines for each shop, shop by shop in turn."""
    rows = owner.execute(
        """
        INSERT INTO documents (business_id, kind, state, issued_on, buyer_gstin, place_state, heads, reason, taxable_paise,
                               total_paise, note, cancel_reason, created_at, created_by_member_id, version)
        SELECT shop, 'plain_bill', 'draft', current_date, '', '', 'none', '', 100000, 100000, '', '', now(), member, 1
        FROM generate_series(1, %s), unnest(%s::bigint[], %s::bigint[]) AS s (shop, member)
        RETURNING business_id, created_by_member_id, id
        """,
        (each, [shop for shop, _ in shops], [member for _, member in shops]),
    ).fetchall()
    owner.execute(
        """
        INSERT INTO document_lines (business_id, document_id, place, description, sac, quantity, price_paise, is_with_tax,
                                    discount_bp, tax_class, rate_bp, is_exempt, taxable_paise)
        SELECT business_id, id, place, 'Haircut', '999721', 1000, 50000, true, 0, 'hair', 500, false, 50000
        FROM documents, generate_series(1, 2) AS place WHERE id = ANY(%s)
        """,
        ([row[2] for row in rows],),
    )
    return [(int(business), int(member), int(document)) for business, member, document in rows]


def _actor(business: int, member: int) -> Actor:
    return Actor("member", None, business, member, Role.OWNER, permissions_of(Role.OWNER))


@contextlib.contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection
    wiring.engine().dispose()
    wiring.engine.cache_clear()


@contextlib.contextmanager
def _shops(owner: psycopg.Connection) -> Iterator[list[tuple[int, int]]]:
    """A shop for the one series, and a hundred others, each with a member; gone when the block ends."""
    _clear(owner)
    businesses = owner.execute(
        "INSERT INTO businesses (name, legal_name, trade, slug, phone, email, address, city, state_code, pin, gstin, zone, "
        "logo_kind, holiday_state, onboarding, is_demo, version, created_at) SELECT 'Bills ' || n, '', 'salon', 'bills-' || n, "
        "'', '', '1 Main Road', 'Bengaluru', '29', '560001', '', 'Asia/Kolkata', '', '29', '{}', false, 1, now() "
        "FROM generate_series(0, %s) AS n RETURNING id",
        (_SHOPS,),
    ).fetchall()
    members = owner.execute(
        "INSERT INTO members (business_id, name, role, colour, granted, withheld, is_own_calendar_only, is_bookable, position, "
        "joined_at, version) SELECT id, 'Owner', 'owner', 'teal', '{}', '{}', false, false, 0, now(), 1 "
        "FROM unnest(%s::bigint[]) AS id RETURNING business_id, id",
        ([row[0] for row in businesses],),
    ).fetchall()
    yield [(int(business), int(member)) for business, member in members]
    _clear(owner)


def _clear(owner: psycopg.Connection) -> None:
    """What is issued stays even for its owner, so the guards stand aside for this one transaction."""
    mine = "business_id IN (SELECT id FROM businesses WHERE slug LIKE 'bills-%')"
    with owner.transaction():
        for table in ("documents", "document_lines", "audit_events"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in ("ledger_entries", "document_lines", "documents", "number_series", "audit_events", "members"):
            owner.execute(f"DELETE FROM {table} WHERE {mine}")
        for table in ("documents", "document_lines", "audit_events"):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        owner.execute("DELETE FROM businesses WHERE slug LIKE 'bills-%'")
