"""Eighty ugly files through the worker: each ends in a verdict per row or one clear refusal, never in a crash, never in half a list."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from microcrm import wiring
from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.faults import FAULTS, BadCustomerFile
from microcrm.operations.customer_imports.receiving import discard_import, receive_file
from microcrm.operations.customer_imports.working import next_job
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support import shops
from tests.support.imports import Desk
from tests.support.servers import Servers
from tests.support.ugly import BOOKS, CARDS, TEXTS, Outcome

FILES: dict[str, tuple[Callable[[], bytes], Outcome]] = {
    **{name: (lambda data=data: data, outcome) for name, (data, outcome) in {**TEXTS, **CARDS}.items()},
    **BOOKS,
}


@pytest.fixture(scope="module")
def desk(engines: Servers) -> Iterator[Desk]:
    """One database for all of them."""
    before = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL")}
    name = f"microcrm_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_ugly"
    engines.create(name)
    engines.point_at(name, redis_database=15)
    yield Desk(shops.find(settings().database_owner_url).a.actor())
    engines.drop(name)
    engines.point_at("unused")
    os.environ.update(before)
    settings.cache_clear()


def test_there_are_at_least_sixty() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("name", FILES)
def test_an_ugly_file(name: str, desk: Desk) -> None:
    make, outcome = FILES[name]
    before = len(desk.customers())
    try:
        import_id = act_as(desk.actor, receive_file, make(), "list.csv", wiring.sealer())
    except BadCustomerFile as refusal:
        assert refusal.fault == outcome and refusal.message and refusal.remedy
        return
    desk.work()
    view = desk.see(import_id)
    if view.line.state == "failed":
        assert view.fault == outcome and FAULTS[FileFault(view.fault)]
    else:
        view = desk.rehearse(import_id)
        assert "".join(row.verdict for row in view.rows) == outcome, [(row.number, row.words) for row in view.rows]
        assert all(row.words for row in view.rows if row.verdict not in "njs")
        assert view.total == len(str(outcome))
    assert len(desk.customers()) == before, "only a rehearsal"
    act_as(desk.actor, discard_import, import_id)
    assert act_as(desk.actor, next_job) is None


def test_all_of_them_can_be_brought_in_one_after_the_other_and_taken_back(desk: Desk) -> None:
    before = [row.model_dump() for row in desk.customers()]
    done = []
    for make, outcome in [one for one in FILES.values() if not isinstance(one[1], FileFault)]:
        view = desk.take(make())
        assert view.line.state == "done", outcome
        done.append(view.line.id)
    assert len(desk.customers()) > len(before) + 20
    for import_id in reversed(done):
        assert desk.undo(import_id).line.counts["kept"] == 0
    assert [row.model_dump() for row in desk.customers()] == before
