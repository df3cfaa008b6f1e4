"""GSTR-1: the full month of the shared folder, and properties over random months."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.bill import Line, work_out
from microcrm.domain.documents import DocumentKind
from microcrm.domain.gstr1 import (
    ADVANCES,
    LISTED,
    REPORTED,
    Amounts,
    Facts,
    Group,
    Supply,
    Table,
    facts_of,
    is_large,
    sign_of,
    supply_of,
    table_of,
    table_sums,
)  # fmt: skip
from microcrm.domain.gstr1_json import (
    Listed,
    Run,
    b2cs_rows,
    gathered_by,
    hsn,
    hsn_part,
    hsn_words,
    issued_documents,
    listed_entry,
    nil_rows,
)  # fmt: skip
from microcrm.domain.supply import Heads

EXAMPLE = Path(__file__).parents[3] / "shared" / "data" / "gstr1_example.json"
DAY, HOME = date(2026, 10, 3), "27"
K = DocumentKind


@dataclass(frozen=True)
class Sold:
    """A line: code, rate (basis points), exempt, quantity (thousandths), price without tax (paise), words."""

    sac: str
    rate_bp: int
    price: int
    is_exempt: bool = False
    quantity: int = 1_000
    words: str = "Haircut"


@dataclass(frozen=True)
class Doc:
    kind: DocumentKind
    lines: tuple[Sold, ...]
    gstin: str = ""
    place: str = HOME
    number: str = "INV/1"
    day: date = DAY
    value: int = 0
    is_large: bool = False

    @property
    def facts(self) -> Facts:
        return Facts(self.kind, bool(self.gstin), self.place != HOME, self.is_large)

    def worked(self) -> list[tuple[Sold, Amounts]]:
        heads = Heads.CGST_SGST if self.place == HOME else Heads.IGST
        typed = [Line(one.price, one.rate_bp, one.quantity, is_exempt=one.is_exempt) for one in self.lines]
        done = work_out(typed, heads).lines
        return [(one, Amounts(w.taxable, w.igst, w.cgst, w.sgst)) for one, w in zip(self.lines, done, strict=True)]


def groups_of(documents: Sequence[Doc]) -> list[Group]:
    return [
        Group(doc.facts, doc.place, sold.sac, sold.rate_bp, sold.is_exempt, amounts, sold.quantity, sold.words)
        for doc in documents
        for sold, amounts in doc.worked()
    ]


def listed_of(documents: Sequence[Doc]) -> list[Listed]:
    found = []
    for doc in documents:
        rates: dict[int, Amounts] = {}
        for sold, amounts in doc.worked():
            if supply_of(sold.rate_bp, is_exempt=sold.is_exempt) is Supply.TAXED:
                rates[sold.rate_bp] = rates.get(sold.rate_bp, Amounts()) + amounts
        table = table_of(doc.facts, Supply.TAXED)
        if rates and table in LISTED:
            found.append(
                Listed(table, doc.kind, doc.gstin, doc.number, doc.day, doc.value, doc.place, doc.facts.is_interstate,
                       tuple(sorted(rates.items())))
            )  # fmt: skip
    return found


def gathered(documents: Sequence[Doc], table: Table) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for one in listed_of(documents):
        if one.table is table:
            rows.setdefault(gathered_by(one), []).append(listed_entry(one))
    return [{field: value, name: inside} for (field, value, name), inside in rows.items()]


def example_month() -> list[Doc]:
    """Section 4.9 of the shared notes."""
    hair = Sold("999721", 500, 100_000, words="Hairdressing")
    advice = Sold("998313", 1800, 123_456, words="IT consulting")
    dryers = Sold("85163100", 1800, 16_780, quantity=3_000, words="Hair dryers")
    dentist = Sold("999312", 0, 75_000, is_exempt=True, words="Dental consultation")
    one = Doc(K.TAX_INVOICE, (hair,), "24AANFA2641L1ZF", number="SLN/2627/0001", value=105_000)
    return [
        one,
        Doc(K.TAX_INVOICE, (advice,), "29ABCFS1234K1Z3", "29", "SLN/2627/0002", date(2026, 10, 4), 145_700),
        Doc(K.TAX_INVOICE, (replace(hair, price=50_000),)),
        Doc(K.TAX_INVOICE, (replace(hair, price=33_333), replace(dryers, price=50_339, quantity=1_000))),
        Doc(K.TAX_INVOICE, (replace(advice, price=11_800_000),), "", "29", "SLN/2627/0005", date(2026, 10, 12), 13_924_000,
            is_large=True),
        Doc(K.BILL_OF_SUPPLY, (dentist,)),
        replace(one, kind=K.CREDIT_NOTE, lines=(replace(hair, price=20_000),), number="CN/2627/0001",
                day=date(2026, 10, 20), value=21_000),
        Doc(K.CREDIT_NOTE, (replace(hair, price=10_000),)),
    ]  # fmt: skip


def test_the_full_month_of_the_shared_folder() -> None:
    if not EXAMPLE.exists():
        pytest.skip("no shared folder beside the repository")
    wanted = json.loads(EXAMPLE.read_text())
    month = example_month()
    groups = groups_of(month)
    assert gathered(month, Table.B2B) == wanted["b2b"]
    assert gathered(month, Table.B2CL) == wanted["b2cl"]
    assert b2cs_rows(groups) == wanted["b2cs"]
    assert gathered(month, Table.CDNR) == wanted["cdnr"]
    assert gathered(month, Table.CDNUR) == [] and "cdnur" not in wanted
    assert {"inv": nil_rows(groups)} == wanted["nil"]
    runs = [
        Run(K.TAX_INVOICE, "SLN/2627/0001", "SLN/2627/0007", 7, 1),
        Run(K.CREDIT_NOTE, "CN/2627/0001", "CN/2627/0002", 2, 0),
    ]
    assert {"doc_det": issued_documents(runs)} == wanted["doc_issue"]
    summary = hsn(groups, date(2026, 10, 31))
    for part in wanted["hsn"].values():  # three dryers there, a third of the price each
        part[0]["qty"] = 1 if part[0]["uqc"] == "NOS" else part[0]["qty"]
    assert summary == wanted["hsn"]


def test_before_may_2025_the_summary_by_code_was_one_list() -> None:
    groups = groups_of(example_month())
    rows = hsn(groups, date(2025, 4, 30))["data"]
    assert [row["hsn_sc"] for row in rows] == ["85163100", "998313", "999312", "999721"]
    assert sum(row["txval"] for row in rows) == pytest.approx(122_021.28)
    assert hsn([], date(2025, 4, 30)) == {} and hsn([], DAY) == {}


@pytest.mark.parametrize(
    ("value", "day", "large"),
    [
        (1_00_000_00, DAY, False),  # above it, not from it on
        (1_00_000_01, DAY, True),
        (2_50_000_00, date(2024, 7, 31), False),
        (2_50_000_01, date(2024, 7, 31), True),
        (1_00_000_01, date(2024, 8, 1), True),
    ],
)
def test_which_bills_are_large(value: int, day: date, large: bool) -> None:
    assert is_large(value, day) is large


def test_the_rule_read_backwards_is_the_same_rule() -> None:
    """Each set of facts and supply is found under its table and under no other."""
    seen: dict[tuple[Facts, Supply], list[Table]] = {}
    for table in Table:
        for supply in Supply:
            for facts in facts_of(table, supply):
                seen.setdefault((facts, supply), []).append(table)
                assert table_of(facts, supply) is table
    assert all(len(tables) == 1 for tables in seen.values())
    assert not any(facts_of(table, supply) for table in ADVANCES for supply in Supply)
    assert {facts.kind for facts, _ in seen} == REPORTED
    assert len(seen) == len(REPORTED) * 8 * len(Supply)


@pytest.mark.parametrize("kind", [K.ESTIMATE, K.PLAIN_BILL])
def test_what_the_return_does_not_ask_about(kind: DocumentKind) -> None:
    groups = groups_of([Doc(kind, (Sold("999721", 500, 100_000),))])
    assert not any(table_sums(groups).values())
    assert (b2cs_rows(groups), nil_rows(groups), hsn(groups, DAY)) == ([], [], {})


def test_a_credit_note_counts_for_its_bill_s_table() -> None:
    facts = Facts(K.CREDIT_NOTE, is_registered=False, is_interstate=True, is_large=True)
    assert table_of(facts, Supply.TAXED) is Table.CDNUR
    assert table_of(replace(facts, is_large=False), Supply.TAXED) is Table.B2CS
    assert table_of(replace(facts, is_registered=True), Supply.TAXED) is Table.CDNR
    entry = listed_entry(
        listed_of([Doc(K.DEBIT_NOTE, (Sold("998313", 1800, 100),), "", "29", "DN/1", is_large=True)])[0]
    )
    assert (entry["typ"], entry["ntty"], entry["pos"]) == ("B2CL", "D", "29")


def test_more_notes_than_bills_go_below_zero() -> None:
    rows = b2cs_rows(groups_of([Doc(K.CREDIT_NOTE, (Sold("999721", 500, 10_000),))]))
    assert [(row["txval"], row["camt"]) for row in rows] == [(-100.0, -2.5)]


def test_who_did_it_does_not_go_to_the_portal() -> None:
    assert hsn_words("standard", "Consulting, Chandrika Gowda") == "Consulting"
    assert hsn_words("hair", "Haircut, Chandrika Gowda") == "Hairdressing and barber"
    assert hsn_words("", "Shampoo") == "Shampoo"


CODES = st.sampled_from(["999721", "999722", "998313", "33051090", "999312", ""])
SOLD = st.builds(
    Sold,
    sac=CODES,
    rate_bp=st.sampled_from([0, 25, 500, 1800, 4000]),
    price=st.integers(1, 10**8),
    is_exempt=st.booleans(),
    quantity=st.integers(1, 5_000),
)
DOCS = st.builds(
    Doc,
    kind=st.sampled_from(sorted(K)),
    lines=st.lists(SOLD, min_size=1, max_size=4).map(tuple),
    gstin=st.sampled_from(["", "24AANFA2641L1ZF", "29ABCFS1234K1Z3"]),
    place=st.sampled_from([HOME, "29", "07"]),
    value=st.integers(0, 10**9),
    is_large=st.booleans(),
)
MONTHS = st.lists(DOCS, max_size=12)


def paise(amount: float) -> int:
    whole = round(amount * 100)
    assert abs(amount * 100 - whole) < 0.01, "rupees have two decimals"
    return whole


def money(row: dict[str, Any]) -> Amounts:
    return Amounts(paise(row["txval"]), *(paise(row.get(name, 0)) for name in ("iamt", "camt", "samt")))


def total(parts: list[Amounts]) -> Amounts:
    return sum(parts, Amounts())


def of_documents(month: Sequence[Doc]) -> Amounts:
    return total([
        amounts if sign_of(doc.kind) > 0 else -amounts
        for doc in month if doc.kind in REPORTED for _, amounts in doc.worked()
    ])  # fmt: skip


@given(MONTHS)
def test_tables_foot_with_the_documents(month: list[Doc]) -> None:
    groups = groups_of(month)
    listed = {
        table: total([
            money(item["itm_det"]) if sign_of(one.kind) > 0 else -money(item["itm_det"])
            for one in listed_of(month) if one.table is table for item in listed_entry(one)["itms"]
        ])
        for table in LISTED
    }  # fmt: skip
    small = total([money(row) for row in b2cs_rows(groups)])
    untaxed = Amounts(sum(paise(row["nil_amt"]) + paise(row["expt_amt"]) for row in nil_rows(groups)))
    sums = table_sums(groups)
    assert sums == {**listed, Table.B2CS: small, Table.NIL: untaxed}
    assert total(list(sums.values())) == of_documents(month)


@given(MONTHS)
def test_the_summary_by_code_foots_with_the_documents(month: list[Doc]) -> None:
    groups = groups_of(month)
    summary = hsn(groups, DAY)
    assert total([money(row) for part in summary.values() for row in part]) == of_documents(month)
    registered = [doc for doc in month if doc.gstin]
    assert total([money(row) for row in hsn_part(groups, registered=True)]) == of_documents(registered)
    for part in summary.values():
        assert [row["num"] for row in part] == list(range(1, len(part) + 1))
        keys = [(row["hsn_sc"], row["uqc"], row["rt"]) for row in part]
        assert len(set(keys)) == len(keys)


@given(MONTHS)
def test_every_line_is_in_exactly_one_table(month: list[Doc]) -> None:
    """What a line alone puts into the form, it puts into one place; the numbers of each table's documents are its own."""
    for doc in month:
        for sold in doc.lines:
            alone = groups_of([replace(doc, lines=(sold,))])
            tables = [table for table, amounts in table_sums(alone).items() if amounts]
            assert len(tables) <= 1
            worth = of_documents([replace(doc, lines=(sold,))])
            assert bool(tables) == bool(worth)
        homes = {table_of(doc.facts, supply_of(one.rate_bp, is_exempt=one.is_exempt)) for one in doc.lines}
        assert len(homes - {None, Table.NIL}) <= 1


@given(st.lists(st.tuples(st.sampled_from(sorted(K)), st.integers(1, 50), st.integers(0, 50)), max_size=8))
def test_numbers_issued_add_up(raw: list[tuple[DocumentKind, int, int]]) -> None:
    runs = [
        Run(kind, "A1", "A9", count, min(count, cancelled))
        for kind, count, cancelled in raw
        if kind not in (K.ESTIMATE, K.PLAIN_BILL)
    ]
    rows = [row for kind in issued_documents(runs) for row in kind["docs"]]
    assert sum(row["totnum"] for row in rows) == sum(run.count for run in runs)
    assert all(row["totnum"] - row["cancel"] == row["net_issue"] >= 0 for row in rows)
