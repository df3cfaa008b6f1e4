"""``microcrm keys``: all keys renewed or checked, business by business, in transactions that are short each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import timedelta

from microcrm import wiring
from microcrm.domain.errors import Conflict
from microcrm.operations.audit import all_businesses
from microcrm.operations.unit_of_work import system
from microcrm.operations.vault import checking, rotation
from microcrm.operations.vault.checking import KeyReport
from microcrm.processes import Failed

Say = Callable[[str], None]


def rotate(say: Say, *, with_records: bool, younger_stays: timedelta) -> None:
    """Each level; what a run that was cut off has done already is not done again. Raises: SealBroken, at the first
    business's key that no master key opens."""
    sealer = wiring.sealer()
    businesses = _businesses()
    renewed = 0
    for business_id in businesses:
        with wiring.unit_of_work(system(business_id)) as uow:
            renewed += rotation.renew_master(uow, sealer)
    renewed += _second_steps()
    say(f"{renewed} keys and secrets are sealed with the newest master key now.")
    for business_id in businesses:
        moved = _rotate_business(business_id, with_records=with_records, younger_stays=younger_stays)
        if moved is not None:
            what = "and their records are sealed anew" if with_records else "sealed anew"
            say(f"business {business_id}: a new key, {moved} customers' keys {what}.")


def _second_steps() -> int:
    after, renewed = 0, 0
    while True:
        with wiring.unit_of_work(system(), realm="accounts") as uow:
            count, after = rotation.renew_second_steps(uow, after, wiring.sealer())
        renewed += count
        if not after:
            return renewed


def _rotate_business(business_id: int, *, with_records: bool, younger_stays: timedelta) -> int | None:
    """How many customers' keys moved on to a new key of the business; None when it keeps its own."""
    sealer, step = wiring.sealer(), rotation.renew_records if with_records else rotation.move_customer_keys
    with wiring.unit_of_work(system(business_id)) as uow:
        if not rotation.begin_rotation(uow, uow.now - younger_stays, sealer):
            return None
    moved = 0
    while True:
        with wiring.unit_of_work(system(business_id)) as uow:
            count = step(uow, sealer)
        moved += count
        if count:
            continue
        try:
            with wiring.unit_of_work(system(business_id)) as uow:
                rotation.end_rotation(uow)
        except Conflict:  # a key came to be in this moment: one more round
            continue
        return moved


def check(say: Say, *, as_json: bool) -> None:
    """Raises: Failed, when something does not open, or a destroyed key is here again."""
    total = KeyReport()
    for business_id in _businesses():
        with wiring.unit_of_work(system(business_id)) as uow:
            _tell(say, f"business {business_id}", checking.check_business(uow, wiring.sealer()), total, as_json=as_json)
    with wiring.unit_of_work(system(), realm="accounts") as uow:
        report = checking.check_second_steps(uow, wiring.sealer())
    _tell(say, "second steps", report, total, as_json=as_json)
    if total.broken or total.came_back:
        raise Failed(
            f"{total.broken} keys, records or secrets do not open, {total.came_back} destroyed keys came back: see docs/runbook.md."
        )


def _tell(say: Say, what: str, report: KeyReport, total: KeyReport, *, as_json: bool) -> None:
    for one in fields(KeyReport):
        setattr(total, one.name, getattr(total, one.name) + getattr(report, one.name))
    if as_json:
        say(json.dumps({"what": what, **asdict(report)}))
        return
    older = f", {report.older} still need an older master key" if report.older else ""
    bad = f", {report.broken} DO NOT OPEN" if report.broken else ""
    back = f", {report.came_back} DESTROYED KEYS CAME BACK" if report.came_back else ""
    erased = f", {report.erased} erased" if report.erased else ""
    say(f"{what}: {report.keys} keys, {report.records} records, {report.secrets} secrets{erased}{older}{bad}{back}")


def _businesses() -> list[int]:
    with wiring.unit_of_work(system()) as uow:
        return all_businesses(uow)
