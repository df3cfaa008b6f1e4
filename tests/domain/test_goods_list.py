"""Lists of products as people's spreadsheets write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.csv_file import FileFault
from microcrm.domain.goods_list import MOST_ROWS, BadList, read_list, tax_class_of


def cells(text: str, encoding: str = "utf-8") -> list[tuple[int, dict[str, str]]]:
    return [(one.row, dict(one.cells)) for one in read_list(text.encode(encoding))]


def test_our_own_headings() -> None:
    text = "Name,SKU,Price,Tax class,Stock,HSN,Unit,Low from,Cost\nComb,C-1,80,goods,12,96151100,PCS,2,35\n"
    assert cells(text) == [
        (2, {"name": "Comb", "barcode": "C-1", "price": "80", "tax_class": "goods", "stock": "12", "hsn": "96151100",
             "unit": "PCS", "low": "2", "cost": "35"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffItem Name;MRP;GST %\nComb;₹80;18%\n",
        "Price list of Lotus,,\n\nProduct\tSelling price\tTax\nComb\t₹ 80\t18%\n".replace(",", "\t"),
        'Product,Rate,GST\n"Comb","80","18%"\n,,\n',
    ],
)
def test_other_people_s_headings(text: str) -> None:
    [(_, found)] = cells(text)
    assert (found["name"], found["price"], found["tax_class"]) == ("Comb", "80", "18%")


def test_an_apostrophe_before_what_could_run_is_no_part_of_it() -> None:
    assert cells("Name,Price\n'=Comb,80\n")[0][1]["name"] == "=Comb"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", FileFault.EMPTY),
        (b"  \n ", FileFault.EMPTY),
        (b"PK\x03\x04rest", FileFault.EXCEL),
        (b"%PDF-1.7", FileFault.PDF),
        (b"Name,Price\nA\x00,1\n", FileFault.NOT_TEXT),
        (b"Comb,80\nBrush,90\n", FileFault.HEADINGS),
        (b"Name,Stock\nComb,80\n", FileFault.HEADINGS),
        (b"Name,Price\n\n,\n", FileFault.NOTHING),
        (b"Name,Price\n" + b"Comb,80\n" * (MOST_ROWS + 1), FileFault.LONG),
        (b"Name,Price\n" + b"x" * 600_000, FileFault.LARGE),
    ],
)
def test_what_is_wrong_with_the_file_is_said(data: bytes, fault: FileFault) -> None:
    with pytest.raises(BadList) as refused:
        read_list(data)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("raw", "kind"),
    [("", "goods"), ("18", "goods"), ("18 %", "goods"), ("GST 18%", "goods"), ("5.00%", "daily_goods"), ("Goods", "goods"),
     ("daily_goods", "daily_goods"), ("Shampoo, hair oil, soap, talc, toothpaste", "daily_goods"), ("12%", "12%"), ("hair", "hair")],
)  # fmt: skip
def test_kinds_for_gst(raw: str, kind: str) -> None:
    assert tax_class_of(raw) == kind


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_list(data)
    except BadList:
        return


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40), max_size=6))
def test_any_cells_stay_in_their_row(words: list[str]) -> None:
    line = ",".join('"' + word.replace('"', '""') + '"' for word in ["Comb", "80", *words])
    found = read_list(f"Name,Price,Stock\n{line}\n".encode())
    assert (found[0].row, found[0].cells["name"], found[0].cells["price"]) == (2, "Comb", "80")
