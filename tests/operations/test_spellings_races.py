"""The spellings of a name stay as long as somebody has it, also when the last one goes while another comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from microcrm import wiring
from microcrm.operations.customer_search import search
from microcrm.operations.customer_view import view
from microcrm.operations.customers import AddCustomer, EditCustomer, add, edit
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.support.shops import Shop, TwoShops

ROUNDS = 12


@pytest.fixture
def pair(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, 4)
    yield engine
    engine.dispose()


def at_once(engine: Engine, shop: Shop, *acts: Callable[[UnitOfWork], object]) -> list[BaseException]:
    """Each in its own transaction. What went wrong."""
    line = threading.Barrier(len(acts))

    def run(act: Callable[[UnitOfWork], object]) -> None:
        line.wait()
        with wiring.unit_of_work(shop.actor(), bind=engine) as uow:
            act(uow)

    with ThreadPoolExecutor(len(acts)) as racers:
        done = [racers.submit(run, act) for act in acts]
    return [failure for one in done if (failure := one.exception())]


def test_the_last_one_is_renamed_while_another_comes(pair: Engine, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
        last = add(uow, AddCustomer("Zarina Qureshi")).id

    def rename(uow: UnitOfWork) -> object:
        seen = view(uow, last)
        name = "Sana Qureshi" if seen.name.startswith("Zarina") else "Zarina Qureshi"
        return edit(uow, EditCustomer(name, customer_id=last, version=seen.version))

    for number in range(ROUNDS):
        assert at_once(pair, shop, rename, lambda uow, n=number: add(uow, AddCustomer(f"Zarina Begum {n}"))) == []
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            assert search(uow, "zatina"), number
            for one in search(uow, "zarina", 25):
                seen = view(uow, one.id)
                edit(uow, EditCustomer(f"Sana {number}", customer_id=one.id, version=seen.version))
            left = "SELECT count(*) FROM name_spellings WHERE word = 'zarina'"
            assert uow.session.connection().execute(text(left)).scalar() == 0
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            seen = view(uow, last)
            edit(uow, EditCustomer("Zarina Qureshi", customer_id=last, version=seen.version))


def test_two_of_one_name_come_at_once(pair: Engine, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    for number in range(ROUNDS):
        name = f"Farida Contractor{'abcdefghijkl'[number]}"
        assert at_once(pair, shop, *[lambda uow, n=name: add(uow, AddCustomer(n))] * 4) == []
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            assert len(search(uow, name.replace("tract", "tact"), 25)) == 4
