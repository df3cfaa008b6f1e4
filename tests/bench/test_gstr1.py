"""The recomputation of ``gstr1-100k`` agrees with the files of a month, and sees a paisa that is amiss."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import psycopg

from bench.gstr1_check import differences, register_differences
from bench.gstr1_write import PERIOD
from bench.returns_month import fill, month
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.adapters.sheets import write_xlsx
from microcrm.operations.returns.gstr1 import WriteGstr1, write_gstr1
from microcrm.operations.returns.overview import view_return
from microcrm.operations.returns.registers import sheet
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from tests.support.shops import TwoShops

DOCUMENTS = 400


def test_the_month_is_the_same_each_time_and_has_all_kinds() -> None:
    made = list(month(DOCUMENTS))
    assert made == list(month(DOCUMENTS))
    assert {one.kind for one in made} == {"tax_invoice", "bill_of_supply", "invoice_cum_bill", "credit_note"}
    assert any(one.is_cancelled for one in made) and any(one.gstin and one.place != "27" for one in made)


def test_files_agree_and_damage_is_seen(fresh_database: TwoShops, tmp_path: Path) -> None:
    with psycopg.connect(plain(settings().database_owner_url), autocommit=True) as owner:
        shop = fill(owner, DOCUMENTS)
        assert fill(owner, DOCUMENTS) == shop, "what is there is kept"
        out, book = io.BytesIO(), io.BytesIO()
        with wiring.unit_of_work(system(shop)) as uow:
            write_gstr1(uow, WriteGstr1(PERIOD, "GST3.2.4"), orjson.dumps, out)
            found = sheet(uow, PERIOD, "register")
            write_xlsx(book, found.title, found.columns, found.rows)
            view = view_return(uow, PERIOD)
        assert view.footing.holds and view.documents > DOCUMENTS * 0.98
        path = tmp_path / "file"
        path.write_bytes(out.getvalue())
        assert differences(owner, shop, path) == 0
        for damage in DAMAGES:
            path.write_text(json.dumps(damage(json.loads(out.getvalue()))))
            assert differences(owner, shop, path) > 0, damage
        path.write_bytes(book.getvalue())
        assert register_differences(owner, shop, path) == 0
        with wiring.unit_of_work(system(shop)) as uow:
            found = sheet(uow, PERIOD, "register")
            write_xlsx(book := io.BytesIO(), found.title, found.columns, list(found.rows)[1:])
        path.write_bytes(book.getvalue())
        assert register_differences(owner, shop, path) > 0


def _a_paisa(file: dict[str, Any]) -> dict[str, Any]:
    file["b2b"][0]["inv"][0]["itms"][0]["itm_det"]["txval"] += 0.01
    return file


def _one_less(file: dict[str, Any]) -> dict[str, Any]:
    del file["b2b"][-1]["inv"][-1]
    return file


def _twice(file: dict[str, Any]) -> dict[str, Any]:
    file["cdnr"].append(file["cdnr"][0])
    return file


def _another_rate(file: dict[str, Any]) -> dict[str, Any]:
    file["b2cs"][0]["rt"] = 28
    return file


def _no_codes(file: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in file.items() if name != "hsn"}


def _one_more_number(file: dict[str, Any]) -> dict[str, Any]:
    file["doc_issue"]["doc_det"][0]["docs"][0]["totnum"] += 1
    return file


DAMAGES = (_a_paisa, _one_less, _twice, _another_rate, _no_codes, _one_more_number)
