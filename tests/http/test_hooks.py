"""Webhooks at their address: what is believed, what is refused, and what becomes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.adapters import inbox, queue
from microcrm.http import hooks, intake
from microcrm.http.routes import routes
from microcrm.models.gateway import InboxEvent
from microcrm.operations.online.keys import SaveKeys, save_keys, view_account
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import settings
from tasks import inbox as worker_inbox
from tasks.inbox import sweep
from tests.conftest import act_as
from tests.support.online import (
    HOOK_SECRET,
    KEY_SECRET,
    asked,
    connect,
    connected_shop,
    link,
    order,
    payment,
    raw,
    webhook,
)
from tests.support.shops import Shop, TwoShops
from tests.support.till import cut, document_of, issued, register


@pytest.fixture
def both(fresh_database: TwoShops) -> TwoShops:
    hooks._signers.forget()
    return fresh_database


def sign(body: bytes, secret: str = HOOK_SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def post(token: str, body: bytes, signature: str | None = None, event: str = "evt_1") -> int:
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    headers = {"x-razorpay-signature": sign(body) if signature is None else signature, "x-razorpay-event-id": event}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.post(f"/hooks/razorpay/{token}", content=body, headers=headers)
    return answer.status_code


def stored() -> list[InboxEvent]:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        return list(uow.session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


def billed(shop: Shop) -> tuple[int, str, str]:
    """A bill of Rs 525 with a payment link, and the address that its webhooks come to."""

    def ready(uow: UnitOfWork) -> tuple[int, str, str]:
        register(uow, shop)
        account = connect(uow, wiring.sealer())
        bill = issued(uow, shop, cut("500")).document_id
        return bill, asked(uow, bill).reference, account.hook_token

    return act_as(shop.actor(), ready)


def standing(shop: Shop, bill: int) -> tuple[str, int]:
    def look(uow: UnitOfWork) -> tuple[str, int]:
        document = document_of(uow.session, bill)
        return document.state, document.paid_paise

    return act_as(shop.actor(), look)


def paid(reference: str, **changes: Any) -> bytes:
    said = payment("captured", **changes)
    return raw(webhook("payment_link.paid", payment_link=link("paid", reference), order=order(), payment=said))


async def test_a_signed_webhook_is_stored_answered_and_worked_off(both: TwoShops) -> None:
    bill, reference, token = billed(both.a)
    body = paid(reference)
    assert await post(token, body) == 200
    assert await post(token, body) == 200  # Razorpay repeats what it is unsure of
    [event] = stored()
    assert (event.state, event.body, event.business_id) == ("new", body.decode(), both.a.business_id)
    assert standing(both.a, bill) == ("issued", 0)
    assert sweep() == 1
    assert standing(both.a, bill) == ("paid", 52_500)
    assert stored()[0].state == "done"
    assert await post(token, body, event="evt_replayed") == 200  # the id is not signed: what is done stays done once
    sweep()
    assert standing(both.a, bill) == ("paid", 52_500)


@pytest.mark.parametrize("signature", ["", "0" * 64, sign(b"another body")])
async def test_forged_signatures_are_refused(both: TwoShops, signature: str) -> None:
    _, reference, token = billed(both.a)
    assert await post(token, paid(reference), signature) == 400
    assert stored() == []
    assert await post(token, paid(reference)) == 200


async def test_one_changed_byte_is_refused(both: TwoShops) -> None:
    _, reference, token = billed(both.a)
    body = paid(reference)
    assert await post(token, body.replace(b"52500", b"52501"), sign(body)) == 400
    assert await post(token, json.dumps(json.loads(body), indent=1).encode(), sign(body)) == 400
    assert stored() == []


async def test_a_neighbour_s_address_and_secret_open_nothing(both: TwoShops) -> None:
    bill, reference, token = billed(both.a)
    theirs = connected_shop(both.b).hook_token

    def other_secret(uow: UnitOfWork) -> None:
        account = view_account(uow, wiring.sealer())
        save_keys(uow, SaveKeys(account.version, account.key_id, "", "the neighbour's secret"), wiring.sealer())

    with wiring.unit_of_work(system(both.b.business_id)) as uow:
        other_secret(uow)
    body = paid(reference)
    assert await post(token, body, sign(body, "the neighbour's secret")) == 400
    # Signed well for their own address, it is stored there, and finds no bill there.
    assert await post(theirs, body, sign(body, "the neighbour's secret")) == 200
    sweep()
    assert standing(both.a, bill) == ("issued", 0)
    assert stored()[0].state == "unused"
    assert await post("A" * 22, body) == 404
    assert await post("short", body) == 404


async def test_after_a_change_both_secrets_are_good_for_a_day(both: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    _, reference, token = billed(both.a)
    body = paid(reference)
    assert await post(token, body) == 200

    def change(uow: UnitOfWork) -> None:
        account = view_account(uow, wiring.sealer())
        save_keys(uow, SaveKeys(account.version, account.key_id, KEY_SECRET, "a new webhook secret"), wiring.sealer())
        assert view_account(uow, wiring.sealer()).hook_token == account.hook_token

    act_as(both.a.actor(), change)
    assert await post(token, body, sign(body, "a new webhook secret"), event="evt_2") == 200
    assert await post(token, body, event="evt_3") == 200
    hooks._signers.forget()
    late = wiring.now() + timedelta(hours=25)
    monkeypatch.setattr(wiring.unit_of_work, "__kwdefaults__", {**wiring.unit_of_work.__wrapped__.__kwdefaults__})
    monkeypatch.setitem(wiring.unit_of_work.__wrapped__.__kwdefaults__, "clock", lambda: late)
    assert await post(token, body, event="evt_4") == 400
    assert await post(token, body, sign(body, "a new webhook secret"), event="evt_5") == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b'{"event":"payment.captured"}',
        b'{"event":"x","payload":{"payment":{"entity":1}}}',
    ],
)
async def test_what_cannot_be_read_is_kept_and_touches_nothing(both: TwoShops, body: bytes) -> None:
    bill, reference, token = billed(both.a)
    assert await post(token, body) == 200
    assert await post(token, paid(reference), event="evt_2") == 200
    assert sweep() == 2
    assert [one.state for one in stored()] == ["unused", "done"]
    assert standing(both.a, bill) == ("paid", 52_500)


@pytest.fixture
def broken_payment() -> Iterator[str]:
    """A payment that the database refuses to store."""
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            CREATE FUNCTION refuse_payment() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
            CREATE TRIGGER refused BEFORE INSERT ON gateway_payments FOR EACH ROW
            WHEN (new.remote_id = 'pay_Broken') EXECUTE FUNCTION refuse_payment()
        """)
    yield "pay_Broken"
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER refused ON gateway_payments; DROP FUNCTION refuse_payment()")
    engine.dispose()


