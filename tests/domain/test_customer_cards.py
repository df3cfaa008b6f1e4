"""A card reads as what was written on it, whatever that is; long lines are folded as the standard has it."""

from __future__ import annotations

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from microcrm.domain.customer_file.cards import Contact, card_of
from microcrm.domain.customer_file.vcard import HEADINGS, read_vcard

LETTERS = st.characters(exclude_categories=("Cs", "Cc"))
LINE = st.text(LETTERS, min_size=1, max_size=200).map(str.strip).filter(bool)
LINES = st.lists(LINE, max_size=4).map("\n".join)
TAGS = st.lists(LINE.filter(lambda tag: "," not in tag), max_size=3, unique=True).map(tuple)


def read(*contacts: Contact) -> list[dict[str, str]]:
    headings, *rows = read_vcard("".join(map(card_of, contacts)).encode())
    assert tuple(headings) == HEADINGS
    return [dict(zip(HEADINGS, row, strict=True)) for row in rows]


@example("\\", "a\\;b\\", "=\\n", ("x\\", "y;"))
@given(LINE, LINES, LINES, TAGS)
def test_words_come_back_as_they_were(name: str, address: str, notes: str, tags: tuple[str, ...]) -> None:
    (row,) = read(Contact(name, "+919845055501", "a@b.example", address, date(1990, 12, 31), tags, notes))
    assert row == {
        "Name": name, "Phone": "+919845055501", "Email": "a@b.example", "Address": address, "Birthday": "1990-12-31",
        "Tags": ", ".join(tags), "Notes": notes, "Company": "", "Gender": "",
    }  # fmt: skip


@given(st.lists(LINE, min_size=1, max_size=4), LINES)
def test_a_card_each_and_no_line_longer_than_75_bytes(names: list[str], notes: str) -> None:
    text = "".join(card_of(Contact(name, notes=notes)) for name in names)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert [row["Name"] for row in read(*(Contact(name, notes=notes) for name in names))] == names


def test_nobody_writes_lines_of_their_own_into_a_card() -> None:
    hostile = "Asha\r\nEND:VCARD\r\nBEGIN:VCARD\nTEL:+911234567890"
    text = card_of(Contact(hostile, notes=hostile, tags=("a,b", "c;d\nTEL:1")))
    assert text.count("\r\nBEGIN:VCARD") == 0 and text.count("\r\nEND:VCARD") == 1 and "\r\nTEL" not in text


def test_a_card_as_the_standard_writes_it() -> None:
    card = card_of(Contact("ರಮ್ಯಾ Rao; Jr", "+919845055501", address="12, MG Road\nMysuru", tags=("VIP", "Bride")))
    assert card.split("\r\n") == [
        "BEGIN:VCARD", "VERSION:3.0", "FN:ರಮ್ಯಾ Rao\\; Jr", "N:;ರಮ್ಯಾ Rao\\; Jr;;;", "TEL;TYPE=CELL:+919845055501",
        "ADR;TYPE=HOME:;;12\\, MG Road\\nMysuru;;;;", "CATEGORIES:VIP,Bride", "END:VCARD", "",
    ]  # fmt: skip


def test_a_long_line_is_cut_between_letters_and_before_blanks() -> None:
    notes = "ನಮಸ್ಕಾರ, a word  and  another " * 20 + "end"
    lines = card_of(Contact("A", notes=notes)).split("\r\n")
    assert len(lines) > 15 and [line for line in lines if line != line.rstrip()] == []
    assert read(Contact("A", notes=notes))[0]["Notes"] == notes
