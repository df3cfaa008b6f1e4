"""The sandbox's phone page: messages arrive, are answered, and go on as a person says; hostile text stays text."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import requests

from microcrm.adapters.twilio import Twilio
from microcrm.sandbox import phone, twilio_messages
from microcrm.sandbox.twilio_keys import sandbox_account
from microcrm.sandbox.twilio_world import TwilioWorld
from tests.support.sandbox import SEED, Texter
from tests.support.texting import SMS, TEMPLATE, settled

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>' \" & \u202egnp.exe 🌸 नमस्ते"


@pytest.fixture
def number(request: pytest.FixtureRequest) -> str:
    """A phone for this test alone."""
    return f"+9198{random.Random(request.node.name).randrange(10**8):08d}"


def page(texter: Texter, number: str, **headers: str) -> requests.Response:
    return requests.get(f"{texter.url}/phone?n={quote(number)}", headers=headers, timeout=10)


def press(texter: Texter, number: str, headers: dict[str, str] | None = None, **form: str) -> requests.Response:
    return requests.post(f"{texter.url}/phone", data={"n": number, **form}, headers=headers, timeout=10)


def to(message: Any, number: str, **changes: Any) -> Any:
    return replace(message, to=number, **changes)


def test_what_was_sent_is_on_the_phone_and_nobody_else_s(texter: Texter, client: Twilio, number: str) -> None:
    client.send(to(SMS, number, text=EVIL))
    shown = page(texter, number).text
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert(1)" not in shown and "<img" not in shown
    assert "SMS goes one way in India" in shown and "नमस्ते" in shown
    assert "alert(1)" not in page(texter, "+919800000000").text.split("</nav>")[1]


def test_an_address_in_a_message_can_be_pressed_and_nothing_else(texter: Texter, client: Twilio, number: str) -> None:
    text = "Change: http://127.0.0.1:8000/m/abc-_1 or javascript:alert(1) or http://x/'onmouseover='alert(2)' <b>"
    client.send(to(SMS, number, text=text))
    shown = page(texter, number).text.split("</nav>")[1]
    assert re.findall(r"<a href='([^']*)' target=_blank rel='noreferrer noopener'>", shown) == [
        "http://127.0.0.1:8000/m/abc-_1",
        "http://x/",
    ]
    assert "&lt;b&gt;" in shown and "onmouseover=&#x27;" in shown


def test_a_message_goes_on_as_a_person_says(texter: Texter, client: Twilio, number: str) -> None:
    sid = client.send(to(TEMPLATE, number)).provider_id
    settled(client, sid, "sent")
    assert "Sent ✓<" in page(texter, number).text
    mark = {"does": "mark", "account": texter.sid, "sid": sid}
    press(texter, number, **mark, status="delivered")
    assert client.look(sid).status == "delivered"
    press(texter, number, **mark, status="undelivered", code="30003")  # what has arrived does not fail
    assert client.look(sid).status == "delivered"
    press(texter, number, does="read", account=texter.sid)
    assert client.look(sid).status == "read"
    failed = client.send(to(SMS, number)).provider_id
    settled(client, failed, "sent")
    press(texter, number, **(mark | {"sid": failed}), status="undelivered", code="30003")
    assert client.look(failed).error_code == 30003
    assert "Not delivered (30003: phone off" in page(texter, number).text


def test_an_answer_and_a_pressed_button_reach_the_shop(texter: Texter, client: Twilio, number: str) -> None:
    texter.act("hook", url="http://127.0.0.1:9/hooks/twilio/x/inbound")
    sid = client.send(
        to(TEMPLATE, number, buttons=(("confirm:7", "Confirm"), ("change:7", "Another time")))
    ).provider_id
    settled(client, sid, "sent")
    assert "value=&#x27;" not in page(texter, number).text and ">Another time</button>" in page(texter, number).text
    press(texter, number, does="answer", account=texter.sid, text=EVIL)
    press(texter, number, does="answer", account=texter.sid, sid=sid, button="confirm:7")
    typed, pressed = (
        one["form"] for one in texter.act("state")["callbacks"] if one["form"].get("SmsStatus") == "received"
    )
    assert (typed["Body"], typed["From"], typed["To"]) == (EVIL, f"whatsapp:{number}", f"whatsapp:{texter.sender}")
    assert (pressed["ButtonPayload"], pressed["ButtonText"], pressed["Body"]) == ("confirm:7", "Confirm", "Confirm")
    assert pressed["OriginalRepliedMessageSid"] == sid and pressed["MessageType"] == "button"
    press(texter, number, does="answer", account=texter.sid, sid=sid, button="no such button")
    press(texter, number, does="answer", account=texter.sid, text="   ")
    assert len([one for one in texter.act("state")["callbacks"] if one["form"].get("SmsStatus") == "received"]) == 2


def test_a_phone_is_off_lacks_whatsapp_or_blocks(texter: Texter, client: Twilio, number: str) -> None:
    texter.act("knobs", delivers_after=0)
    press(texter, number, does="phone", name="Asha", whatsapp="on")
    off = client.send(to(TEMPLATE, number)).provider_id
    settled(client, off, "sent")
    assert "Asha" in page(texter, number).text and "· off" in page(texter, number).text
    press(texter, number, does="phone", on="on")
    settled(client, off, "delivered")
    assert settled(client, client.send(to(TEMPLATE, number)).provider_id, "undelivered").error_code == 63024
    press(texter, number, does="phone", on="on", whatsapp="on")
    press(texter, number, does="block", account=texter.sid, sender=f"whatsapp:{texter.sender}")
    assert settled(client, client.send(to(TEMPLATE, number)).provider_id, "failed").error_code == 63014
    press(texter, number, does="block", account=texter.sid, sender=f"whatsapp:{texter.sender}")
    settled(client, client.send(to(TEMPLATE, number)).provider_id, "delivered")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/phone", {"host": "evil.example"}),
        ("/phone", {"origin": "https://evil.example"}),
        ("/phone/news", {"host": "rebound.example:80"}),
    ],
)
def test_other_sites_neither_read_nor_press(texter: Texter, number: str, path: str, headers: dict[str, str]) -> None:
    assert requests.get(f"{texter.url}{path}", headers=headers, timeout=10).status_code == 403
    for more in (headers, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert press(texter, number, more, does="phone", name="Stolen").status_code == 403
    assert "Stolen" not in page(texter, number).text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"does": "mark", "account": "AC1", "sid": "SM1", "status": "read"},
        {"does": "mark", "status": "exploded"},
        {"does": "answer", "receiver": "+1"},
        {"does": "answer", "account": ""},
        {"does": "nothing"},
        {"does": "mark", "status": "failed", "code": "x"},
    ],
)
def test_an_odd_press_is_answered_in_words(texter: Texter, number: str, form: dict[str, str]) -> None:
    answer = press(texter, number, **form)
    assert answer.status_code == 200 and "That did not work" in answer.text


@pytest.mark.parametrize("typed", ["", "abc", "<b>", "+", "9" * 40, "१२३४५६७८९०x"])
def test_a_number_that_is_none_opens_no_phone(texter: Texter, typed: str) -> None:
    answer = requests.post(f"{texter.url}/phone", data={"n": typed, "does": "open"}, timeout=10)
    assert answer.status_code == 200 and "Invalid" in answer.text


def test_a_number_is_opened_as_it_is_typed(texter: Texter, number: str) -> None:
    local = f"{number[3:8]} {number[8:]}"
    answer = requests.post(f"{texter.url}/phone", data={"n": local, "does": "open"}, timeout=10)
    assert re.search(rf"<h1>\+91 {local}", answer.text)
    press(texter, number, does="answer", receiver=texter.sender, text="Hello, are you open?")
    assert "Hello, are you open?" in page(texter, number).text


def test_everything_is_there_after_a_restart(tmp_path: Any) -> None:
    world = TwilioWorld(SEED, tmp_path / "messages.json")
    sid, _ = sandbox_account(SEED, "restart")
    account = world.account(sid)
    form = {"To": "+919845012345", "From": "SANDBX", "Body": EVIL}
    made = twilio_messages.create(world, account, form, "")
    world.phone("+919845012345").name = "Asha"
    world.save(is_last=True)
    again = TwilioWorld(SEED, tmp_path / "messages.json")
    assert again.accounts[sid].messages[made["sid"]]["body"] == EVIL and again.phones["+919845012345"].name == "Asha"
    assert [number for number, _ in phone.numbers_of(again)] == ["+919845012345"]
