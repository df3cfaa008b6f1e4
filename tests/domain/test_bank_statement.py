"""Statements as banks write them, and files that are none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.bank_statement import (
    LARGEST,
    BadStatement,
    BankEntry,
    occurrences,
    parse_statement_day,
    read_statement,
)
from microcrm.domain.csv_file import FileFault

HDFC = """HDFC BANK Ltd.,,,,,,
Account No :,5010XXXX1234,,,,,
,,,,,,
Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance
********,*******,****,****,****,****,****
24/11/26,UPI-KAVYA PAI-kavya@okhdfc-HDFC0000123-433412345678-BILL INV26270925,0000433412345678,24/11/26,,525.00,"1,10,525.00"
25/11/26,"RENT, NOVEMBER",0000000000000000,25/11/26,"12,000.00",,98525.00
26/11/26,NEFT CR-SBIN0001234-MEENA RAO,SBINN52026112612345678,26/11/26,,"1,05,000.50",203525.50
31/02/26,BROKEN DAY,1,31/02/26,,10.00,0
27/11/26,BROKEN AMOUNT,2,27/11/26,,ten,0
STATEMENT SUMMARY,,,,,,
"""
SBI = "Txn Date\tDescription\tRef No./Cheque No.\tDebit\tCredit\tBalance\n"
SBI += "5 Dec 2026\tBY TRANSFER-UPI/CR/433412345679/ANIL\t-\t \t350.00\t1000\n"
PHONE = "\ufeffTransaction Date;Transaction ID;Amount (INR);Type\n"
PHONE += "2026-12-05 10:14:22;T2612051014;+₹ 80;CREDIT\n2026-12-06;T2612061014;500;Debit\n"


def test_a_statement_with_a_head_two_columns_and_a_foot() -> None:
    read = read_statement(HDFC.encode())
    assert [(one.day, one.paise, one.reference) for one in read.entries] == [
        (date(2026, 11, 24), 52_500, "0000433412345678"),
        (date(2026, 11, 25), -1_200_000, ""),
        (date(2026, 11, 26), 10_500_050, "SBINN52026112612345678"),
    ]
    assert "INV26270925" in read.entries[0].words
    assert [(one.row, one.why) for one in read.unread] == [
        (9, "The date cannot be read."), (10, "The amount cannot be read."),
    ]  # fmt: skip


def test_tabs_one_column_of_amounts_other_encodings() -> None:
    assert read_statement(SBI.encode("utf-16")).entries == (
        BankEntry(2, date(2026, 12, 5), 35_000, "", "BY TRANSFER-UPI/CR/433412345679/ANIL"),
    )
    assert [(one.day, one.paise) for one in read_statement(PHONE.encode()).entries] == [
        (date(2026, 12, 5), 8_000), (date(2026, 12, 6), -50_000),
    ]  # fmt: skip
    assert read_statement("Date,Amount,Narration\n05/12/2026,80,Café\n".encode("cp1252")).entries[0].words == "Café"


@pytest.mark.parametrize(
    ("amount", "paise"),
    [
        ("750.00 Cr", 75_000), ("750.00Dr.", None), ("(200.00)", -20_000), ("-200", -20_000), ("Rs. 1,00,000", 10_000_000),
        ("−5.5", -550), ("1,2,3", None), ("1.005", None), ("9" * 30, None), ("=1+1", None), ("750.00 DR", -75_000),
    ],
)  # fmt: skip
def test_amounts(amount: str, paise: int | None) -> None:
    read = read_statement(f'Date,Amount\n05/12/2026,"{amount}"\n'.encode())
    assert [one.paise for one in read.entries] == ([] if paise is None else [paise])
    assert len(read.unread) == (paise is None)


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("05/12/2026", date(2026, 12, 5)), ("5-Dec-26", date(2026, 12, 5)), ("05 December 2026 10:14", date(2026, 12, 5)),
        ("2026-12-05T10:14:00", date(2026, 12, 5)), ("05.12.2026", date(2026, 12, 5)), ("12/31/2026", None), ("", None),
        ("05/12", None), ("tomorrow", None), ("05-Foo-2026", None),
    ],
)  # fmt: skip
def test_days_are_read_day_first(raw: str, day: date | None) -> None:
    assert parse_statement_day(raw) == day


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", FileFault.EMPTY), (b" \n ", FileFault.EMPTY), (b"x" * (LARGEST + 1), FileFault.LARGE),
        (b"PK\x03\x04zip", FileFault.EXCEL),
        (b"\xd0\xcf\x11\xe0", FileFault.EXCEL), (b"%PDF-1.7", FileFault.PDF), (b"a\x00b", FileFault.NOT_TEXT),
        (b"Name,Phone\nA,1\n", FileFault.HEADINGS), (b"<html><table>", FileFault.HEADINGS),
        (b"Date,Amount\n" + b"05/12/2026,1\n" * 20_100, FileFault.LONG),
    ],
)  # fmt: skip
def test_a_file_that_is_no_statement_says_so(data: bytes, fault: FileFault) -> None:
    with pytest.raises(BadStatement) as refused:
        read_statement(data)
    assert refused.value.fault is fault
    assert refused.value.remedy


@given(st.binary(max_size=2_000) | st.text(max_size=500).map(lambda text: f"Date,Credit,Narration\n{text}".encode()))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        read = read_statement(data)
    except BadStatement:
        return
    assert all(one.words.isprintable() and one.paise for one in read.entries)


def test_equal_rows_are_told_apart_by_how_many_came_before() -> None:
    entry = BankEntry(1, date(2026, 12, 5), 100, "", "Cash")
    assert [place for _, place in occurrences([entry, entry, entry])] == [0, 1, 2]
