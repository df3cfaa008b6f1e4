"""What is taken away as a file comes in again as it was: into the same shop nothing new, into an empty one the same customers."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.adapters.workbooks import read_workbook
from microcrm.domain.customer_file.cards import card_of
from microcrm.models.customers import Customer
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_export import FIELDS, FileKind, export_cards, export_customers
from microcrm.operations.customer_list import ListCustomers
from microcrm.operations.customers import archive
from tests.support.imports import Desk
from tests.support.shops import TwoShops

LIST = """Name,Mobile,E-mail,Date of birth,Tags,Notes,Address
Lakshmi Venkatesh,98450 55501,lakshmi@v.example,31/12/1990,"VIP, Bride","Likes tea
and quiet","12, MG Road
Mysuru 570001"
ರಮ್ಯಾ ಗೌಡ,+91-98450-55502,,25/06/1985,,,
=HYPERLINK(1) Rao,98450 55503,,,,"+ more, -less",@home
Anil Rao,98450 55504,,,,,
Priya Rao,98450 55504,,,,,
Omar Ali,+971 50 123 4567,,,,,
Meera Iyer,,meera@iyer.example,,,,
"""


def taken(desk: Desk, kind: FileKind, fields: object = None) -> bytes:
    out = io.BytesIO()
    with wiring.unit_of_work(desk.actor) as uow:
        choice = Choice(listed=ListCustomers())
        if kind is FileKind.CARDS:
            out.writelines(card_of(one).encode() for one in export_cards(uow, choice, fields))
            return out.getvalue()
        sheet = export_customers(uow, choice, fields, kind)
        if kind is FileKind.XLSX:
            write_xlsx(out, "Customers", sheet.columns, sheet.rows)
        else:
            write_csv(out, sheet.columns, sheet.rows)
    return out.getvalue()


def said(data: bytes, kind: FileKind) -> object:
    """Of a workbook its cells: the file itself has the moment in it when it was written."""
    return list(read_workbook(data)) if kind is FileKind.XLSX else data


def facts(desk: Desk) -> set[tuple[object, ...]]:
    with wiring.unit_of_work(desk.actor) as uow:
        rows = uow.session.scalars(select(Customer).where(Customer.business_id == desk.actor.business_id)).all()
        return {
            (row.name, row.phone, row.email, row.address, row.birthday, tuple(row.tags), row.is_sharing_phone)
            for row in rows
        }


@pytest.mark.parametrize("kind", list(FileKind))
def test_a_list_that_is_taken_away_comes_in_again_as_it_was(kind: FileKind, fresh_database: TwoShops) -> None:
    desk, empty = Desk(fresh_database.a.actor()), Desk(fresh_database.b.actor())
    there_before = facts(empty)
    desk.take(LIST)
    data = taken(desk, kind)
    assert b"\n=HYPERLINK" not in data and b",=HYPERLINK" not in data, "nothing in it runs"
    again = desk.rehearse(desk.bring(data))
    assert [row.verdict for row in again.rows] == ["s"] * len(desk.customers()), [row.words for row in again.rows]
    empty.take(data)
    assert facts(empty) - there_before == facts(desk)


@pytest.mark.parametrize("kind", list(FileKind))
def test_what_came_in_from_a_file_goes_out_as_the_same_file(kind: FileKind, fresh_database: TwoShops) -> None:
    desk, other = Desk(fresh_database.a.actor()), Desk(fresh_database.b.actor())
    desk.take(LIST)
    kept = [name for name in FIELDS if name not in ("added", "last", "next", "visits", "billed", "due")]
    with wiring.unit_of_work(other.actor) as uow:
        archive(uow, fresh_database.b.customer_id)
    first = taken(desk, kind, kept)
    other.take(first)
    assert said(taken(other, kind, kept), kind) == said(first, kind)
