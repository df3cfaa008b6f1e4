"""A month of bills for ``gstr1-100k``: every kind of document that a table asks about, by COPY.

One shop in Maharashtra. Of a hundred documents 48 are small bills, 32 go to customers with a GSTIN in the State and 9 to
others, one is a large bill to another State, four are exempt, two are partly, four are credit notes; one in two hundred is
cancelled. Three lines each, of five services and goods. The same month for the same number.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import psycopg

from bench import dataset
from microcrm.domain.bill import Bill, Line, work_out
from microcrm.domain.gstin import check_character
from microcrm.domain.supply import Heads

FIRST, DAYS = date(2026, 10, 1), 31
SELLER, HOME = "27ABCFS1234K1Z7", "27"
SLUG = "returns-month"
LINES, CUSTOMERS = 3, 2_000
_ELSEWHERE = ("29", "24", "07", "33")
_SOLD = (  # words, code, class, rate, price
    ("Haircut", "999721", "hair", 500, 45_000),
    ("Facial", "999729", "beauty", 500, 120_050),
    ("Consulting", "998313", "standard", 1800, 249_999),
    ("Shampoo", "33051090", "standard", 500, 34_900),
    ("Hair dryer", "85163100", "standard", 1800, 189_900),
)
_EXEMPT = ("Consultation", "999312", "health", 0, 75_000)
_PATTERNS = {"tax_invoice": "INV", "bill_of_supply": "BOS", "invoice_cum_bill": "ICB", "credit_note": "CN"}
_DOCUMENT = ("id", "business_id", "kind", "state", "number", "began", "running", "issued_on", "issued_at", "corrects_id",
             "seller", "buyer", "buyer_gstin", "place_state", "heads", "reason", "taxable_paise", "cgst_paise", "sgst_paise",
             "igst_paise", "round_off_paise", "total_paise", "note", "cancel_reason", "created_at", "version")  # fmt: skip
_LINE = ("business_id", "document_id", "place", "description", "sac", "quantity", "price_paise", "is_with_tax",
         "discount_bp", "tax_class", "rate_bp", "is_exempt", "taxable_paise", "cgst_paise", "sgst_paise",
         "igst_paise")  # fmt: skip
_LEDGER = """
INSERT INTO ledger_entries (business_id, posting, account, amount_paise, on_day, document_id)
SELECT business_id, p.posting, a.account, a.sign * a.paise, issued_on, id
FROM (SELECT d.*, CASE WHEN kind = 'credit_note' THEN -1 ELSE 1 END AS turn, nextval('postings') AS posting
      FROM documents d WHERE business_id = %s AND state <> 'cancelled') p,
     LATERAL (VALUES ('receivable', turn, total_paise), ('sales', -turn, taxable_paise), ('cgst', -turn, cgst_paise),
                     ('sgst', -turn, sgst_paise), ('igst', -turn, igst_paise), ('round_off', -turn, round_off_paise))
     AS a (account, sign, paise)
