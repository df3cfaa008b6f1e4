"""The real SDK against the stand-in over HTTP: what works, and everything that can go wrong on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from microcrm import wiring
from microcrm.adapters import twilio
from microcrm.adapters.twilio import Twilio
from microcrm.domain.errors import Invalid, OutcomeUnknown, Upstream
from microcrm.domain.messenger import DeliveryStatus, MessageRefused, Outgoing, Refusal
from microcrm.operations.messaging.accounts import Account
from microcrm.ports import free_port
from microcrm.settings import settings
from tests.support.sandbox import Sandbox, Texter
from tests.support.texting import PHONE, SMS, TEMPLATE, TEXT, WHATSAPP, client_of, just_now, refused, settled

SID = "SM" + "0" * 32


def test_keys_are_tried(texter: Texter, client: Twilio) -> None:
    client.check()
    for sid, token in ((texter.sid, "0" * 32), ("AC" + "f" * 32, texter.token), ("", "")):
        wrong = Twilio(sid or "AC", token or "x", base_url=texter.url)
        assert refused(wrong.check).kind is Refusal.SETTINGS
    texter.act("suspend")
    assert refused(client.check).provider_code == 30002
    texter.act("suspend", status="active")


@pytest.mark.parametrize("message", [SMS, TEMPLATE])
def test_a_message_leaves_arrives_and_is_looked_up(client: Twilio, texter: Texter, message: Outgoing) -> None:
    before = just_now()
    handed = client.send(message)
    assert handed.status is DeliveryStatus.QUEUED
    settled(client, handed.provider_id, "sent")
    texter.act("mark", sid=handed.provider_id, status="delivered")
    found = client.look(handed.provider_id)
    assert (found.provider_id, found.status, found.error_code) == (handed.provider_id, DeliveryStatus.DELIVERED, None)
    assert (found.to, found.text) == (PHONE, TEXT)
    assert abs(found.at - before) < timedelta(seconds=60)


def test_a_phone_that_is_on_gets_it_by_itself(client: Twilio, texter: Texter) -> None:
    texter.act("knobs", delivers_after=0)
    settled(client, client.send(SMS).provider_id, "delivered")
    texter.act("phone", number=PHONE, is_off=True)
    off = client.send(SMS).provider_id
    settled(client, off, "sent")
    time.sleep(0.3)
    assert client.look(off).status is DeliveryStatus.SENT


def test_what_leaves_is_what_twilio_wants(client: Twilio, texter: Texter) -> None:
    client.close()
    made = client_of(texter, status_url="http://127.0.0.1:9/hooks/twilio/abc/status")
    made.send(replace(SMS, valid_for=90_000))
    made.send(replace(TEMPLATE, reference="7 & 8"))
    sms, whatsapp = (one["form"] for one in texter.act("state")["requests"][-2:])
    assert sms == {
        "To": PHONE, "From": "SANDBX", "Body": TEXT, "ValidityPeriod": "36000",
        "StatusCallback": "http://127.0.0.1:9/hooks/twilio/abc/status?m=message%201",
    }  # fmt: skip
    assert "Body" not in whatsapp and json.loads(whatsapp["ContentVariables"]) == {"1": "tomorrow", "2": "10:00"}
    assert (whatsapp["To"], whatsapp["From"]) == (f"whatsapp:{PHONE}", f"whatsapp:{texter.sender}")
    assert whatsapp["StatusCallback"].endswith("?m=7%20%26%208")


def test_a_messaging_service_sends_too(texter: Texter) -> None:
    service = "MG" + "1d" * 16
    made = client_of(texter, sms_sender=service)
    handed = made.send(SMS)
    assert handed.status is DeliveryStatus.QUEUED  # "accepted", says Twilio
    form = texter.act("state")["requests"][-1]["form"]
    assert form["MessagingServiceSid"] == service and "From" not in form


@pytest.mark.parametrize(
    ("message", "kind", "code"),
    [
        (replace(SMS, to="+9112345"), Refusal.NUMBER, 21211),
        (replace(SMS, to="+918022334455"), Refusal.LANDLINE, 21614),
        (replace(SMS, to="+14155550123"), Refusal.SETTINGS, 21408),
        (replace(SMS, text="x" * 1_601), Refusal.TEXT, 21617),
        (replace(SMS, text=""), Refusal.UNKNOWN, 21602),
        (replace(TEMPLATE, content_values=("", "10:00")), Refusal.TEMPLATE, 21656),
        (replace(TEMPLATE, content_id="HX1"), Refusal.TEMPLATE, 21655),
    ],
)
def test_what_twilio_refuses_has_a_class(client: Twilio, message: Outgoing, kind: Refusal, code: int) -> None:
    error = refused(lambda: client.send(message))
    assert (error.kind, error.provider_code) == (kind, code)
    assert error.message.endswith(".") and error.remedy


def test_who_stopped_a_sender_gets_nothing(client: Twilio, texter: Texter) -> None:
    texter.act("stop", sender="SANDBX", to=PHONE)
    assert refused(lambda: client.send(SMS)).kind is Refusal.OPTED_OUT


def test_a_sender_of_somebody_else_s_is_refused(texter: Texter, sandbox: Sandbox) -> None:
    other = sandbox.texter("somebody else").sender
    assert refused(lambda: client_of(texter, whatsapp_sender=other).send(TEMPLATE)).provider_code == 63007
    assert refused(lambda: client_of(texter, sms_sender=other).send(SMS)).provider_code == 21606
    assert refused(lambda: client_of(texter, sms_sender="").send(SMS)).kind is Refusal.SETTINGS


def test_free_text_needs_an_open_window_on_whatsapp(client: Twilio, texter: Texter) -> None:
    closed = settled(client, client.send(WHATSAPP).provider_id, "failed")
    assert closed.error_code == 63016
    texter.act("answer", sender=PHONE, receiver=texter.sender, text="Yes")
    settled(client, client.send(WHATSAPP).provider_id, "sent")
    texter.act("clock", seconds=24 * 3600 + 1)
    try:
        settled(client, client.send(WHATSAPP).provider_id, "failed")
        settled(client, client.send(TEMPLATE).provider_id, "sent")
    finally:
        texter.act("clock", seconds=-24 * 3600 - 1)


@pytest.mark.parametrize(
    ("phone", "code"), [({"has_whatsapp": False}, 63024), ({"blocks": "sender"}, 63014), ({"fails": 30005}, 30005)]
)
def test_a_phone_that_does_not_take_it(client: Twilio, texter: Texter, phone: dict[str, Any], code: int) -> None:
    if "fails" in phone:
        texter.act("knobs", delivers_after=-1, fails=[phone["fails"]])
    else:
        blocks = [f"whatsapp:{texter.sender}"] if "blocks" in phone else []
        texter.act("phone", number=PHONE, has_whatsapp=phone.get("has_whatsapp", True), blocks=blocks)
    handed = client.send(TEMPLATE)
    until = time.monotonic() + 20
    while (found := client.look(handed.provider_id)).error_code is None and time.monotonic() < until:
        time.sleep(0.05)
    assert found.error_code == code and found.status in ("undelivered", "failed")


def test_another_account_s_messages_are_not_found(texter: Texter, client: Twilio, sandbox: Sandbox) -> None:
    sid = client.send(SMS).provider_id
    other = sandbox.texter("another account")
    assert refused(lambda: client_of(other).look(sid)).kind is Refusal.SETTINGS
    path = f"{texter.url}/2010-04-01/Accounts/{texter.sid}/Messages/{sid}.json"
    assert requests.get(path, auth=(other.sid, other.token), timeout=5).json()["code"] == 20404
    assert requests.get(path, timeout=5).json() == {
        "code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401,
    }  # fmt: skip
    with pytest.raises(Invalid):
        client.look("../Messages")


def test_what_may_have_left_is_found_by_receiver_time_and_text(texter: Texter, client: Twilio) -> None:
    since = just_now()
    assert client.find(SMS, since) is None
    handed = client.send(SMS)
    client.send(replace(SMS, text="Something else"))
    client.send(replace(SMS, to="+919845099999"))
    assert client.find(SMS, since).provider_id == handed.provider_id  # type: ignore[union-attr]
    assert client.find(replace(SMS, text=TEXT + " \n"), since).provider_id == handed.provider_id  # type: ignore[union-attr]
    assert client.find(SMS, since, known=[handed.provider_id]) is None
    assert client.find(WHATSAPP, since) is None
    assert client.find(SMS, since + timedelta(minutes=10)) is None


@pytest.mark.parametrize(
    ("fault", "has_left"),
    [
        ({"kind": "html", "status": 502}, False),
        ({"kind": "html", "status": 200}, False),
        ({"kind": "empty"}, False),
        ({"kind": "reset_before"}, False),
        ({"kind": "reset_after"}, True),
        ({"kind": "status", "status": 500, "body": {"code": 20500, "message": "x", "status": 500}}, False),
        ({"kind": "status", "status": 503, "body": {"type": "t", "title": "x", "status": 503, "code": 20503}}, False),
        ({"kind": "status", "status": 302, "body": {}}, False),
        ({"kind": "status", "status": 201, "body": []}, False),
        ({"kind": "status", "status": 201, "body": {}}, False),
        ({"kind": "status", "status": 201, "body": {"sid": None}}, False),
        ({"kind": "status", "status": 201, "body": {"sid": "SM1"}}, False),
    ],
)
def test_an_answer_that_says_nothing_is_looked_up_and_not_repeated(
    client: Twilio, texter: Texter, fault: dict[str, Any], has_left: bool
) -> None:
    since = just_now()
    texter.act("fault", **fault)
    with pytest.raises(OutcomeUnknown):
        client.send(SMS)
    assert (client.find(SMS, since) is not None) is has_left


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 429, "body": {"code": 20429, "status": 429}}, Refusal.TRANSIENT),
        ({"status": 429, "body": {"code": 63018, "status": 429}}, Refusal.LATER),
        ({"status": 429, "body": "slow down"}, Refusal.TRANSIENT),
        ({"status": 401, "body": {"code": 20003, "status": 401}}, Refusal.SETTINGS),
        ({"status": 403, "body": "no"}, Refusal.SETTINGS),
        ({"status": 400, "body": {"code": 99999, "status": 400}}, Refusal.UNKNOWN),
        ({"status": 400, "body": {"type": "t", "title": "x", "status": 400, "code": 21211}}, Refusal.NUMBER),
        ({"status": 400, "body": {"code": "21211"}}, Refusal.UNKNOWN),
        ({"status": 201, "body": {"sid": SID, "status": "failed", "error_code": 21610}}, Refusal.OPTED_OUT),
        ({"status": 201, "body": {"sid": SID, "status": "undelivered", "error_code": "30005"}}, Refusal.NUMBER),
        ({"status": 201, "body": {"sid": SID, "status": "failed", "error_code": None}}, Refusal.UNKNOWN),
    ],
)
def test_a_no_of_any_shape_is_a_no(client: Twilio, texter: Texter, fault: dict[str, Any], kind: Refusal) -> None:
    texter.act("fault", kind="status", **fault)
    assert refused(lambda: client.send(SMS)).kind is kind


def test_reading_may_be_tried_again_whatever_went_wrong(client: Twilio, texter: Texter) -> None:
    sid = client.send(SMS).provider_id
    for fault in ({"kind": "html", "status": 502}, {"kind": "empty"}, {"kind": "reset_before"}):
        texter.act("fault", **fault)
        with pytest.raises(Upstream) as caught:
            client.look(sid)
        assert not isinstance(caught.value, OutcomeUnknown)


def test_a_slow_answer_is_an_unknown_one(texter: Texter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio, "TIMEOUT", 0.3)
    client = client_of(texter)
    texter.act("fault", kind="slow", seconds=1.5)
    with pytest.raises(OutcomeUnknown):
        client.send(SMS)


def test_where_nobody_listens_nothing_has_left() -> None:
    nowhere = Twilio("AC" + "0" * 32, "0" * 32, sms_sender="SANDBX", base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Upstream) as caught:
        nowhere.send(SMS)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_too_fast_is_said_so(client: Twilio, texter: Texter) -> None:
    texter.act("knobs", delivers_after=-1, rate=3)
    said = []
    for _ in range(12):
        try:
            client.send(SMS)
        except MessageRefused as error:
            said.append(error.kind)
    assert said and set(said) == {Refusal.TRANSIENT}


def test_several_threads_share_one_account(client: Twilio, texter: Texter) -> None:
    """Each gets the id of its own message, with its own text."""
    made: dict[str, str] = {}

    def send(n: int) -> None:
        made[f"text {n}"] = client.send(replace(TEMPLATE, text=f"text {n}")).provider_id

    threads = [threading.Thread(target=send, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made.values())) == 16
    assert {text: client.look(sid).text for text, sid in made.items()} == {text: text for text in made}


def test_nothing_of_a_message_stays_in_the_client(client: Twilio) -> None:
    client.send(SMS)
    assert client._http._test_only_last_request is None and client._http._test_only_last_response is None


def test_the_environment_changes_nothing(texter: Texter) -> None:
    """No proxy, no other region: in a process of its own, since the SDK reads them when it is made."""
    code = (
        "import sys; from microcrm.adapters.twilio import Twilio\n"
        "client = Twilio(sys.argv[1], sys.argv[2], base_url=sys.argv[3])\n"
        "client.check()\n"
        "print(client._client.get_hostname('https://api.twilio.com/x'))"
    )
    odd = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "TWILIO_EDGE": "sydney",
        "TWILIO_REGION": "au1",
    }
    asked = [sys.executable, "-c", code, texter.sid, texter.token, texter.url]
    done = subprocess.run(asked, capture_output=True, text=True, env=os.environ | odd, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "https://api.twilio.com/x"


def test_outside_development_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROCRM_SANDBOX", "false")
    settings.cache_clear()
    with pytest.raises(Upstream, match="no sandbox"):
        wiring.messenger(Account("AC" + "0" * 32, "0" * 32, is_sandbox=True, hook_token="x"))
    settings.cache_clear()


def test_one_client_serves_an_account_and_another_one_a_changed_token() -> None:
    account = Account("AC" + "0" * 32, "0" * 32, is_sandbox=True, hook_token="x", sms_sender="SANDBX")
    assert wiring.messenger(account) is wiring.messenger(replace(account))
    assert wiring.messenger(account) is not wiring.messenger(replace(account, auth_token="1" * 32))


def test_the_web_process_does_without_the_sdk() -> None:
    code = "import sys; import microcrm.http.routes, microcrm.wiring; print('twilio.rest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
