"""The first and the second wall, each with the other two switched off. The third has `test_row_security.py`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from microcrm import wiring
from microcrm.domain.errors import Forbidden, SignedOut
from microcrm.domain.permissions import Permission, Role
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import VISITOR as NOBODY_IN
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from microcrm.settings import settings
from tests.laws.test_operations import CANDIDATES, OPEN_DOORS, OPERATIONS, first_call
from tests.support import tabs
from tests.support.arguments import payload_for
from tests.support.furniture import fingerprint
from tests.support.shops import TwoShops
from tests.tenancy.access_table import PERMISSIONS, expected
from tests.tenancy.personas import PERSONAS, STRANGER, VISITOR
from tests.tenancy.test_crawler import REFUSALS, named_handlers, session_of


@pytest.fixture
def no_other_wall(furnished: tuple[TwoShops, Engine], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Operations ask nobody, and every transaction is the owning role's, which sees all rows."""
    monkeypatch.setattr(UnitOfWork, "require", lambda self, permission: None)
    monkeypatch.setattr(wiring, "opening_of", lambda actor, realm: "SELECT 1")
    owner = wiring.make_engine(settings().database_owner_url, pool_size=8)
    monkeypatch.setattr(wiring, "engine", lambda: owner)
    yield
    owner.dispose()


def test_the_other_walls_are_down(no_other_wall: None) -> None:
    with wiring.unit_of_work(NOBODY_IN) as uow:
        uow.require(Permission.BUSINESS_EDIT)
        assert uow.session.exec(select(func.count(func.distinct(Customer.business_id)))).one() == 2


@pytest.mark.parametrize("persona", [VISITOR, "staff", "accountant"])
async def test_the_gate_alone_refuses(
    persona: str, no_other_wall: None, server: tabs.Server, furnished: tuple[TwoShops, Engine]
) -> None:
    both, engine = furnished
    tab = server.tab(session_of(persona, both))
    await tab.open()
    before = [fingerprint(engine, shop) for shop in (both.a, both.b)]
    passed = []
    for name, (state, own) in sorted(named_handlers().items()):
        if persona in (expected(state, own) or ()):
            continue
        answer = await tab.send(name, **payload_for(tabs.handlers()[name].fn, both.b))
        if not REFUSALS & set(answer.codes):
            passed.append(f"{state}.{own}")
    assert passed == []
    assert [fingerprint(engine, shop) for shop in (both.a, both.b)] == before


async def test_the_gate_alone_lets_the_owner_through(
    no_other_wall: None, server: tabs.Server, furnished: tuple[TwoShops, Engine]
) -> None:
    from microcrm.state.activity import ActivityPage

    tab = server.tab(session_of("owner", furnished[0]))
    assert (await tab.open(ActivityPage.load)).codes == []
    assert (await tab.state(ActivityPage)).rows != []


def actor_of(persona: str, both: TwoShops) -> Actor:
    if persona == VISITOR:
        return NOBODY_IN
    return both.b.actor() if persona == STRANGER else both.a.actor(Role(persona))


def call(engine: Engine, actor: Actor, name: str) -> bool:
    """Whether the operation was refused for want of a permission. Its arguments are nothing at all, so an operation that
    looks at them, or at a row, before it asks would be noticed by another error. Runs as the role that sees all rows."""
    module, _, own = name.rpartition(".")
    operation: Any = getattr(importlib.import_module(module), own)
    wanted = [p for p in inspect.signature(operation).parameters.values() if p.default is p.empty]
    with Session(engine) as session:
        uow = UnitOfWork(session, actor, datetime.now(UTC))
        try:
            operation(uow, **{p.name: None for p in wanted if p.name != "uow"})
        except (Forbidden, SignedOut):
            return True
        except Exception:  # noqa: BLE001 - whatever comes of no arguments: the permission was there
            return False
        finally:
            session.rollback()
    return False


@pytest.mark.parametrize("persona", PERSONAS)
def test_permissions_alone_refuse(persona: str, furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    before = [fingerprint(engine, shop) for shop in (both.a, both.b)]
    actor = actor_of(persona, both)
    let_through = []
    for name in OPERATIONS:
        if name.removeprefix("microcrm.operations.") in OPEN_DOORS:
            continue
        permission = first_call(CANDIDATES[name][1])[1][0].removeprefix("Permission.")
        if persona not in PERMISSIONS[permission] and not call(engine, actor, name):
            let_through.append(name)
    assert let_through == []
    assert [fingerprint(engine, shop) for shop in (both.a, both.b)] == before


def test_the_table_of_permissions_is_what_actors_hold(two_shops: TwoShops) -> None:
    assert set(PERMISSIONS) == {permission.name for permission in Permission}
    for persona in PERSONAS:
        held = {permission.name for permission in actor_of(persona, two_shops).permissions}
        assert held == {name for name, personas in PERMISSIONS.items() if persona in personas}, persona


def test_with_its_permission_an_operation_runs(furnished: tuple[TwoShops, Engine]) -> None:
    both, engine = furnished
    for name in ("microcrm.operations.activity.people", "microcrm.operations.customer_list.tags_in_use"):
        assert not call(engine, both.a.actor(), name)
        assert call(engine, NOBODY_IN, name)