WHERE a.paise <> 0
"""


@dataclass(frozen=True, slots=True)
class Made:
    id: int
    kind: str
    number: str
    running: int
    day: date
    gstin: str
    place: str
    lines: tuple[tuple[str, str, str, int, int], ...]
    bill: Bill
    corrects: int | None
    is_cancelled: bool


def fill(connection: psycopg.Connection, documents: int) -> int:
    """The shop's id. What is there already, of as many documents, is kept."""
    found = connection.execute(
        "SELECT b.id, (SELECT count(*) FROM documents d WHERE d.business_id = b.id) FROM businesses b WHERE slug = %s",
        (SLUG,),
    ).fetchone()
    if found and found[1] == documents:
        return int(found[0])
    with connection.transaction():
        connection.execute("TRUNCATE businesses, users CASCADE")
        business = _shop(connection)
        for table in ("documents", "document_lines", "ledger_entries"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        made = list(month(documents))
        dataset.copy_in(connection, "documents", _DOCUMENT, (_document(business, one) for one in made))
        dataset.copy_in(connection, "document_lines", _LINE, (row for one in made for row in _lines(business, one)))
        with dataset.unforced(connection, "ledger_entries"):
            connection.execute(_LEDGER, (business,))
        for table in ("documents", "document_lines", "ledger_entries"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    connection.execute("VACUUM ANALYZE documents, document_lines, ledger_entries")
    return business


def month(documents: int) -> Iterator[Made]:
    rng, gstins = Random(2026), list(_gstins())
    running: Counter[str] = Counter()
    taxed: list[Made] = []
    for place in range(documents):
        day = FIRST + timedelta(days=place * DAYS // documents)
        one = _made(rng, place + 1, day, rng.randrange(100), gstins, taxed, running)
        if one.kind == "tax_invoice" and not one.is_cancelled:
            taxed.append(one)
        yield one


def _made(
    rng: Random, number: int, day: date, share: int, gstins: list[str], taxed: list[Made], running: Counter[str]
) -> Made:
    kind, gstin, place, sold = "tax_invoice", "", HOME, [rng.choice(_SOLD) for _ in range(LINES)]
    many, corrects = 1_000, None
    if 48 <= share < 80:
        gstin = gstins[rng.randrange(CUSTOMERS)]
    elif 80 <= share < 89:
        gstin, place = gstins[rng.randrange(CUSTOMERS)], rng.choice(_ELSEWHERE)
    elif share == 89:
        place, many = rng.choice(_ELSEWHERE), 60_000
    elif 90 <= share < 94:
        kind, sold = "bill_of_supply", [_EXEMPT] * LINES
    elif 94 <= share < 96:
        kind, sold = "invoice_cum_bill", [*sold[:-1], _EXEMPT]
    elif share >= 96 and taxed:
        bill = rng.choice(taxed)
        kind, gstin, place, sold, corrects = "credit_note", bill.gstin, bill.place, list(bill.lines[:1]), bill.id
    heads = Heads.CGST_SGST if place == HOME else Heads.IGST
    worth = work_out([Line(price, rate, many, is_exempt=rate == 0) for *_, rate, price in sold], heads)
    running[kind] += 1
    name = f"{_PATTERNS[kind]}/2627/{running[kind]:06d}"
    return Made(number, kind, name, running[kind], day, gstin, place, tuple(sold), worth, corrects,
                kind != "credit_note" and rng.random() < 0.005)  # fmt: skip


def _gstins() -> Iterator[str]:
    letters = "ABCDEFGHJKLMNPQRSTUV"
    for n in range(CUSTOMERS):
        pan = f"{letters[n % 20]}{letters[n // 20 % 20]}{letters[n // 400]}CF{1000 + n}K"
        first = f"{HOME if n % 4 else _ELSEWHERE[n // 4 % 4]}{pan}1Z"
        yield first + check_character(first)


def _shop(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "INSERT INTO businesses (name, legal_name, trade, slug, phone, email, address, city, state_code, pin, gstin, zone, "
        "logo_kind, holiday_state, onboarding, is_demo, version, created_at) VALUES ('Returns', '', 'salon', %s, '', '', "
        "'1 Main Road', 'Pune', '27', '411001', %s, 'Asia/Kolkata', '', '27', '{}', false, 1, now()) RETURNING id",
        (SLUG, SELLER),
    ).fetchone()
    assert row
    return int(row[0])


def _document(business: int, one: Made) -> dataset.Row:
    at, bill = f"{one.day}T12:00:00+05:30", one.bill
    seller = json.dumps({"name": "Returns", "gstin": SELLER, "registration": "regular", "address": "1 Main Road, Pune"})
    buyer = json.dumps({"name": "A customer", "gstin": one.gstin})
    return (one.id, business, one.kind, "cancelled" if one.is_cancelled else "issued", one.number, 2026, one.running, one.day,
            at, one.corrects or r"\N", seller, buyer, one.gstin, one.place,
            "cgst_sgst" if one.place == HOME else "igst", "", bill.taxable, bill.cgst, bill.sgst, bill.igst, bill.round_off,
            bill.total, "", "Written twice" if one.is_cancelled else "", at, 2)  # fmt: skip


def _lines(business: int, one: Made) -> Iterator[dataset.Row]:
    for place, (sold, worked) in enumerate(zip(one.lines, one.bill.lines, strict=True), 1):
        words, sac, tax_class, rate, price = sold
        quantity = round(worked.gross * 1_000 / price)
        yield (business, one.id, place, words, sac, quantity, price, "f", 0, tax_class, rate, "f" if rate else "t",
               worked.taxable, worked.cgst, worked.sgst, worked.igst)  # fmt: skip
