"""What any script with a socket could send to every handler: wrong types, huge and poisonous texts, missing and surplus
arguments, events twice and in the wrong order.

Each ends in a message or a refusal. Only a call that does not fit the handler's signature may end in a reference, and
nothing is ever half saved: what the owner of shop A sends leaves shop B untouched, and A's own rows sound.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sqlalchemy import Engine, text

from microcrm.domain.permissions import Role
from tests.support import tabs
from tests.support.arguments import FIELDS, payload_for
from tests.support.furniture import fingerprint
from tests.support.shops import TwoShops
from tests.tenancy.test_crawler import named_handlers

STRANGE: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "a huge number": 10**30,
    "a negative number": -1,
    "a fraction": 1.5,
    "a list": [1, "two", None],
    "an object": {"id": {"id": []}},
    "empty": "",
    "null bytes": "a\x00b",
    "markup": "<img src=x onerror=alert(1)>'\";--",
    "a megabyte": "क" * 350_000,
    "half a character": "\ud800",
    "digits of another script": "१२३",
}


def tab_of(server: tabs.Server, both: TwoShops) -> tabs.Tab:
    return server.tab(tabs.sign_in(both.a.users[Role.OWNER], both.a.business_id), "/customer?id=1%00")


def ours() -> list[tuple[str, Any]]:
    known = tabs.handlers()
    return [(name, known[name].fn) for name in sorted(named_handlers())]


def arguments(handler: Any) -> dict[str, str]:
    parameters = inspect.signature(inspect.unwrap(handler)).parameters
    return {name: str(p.annotation) for name, p in parameters.items() if name not in {"self", "state"}}


def noted(name: str, answer: tabs.Answer) -> list[str]:
    return [f"{name.rpartition('___')[2]}: {crash!r}"[:240] for crash in answer.crashes]


@pytest.mark.parametrize("kind", STRANGE)
async def test_strange_values_end_in_a_message(
    kind: str, server: tabs.Server, furnished: tuple[TwoShops, Engine]
) -> None:
    both, engine = furnished
    before = fingerprint(engine, both.b)
    tab = tab_of(server, both)
    await tab.open()
    crashes: list[str] = []
    for name, handler in ours():
        hints = arguments(handler)
        if not hints:
            continue
        whole = await tab.send(name, **dict.fromkeys(hints, STRANGE[kind]))
        crashes += noted(name, whole)
        if any("dict" in hint or hint in {"Moved", "Slot"} for hint in hints.values()):
            inside = dict.fromkeys((*FIELDS, "old", "via"), STRANGE[kind])
            crashes += noted(name, await tab.send(name, **dict.fromkeys(hints, inside)))
    assert crashes == []
    assert fingerprint(engine, both.b) == before
    assert_nothing_is_half_saved(engine)


def assert_nothing_is_half_saved(engine: Engine) -> None:
    """What belongs together was written together."""
    questions = {
        "visits without an item": "SELECT count(*) FROM bookings b WHERE NOT EXISTS "
        "(SELECT FROM booking_items i WHERE i.booking_id = b.id)",
        "live items without their time": "SELECT count(*) FROM booking_items i WHERE is_live AND NOT EXISTS "
        "(SELECT FROM occupancies o WHERE o.booking_item_id = i.id AND o.is_live)",
        "customers that no search finds": "SELECT count(*) FROM customers c WHERE name_key <> '' AND NOT EXISTS "
        "(SELECT FROM customer_words w WHERE w.customer_id = c.id)",
        "undos of nothing": "SELECT count(*) FROM undos WHERE audit_event_id IS NULL AND id > 2",
    }
    with engine.connect() as connection:
        found = {name: connection.execute(text(query)).scalar_one() for name, query in questions.items()}
    assert {name for name, count in found.items() if count} == set()


async def test_missing_and_surplus_arguments_leave_no_trace(
    server: tabs.Server, furnished: tuple[TwoShops, Engine]
) -> None:
    both, engine = furnished
    tab = tab_of(server, both)
    await tab.open()
    before = [fingerprint(engine, shop) for shop in (both.a, both.b)]
    for name, handler in ours():
        if arguments(handler):
            await tab.send(name)
        answer = await tab.send(name, surprise="!", self="me")
        assert all(isinstance(crash, TypeError) for crash in answer.crashes), noted(name, answer)
    after = [fingerprint(engine, shop) for shop in (both.a, both.b)]
    assert [before[0][table] for table in ("bookings", "customers", "members", "services")] == [
        after[0][table] for table in ("bookings", "customers", "members", "services")
    ]
    assert before[1] == after[1]


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "in reverse"])
async def test_events_twice_and_out_of_order(
    backwards: bool, server: tabs.Server, furnished: tuple[TwoShops, Engine]
) -> None:
    """With ids of the shop's own, so that much of it succeeds; the second time nothing may break."""
    both, engine = furnished
    before = fingerprint(engine, both.b)
    tab = tab_of(server, both)
    await tab.open()
    crashes: list[str] = []
    for name, handler in reversed(ours()) if backwards else ours():
        payload = payload_for(handler, both.a)
        for _ in range(2):
            crashes += noted(name, await tab.send(name, **payload))
    assert crashes == []
    assert fingerprint(engine, both.b) == before
    assert_nothing_is_half_saved(engine)
