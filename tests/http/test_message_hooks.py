"""What Twilio calls: believed when it is signed over our own address, stored once, answered at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.domain.messenger import LONGEST_INBOUND, Channel, DeliveryStatus
from microcrm.domain.twilio import read_inbound, read_status
from microcrm.http import intake, message_hooks
from microcrm.http.routes import routes
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.gateway import InboxEvent
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.messaging.accounts import SaveAccount, save_account, use_sandbox, view_account
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.sandbox.twilio_sender import signature_of
from microcrm.settings import settings
from tasks.inbox import sweep
from tests.conftest import act_as
from tests.support.sandbox import SEED, Sandbox, Texter
from tests.support.shops import Shop, TwoShops
from tests.support.texting import PHONE, callbacks_of

SID, TOKEN, OTHER_TOKEN = "AC" + "1a" * 16, "0f" * 16, "1e" * 16
MESSAGE = "SM" + "7c" * 16
STATUS = {
    "MessageSid": MESSAGE,
    "SmsSid": MESSAGE,
    "MessageStatus": "delivered",
    "AccountSid": SID,
    "To": PHONE,
    "From": "LOTUSS",
}
INBOUND = {
    "MessageSid": MESSAGE, "AccountSid": SID, "From": f"whatsapp:{PHONE}", "To": "whatsapp:+918045678900", "Body": "Yes",
    "NumMedia": "0", "ProfileName": "Asha",
}  # fmt: skip


@pytest.fixture
def both(fresh_database: TwoShops) -> TwoShops:
    message_hooks._signers.forget()
    return fresh_database


def connected(shop: Shop, token: str = TOKEN, sid: str = SID) -> str:
    """The token of its address."""

    def connect(uow: UnitOfWork) -> str:
        version = view_account(uow, wiring.sealer()).version
        save_account(uow, SaveAccount(version, sid, token), wiring.sealer())
        return view_account(uow, wiring.sealer()).hook_token

    return act_as(shop.actor(), connect)


def address(token: str, kind: str = "status", query: str = "") -> str:
    return f"{settings().public_url}/hooks/twilio/{token}/{kind}{query}"


async def post(
    url: str,
    form: dict[str, str] | bytes,
    *,
    signed: str = TOKEN,
    signature: str | None = None,
    over: str = "",
    **headers: str,
) -> httpx.Response:
    """``over``: the address that was signed, when it is another one."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    if signature is None:
        signature = signature_of(signed, over or url, form if isinstance(form, dict) else {})
    sent = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature} | headers
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        return await client.post(url.removeprefix(settings().public_url), content=body, headers=sent)


def stored() -> list[InboxEvent]:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        return list(uow.session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


async def test_a_status_is_stored_once_and_answered_with_nothing(both: TwoShops) -> None:
    url = address(connected(both.a), query="?m=" + quote("message 1"))
    for _ in range(3):  # told again, and told again: the same word
        answer = await post(url, STATUS)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await post(url, STATUS | {"MessageStatus": "read"})).status_code == 204
    first, second = stored()
    assert (first.business_id, first.state) == (both.a.business_id, "new")
    told = json.loads(first.body)
    assert (told["twilio"], told["reference"], told["form"]) == ("status", "message 1", STATUS)
    assert json.loads(second.body)["form"]["MessageStatus"] == "read"


async def test_what_came_in_is_stored_once_and_answered_with_an_empty_response(both: TwoShops) -> None:
    url = address(connected(both.a), "inbound")
    for _ in range(2):
        answer = await post(url, INBOUND)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/xml")
        assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    [event] = stored()
    assert json.loads(event.body)["form"] == INBOUND


async def test_the_worker_reads_it_and_the_settings_page_hears_of_it(both: TwoShops) -> None:
    token = connected(both.a)
    await post(address(token), STATUS)
    await post(address(token, "inbound"), INBOUND | {"MessageSid": "SM" + "8d" * 16})
    assert sweep() == 2
    assert {one.state for one in stored()} <= {"done", "unused"}
    assert act_as(both.a.actor(), view_account, wiring.sealer()).heard_at is not None


