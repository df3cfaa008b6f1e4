"""Reading lists of customers: phones, days, amounts, e-mails, columns; and that the quick ways give the answers of the slow ones."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.customer_file.alike import is_alike
from microcrm.domain.customer_file.columns import Holds, find_headings, guess, mapping_fault
from microcrm.domain.customer_file.csv_table import delimiter_of, read_csv
from microcrm.domain.customer_file.days import DayRule, Doubt, Evidence, Order, read_day, rule_for
from microcrm.domain.customer_file.person import Layout, person_of, read_amount, read_email, read_person, unharmed
from microcrm.domain.customer_file.phones import SHORTENED, UNREADABLE, read_phones
from microcrm.domain.customer_file.vcard import read_vcard
from microcrm.domain.email import parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import search_key
from microcrm.domain.sheet import harmless

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("cell", "first", "others"),
    [
        ("98450 12345", "+919845012345", ()),
        ("+91-98450-12345", "+919845012345", ()),
        ("919845012345", "+919845012345", ()),
        ("9187654321", "+919187654321", ()),
        ("(0) 98450 12345", "+919845012345", ()),
        ("9845012345.0", "+919845012345", ()),
        ("9.845012345E+09", "+919845012345", ()),
        ("98450 12345 / 98450 54321", "+919845012345", ("+919845054321",)),
        ("98450 12345, 98450 12345", "+919845012345", ()),
        ("080-2345 6789", "+918023456789", ()),
        ("+971 50 123 4567", "+971501234567", ()),
        ("೯೮೪೫೦೧೨೩೪೫", "+919845012345", ()),
        ("'9845012345", "+919845012345", ()),
    ],
)
def test_a_phone_is_read_however_it_is_written(cell: str, first: str, others: tuple[str, ...]) -> None:
    found = read_phones(cell)
    assert (found.first, found.others, found.fault) == (first, others, "")


@pytest.mark.parametrize(
    ("cell", "fault"),
    [("9.84501E+09", SHORTENED), ("12345", UNREADABLE), ("call", UNREADABLE), ("1" * 300, UNREADABLE)],
)
def test_what_is_no_phone_says_why(cell: str, fault: str) -> None:
    assert read_phones(cell).fault == fault


@given(st.from_regex(r"(\+91|0|91)?[ -]?[1-9][0-9]{4}[ -]?[0-9]{5}", fullmatch=True))
def test_the_quick_way_to_a_phone_is_the_slow_one(text: str) -> None:
    try:
        slow = parse_phone(text)
    except Invalid:
        slow = ""
    assert read_phones(text).first == slow


@given(st.from_regex(r"[A-Za-z0-9_+.-]{1,12}@[a-z0-9.-]{1,12}\.[a-z]{2,4}", fullmatch=True))
def test_the_quick_way_to_an_email_is_the_slow_one(text: str) -> None:
    try:
        slow = parse_email(text)
    except Invalid:
        slow = ""
    assert read_email(text) == slow == read_email(text)


@given(st.text(st.characters(max_codepoint=127), max_size=300))
def test_the_quick_key_of_a_name_is_the_slow_one(text: str) -> None:
    """A mark at the end, which is dropped, leads the other way."""
    assert search_key(text) == search_key(text + "\u0301")


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("31/12/1990", Order.UNSURE, date(1990, 12, 31)),
        ("12/31/1990", Order.UNSURE, date(1990, 12, 31)),
        ("05/06/1990", Order.DAY_FIRST, date(1990, 6, 5)),
        ("05/06/1990", Order.MONTH_FIRST, date(1990, 5, 6)),
        ("1990-06-05", Order.UNSURE, date(1990, 6, 5)),
        ("1990-31-12", Order.UNSURE, date(1990, 12, 31)),
        ("5 Jun 1990", Order.UNSURE, date(1990, 6, 5)),
        ("5th June, 1990", Order.UNSURE, date(1990, 6, 5)),
        ("June 5, 1990", Order.UNSURE, date(1990, 6, 5)),
        ("05-Jun-90", Order.UNSURE, date(1990, 6, 5)),
        ("19900605", Order.UNSURE, date(1990, 6, 5)),
        ("33029", Order.UNSURE, date(1990, 6, 5)),
        ("1990-06-05 00:00:00", Order.UNSURE, date(1990, 6, 5)),
        ("07/07/90", Order.UNSURE, date(1990, 7, 7)),
    ],
)
def test_a_day_is_read_in_each_order(cell: str, order: Order, day: date) -> None:
    assert read_day(cell, DayRule(order, today=TODAY)).day == day


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        ("05/06/1990", Doubt.AMBIGUOUS), ("31/02/1990", Doubt.NO_DAY), ("5 June", Doubt.NO_YEAR), ("05/06", Doubt.NO_YEAR),
        ("soon", Doubt.NO_DAY), ("01/01/2050", Doubt.FUTURE), ("31.12.26", Doubt.FUTURE),
        ("99/99/9999", Doubt.NO_DAY), ("1/2/1", Doubt.NO_DAY),
    ],
)  # fmt: skip
def test_a_doubtful_day_says_why(cell: str, doubt: Doubt) -> None:
    assert read_day(cell, DayRule(today=TODAY)).doubt is doubt


@given(st.text(max_size=30))
def test_a_day_never_crashes_and_is_never_of_tomorrow(cell: str) -> None:
    found = read_day(cell, DayRule(Order.DAY_FIRST, today=TODAY))
    assert (found.day is None) != (found.doubt is None) and (found.day is None or found.day <= TODAY)


def test_one_clear_day_decides_the_order_of_its_column() -> None:
    def order(*cells: str) -> Order:
        evidence = Evidence()
        for cell in cells:
            evidence.note(cell)
        return rule_for(evidence.as_facts(), "", TODAY).order

    assert order("05/06/1990", "31/12/1990") is Order.DAY_FIRST
    assert order("05/06/1990", "12/31/1990") is Order.MONTH_FIRST
    assert order("05/06/1990") is Order.UNSURE
    assert order("31/12/1990", "12/31/1990") is Order.UNSURE
    assert order("98450 12345", "tea", "") is Order.NONE
    assert rule_for([0, 0, 3, 0, 0], "mdy", TODAY).order is Order.MONTH_FIRST


@pytest.mark.parametrize(
    ("cell", "paise"),
    [
        ("1,23,456.50", 12_345_650), ("₹ 1,23,456", 12_345_600), ("1.5 lakh", 15_000_000), ("2 Crore", 2_000_000_000),
        ("Rs. 200/-", 20_000),
        ("1234.567", 123_456), ("-500", -50_000), ("1,200 Cr", 120_000), ("lots", None), ("1,2,3", None), ("", None),
    ],
)  # fmt: skip
def test_amounts_are_read_as_india_writes_them(cell: str, paise: int | None) -> None:
    assert read_amount(cell) == paise


def test_columns_are_guessed_by_heading_and_by_what_stands_in_them() -> None:
    rows = [["Suma Rao", "9845012345", "suma@rao.example", "VIP"], ["Ravi", "9845012346", "r@k.example", ""]]
    assert find_headings(rows) is None
    assert guess(["", "", "", ""], rows) == (Holds.NAME, Holds.PHONE, Holds.EMAIL, Holds.SKIP)
    assert guess(["Client", "Contact No.", "Mail ID", "Grade"], rows) == (
        Holds.NAME,
        Holds.PHONE,
        Holds.EMAIL,
        Holds.NOTE,
    )
    assert find_headings([["Customers of 2026"], [], ["Name", "Mobile"], ["Suma", "9845012345"]]) == 2
    assert (
        mapping_fault([Holds.PHONE])
        and mapping_fault([Holds.NAME, Holds.NAME])
        and not mapping_fault([Holds.FIRST_NAME])
    )


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Lakshmi", "Laxmi Venkatesh", True), ("ಲಕ್ಷ್ಮಿ", "Lakshmi", True), ("Smt. Lakshmi V", "LAKSHMI", True),
        ("Anil Rao", "Priya Rao", False),
        ("Dr Rao", "Rao", True), ("رضا", "رضا خان", True), ("Ravi", "Rahul", False),
    ],
)  # fmt: skip
def test_names_that_mean_the_same_person(one: str, other: str, alike: bool) -> None:
    assert is_alike(one, other) is alike is is_alike(other, one)


@given(st.text(max_size=40))
def test_what_is_made_harmless_comes_back_as_it_was(text: str) -> None:
    assert unharmed(harmless(text)) == text or text.startswith("'")


@given(st.lists(st.text(max_size=40), max_size=8), st.permutations(list(Holds)))
def test_any_row_is_a_person_or_says_why_not(cells: list[str], mapping: list[Holds]) -> None:
    layout = Layout(tuple("h" for _ in mapping), tuple(mapping), DayRule(Order.DAY_FIRST, today=TODAY))
    person = read_person(cells, layout)
    assert person.fault or (person.name and search_key(person.name))
    if not person.fault:
        assert person_of(person.as_list()).as_list() == person.as_list()
        assert not {"\x1d", "\x1e", "\x1f", "\x00"} & set(
            person.name + person.notes + person.address + "".join(person.tags)
        )


@given(st.binary(max_size=400))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    for read in (read_csv, read_vcard):
        try:
            rows = list(read(data))
        except Invalid as refusal:
            assert refusal.message and refusal.remedy
        else:
            assert all(isinstance(cell, str) for row in rows for cell in row)


def test_the_delimiter_is_what_divides_the_rows_evenly() -> None:
    assert (
        delimiter_of("a;b;c\n1,5;2;3\n") == ";"
        and delimiter_of("a\tb\n1\t2\n") == "\t"
        and delimiter_of("alone\n") == ","
    )