async def test_one_event_that_fails_stops_no_other_of_its_shop(both: TwoShops, broken_payment: str) -> None:
    bill, reference, token = billed(both.a)
    broken = raw(webhook("payment.captured", payment=payment("captured", id=broken_payment)))
    assert await post(token, broken, event="evt_broken") == 200
    assert await post(token, paid(reference)) == 200
    assert sweep() == 1
    assert standing(both.a, bill) == ("paid", 52_500)
    first, second = stored()
    assert (first.state, first.attempts, first.last_error, second.state) == ("new", 1, "ProgrammingError", "done")
    assert first.due_at > first.received_at


async def test_whoever_waits_for_their_turn_has_not_looked_yet(both: TwoShops) -> None:
    _, reference, token = billed(both.a)
    with ThreadPoolExecutor() as pool:
        with worker_inbox._turn:
            waiting = pool.submit(sweep)
            assert await post(token, paid(reference)) == 200
            await intake.INTAKE._telling
            assert queue.client().get(queue.pending_key("inbox"))
        assert waiting.result(timeout=20) == 1
    assert queue.client().get(queue.pending_key("inbox")) is None


async def test_unknown_events_are_kept(both: TwoShops) -> None:
    _, _, token = billed(both.a)
    assert await post(token, raw(webhook("payment.downtime.started", downtime={"id": "down_1"}))) == 200
    sweep()
    [event] = stored()
    assert event.state == "unused" and "downtime" in event.body


async def test_sizes_and_letters_have_limits(both: TwoShops) -> None:
    _, _, token = billed(both.a)
    huge = b"x" * (intake.MOST_BYTES + 1)
    assert await post(token, huge) == 413
    assert await post(token, b"\xff\xfe") == 400
    assert await post(token, b'{"a":"\x00"}') == 400
    assert stored() == []


async def test_old_events_are_forgotten(both: TwoShops) -> None:
    _, reference, token = billed(both.a)
    await post(token, paid(reference))
    sweep()
    with wiring.unit_of_work(system(), realm="worker") as uow:
        assert inbox.forget_old(uow.session, uow.now) == 0
        assert inbox.forget_old(uow.session, uow.now + inbox.KEPT_FOR + timedelta(minutes=1)) == 1


async def test_a_shop_reads_its_own_events_and_writes_none(both: TwoShops) -> None:
    _, reference, token = billed(both.a)
    await post(token, paid(reference))
    with wiring.unit_of_work(both.a.actor()) as uow:
        assert len(uow.session.scalars(select(InboxEvent)).all()) == 1
    with wiring.unit_of_work(both.b.actor()) as uow:
        assert uow.session.scalars(select(InboxEvent)).all() == []