@pytest.mark.parametrize("signature", ["", "0" * 28, "é", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
async def test_forged_signatures_are_refused(both: TwoShops, signature: str) -> None:
    url = address(connected(both.a))
    encoded = signature.encode("latin-1").decode("latin-1")
    assert (await post(url, STATUS, signature=encoded if encoded.isascii() else "")).status_code == 403
    assert stored() == []


async def test_the_signature_holds_for_this_address_and_these_fields_only(both: TwoShops) -> None:
    token = connected(both.a)
    url = address(token, query="?m=7")
    good = signature_of(TOKEN, url, STATUS)
    for other_url, form in (
        (address(token, query="?m=8"), STATUS),
        (address(token), STATUS),
        (address(token, "inbound", "?m=7"), STATUS),
        (url, STATUS | {"MessageStatus": "failed"}),
        (url, STATUS | {"More": ""}),
        (url, {name: value for name, value in STATUS.items() if name != "From"}),
    ):
        assert (await post(other_url, form, signature=good)).status_code == 403
    assert (await post(url, STATUS, signature=good)).status_code == 204
    for elsewhere in ("http://evil.example/hooks", url.replace("/hooks", "//hooks")):
        assert (await post(url, STATUS, over=elsewhere)).status_code == 403


async def test_the_host_that_a_request_names_counts_for_nothing(both: TwoShops) -> None:
    token = connected(both.a)
    forged = f"https://evil.example/hooks/twilio/{token}/status"
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    assert (await post(address(token), STATUS, over=forged, **headers)).status_code == 403
    assert (await post(address(token), STATUS, **headers)).status_code == 204


async def test_the_sender_does_not_choose_the_algorithm(both: TwoShops) -> None:
    url = address(connected(both.a))
    named = {"x-twilio-webhooks-signature-settings": "key=x,algorithm=HMAC_SHA256"}
    assert (await post(url, STATUS, signature="", **named)).status_code == 403
    assert (await post(url, STATUS, **named)).status_code == 204


async def test_empty_fields_are_signed_too(both: TwoShops) -> None:
    url = address(connected(both.a), "inbound")
    assert (
        await post(url, INBOUND | {"Body": "", "ButtonText": "Confirm", "ButtonPayload": "confirm:7"})
    ).status_code == 200


async def test_a_neighbour_s_address_token_and_account_open_nothing(both: TwoShops) -> None:
    mine, theirs = connected(both.a), connected(both.b, OTHER_TOKEN, "AC" + "2b" * 16)
    assert (await post(address(mine), STATUS, signed=OTHER_TOKEN)).status_code == 403
    # Well signed with their own token at their own address, and about my account.
    assert (await post(address(theirs), STATUS, signed=OTHER_TOKEN)).status_code == 403
    assert stored() == []
    for unknown in ("A" * 22, "short", "A" * 4_000):
        assert (await post(address(unknown), STATUS)).status_code == 404


async def test_after_a_change_both_tokens_are_good(both: TwoShops) -> None:
    url = address(connected(both.a))
    assert (await post(url, STATUS)).status_code == 204
    connected(both.a, OTHER_TOKEN)
    assert (await post(url, STATUS | {"MessageStatus": "read"}, signed=OTHER_TOKEN)).status_code == 204
    assert (await post(url, STATUS | {"MessageStatus": "sent"})).status_code == 204


@pytest.mark.parametrize(
    "text",
    [
        "नमस्ते 🙏🏽" * 1_200,
        "x" * 10_000,
        "\u202egnp.exe \u200f\u2067right to left\u2069 \u200d",
        '=HYPERLINK("http://evil")<script>alert(1)</script>\'; DROP TABLE inbox; --',
        "one\r\ntwo\ttabs\x00and nothing",
        " \n ",
    ],
)
async def test_whatever_a_customer_writes_is_kept(both: TwoShops, text: str) -> None:
    url = address(connected(both.a), "inbound")
    assert (await post(url, INBOUND | {"Body": text, "ProfileName": text[:200]})).status_code == 200
    [event] = stored()
    form = json.loads(event.body)["form"]
    assert form["Body"] == text
    read = read_inbound(form, wiring.now())
    assert read.text == text.replace("\0", "")[:LONGEST_INBOUND]
    assert sweep() == 1 and stored()[0].state in ("done", "unused")


@pytest.mark.parametrize(
    "form",
    [
        STATUS | {"MessageSid": "", "SmsSid": ""},
        STATUS | {"MessageSid": "../../etc"},
        STATUS | {"MessageStatus": "exploded"},
        {"AccountSid": SID},
    ],
)
async def test_what_is_signed_and_no_message_is_answered_and_not_kept(both: TwoShops, form: dict[str, str]) -> None:
    assert (await post(address(connected(both.a)), form)).status_code == 204
    assert stored() == []


async def test_sizes_and_letters_have_limits(both: TwoShops) -> None:
    url = address(connected(both.a))
    assert (await post(url, b"a=" + b"x" * intake.MOST_BYTES)).status_code == 413
    assert (await post(url, b"a=\xff\xfe")).status_code == 400
    assert (await post(url, b"a=%ff%fe")).status_code == 400
    assert (await post(url, b"no form at all")).status_code == 400
    assert (await post(url, b"&".join(b"a=1" for _ in range(300)))).status_code == 400
    assert (await post(url, b"")).status_code == 403
    assert (await post(url, {})).status_code == 403  # well signed, and of no account
    assert stored() == []


async def test_a_reference_is_cut_where_no_reference_goes_on(both: TwoShops) -> None:
    url = address(connected(both.a), query="?m=" + "7" * 500)
    assert (await post(url, STATUS)).status_code == 204
    assert len(json.loads(stored()[0].body)["reference"]) == 100


@pytest.mark.parametrize(
    "odd", [{}, {"form": 7}, {"at": "yesterday"}, {"at": "2026-12-05T05:30:00"}, {"reference": None}]
)
async def test_what_stands_in_the_inbox_and_cannot_be_read_stops_nothing(both: TwoShops, odd: dict[str, Any]) -> None:
    connected(both.a)
    good = {"twilio": "status", "at": "2026-12-05T05:30:00+00:00", "reference": "", "form": {}}
    with wiring.unit_of_work(system(), realm="worker") as uow:
        body = json.dumps(good | odd)
        intake.inbox.store(uow.session, [intake.Arrival(both.a.business_id, "odd", body)], uow.now)
    assert sweep() == 1
    assert stored()[0].state == "unused"


async def test_the_stand_in_calls_as_twilio_does(both: TwoShops, sandbox: Sandbox) -> None:
    """Its forms, taken from it and posted here as it signs them; in any order they end in the same state."""

    def ready(uow: UnitOfWork) -> Texter:
        account = use_sandbox(uow, SEED, wiring.sealer())
        return Texter(sandbox.url, account.account_sid, account.auth_token, account.whatsapp_sender)

    texter = act_as(both.a.actor(), ready)
    token = act_as(both.a.actor(), view_account, wiring.sealer()).hook_token
    texter.act("knobs", delivers_after=-1, delay=3_600)  # what it has to tell stays with it
    texter.act("hook", url=address(token, "inbound"))
    sent = texter.post(To=PHONE, From="SANDBX", Body="Hello", StatusCallback=address(token, query="?m=42")).json()[
        "sid"
    ]
    callbacks_of(texter, 1, token)
    texter.act("mark", sid=sent, status="delivered")
    texter.act("answer", sender=PHONE, receiver=texter.sender, button="Confirm", payload="confirm:42", answers=sent)
    calls = callbacks_of(texter, 3, token)
    texter.act("knobs")
    for call in reversed(calls):
        assert (await post(call["url"], call["form"], signed=texter.token)).is_success
    forms = [json.loads(one.body) for one in stored()]
    statuses = {read_status(one["form"], "", wiring.now()).status for one in forms if one["twilio"] == "status"}
    assert statuses == {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}
    assert {one["reference"] for one in forms if one["twilio"] == "status"} == {"42"}
    said = read_inbound(next(one["form"] for one in forms if one["twilio"] == "inbound"), wiring.now())
    assert (said.channel, said.sender, said.receiver) == (Channel.WHATSAPP, PHONE, texter.sender)
    assert (said.text, said.button, said.answers) == ("Confirm", "confirm:42", sent)


async def test_an_answer_reaches_the_visit_and_the_answer_to_it_waits_to_leave(both: TwoShops) -> None:
    """Stored by the hook, taken in by the worker: the visit is confirmed, told twice as well as once."""
    with wiring.unit_of_work(system(both.a.business_id)) as uow:
        uow.session.execute(update(Customer).where(Customer.id == both.a.customer_id).values(phone=PHONE))
        booking = uow.session.get_one(Booking, both.a.booking_id)
        booking.status, booking.starts_at = "booked", wiring.now() + timedelta(days=1)
        booking.ends_at = booking.starts_at + timedelta(hours=1)
    token = connected(both.a)
    for _ in range(2):
        assert (await post(address(token, "inbound"), INBOUND)).status_code == 200
    assert sweep() == 1 and stored()[0].state == "done"
    with wiring.unit_of_work(system(both.a.business_id)) as uow:
        (heard,) = uow.session.scalars(select(InboundMessage).where(InboundMessage.provider_id == MESSAGE))
        assert (heard.outcome, heard.booking_id) == ("confirmed", both.a.booking_id)
        assert uow.session.get_one(Booking, both.a.booking_id).status == "confirmed"
        back = uow.session.scalars(select(Message).where(Message.subject == f"inbound:{heard.id}")).all()
        assert [(one.step, one.state, one.details["to"]) for one in back] == [("reply", "planned", PHONE)]
