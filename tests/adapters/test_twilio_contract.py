"""What the stand-in for Twilio answers, beside what Twilio has described: the same refusals, the same shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from microcrm.adapters.twilio import Twilio
from tests.support.sandbox import TWILIO_API, Texter
from tests.support.texting import PHONE, SMS, TEMPLATE, refused, settled


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "SANDBX", "Body": "x"}, 21604),
        ({"To": PHONE, "Body": "x"}, 21603),
        ({"To": PHONE, "From": "SANDBX"}, 21602),
        ({"To": f"whatsapp:{PHONE}", "From": "SANDBX", "Body": "x"}, 21910),
        ({"To": PHONE, "From": "SANDBX", "Body": "x", "ContentVariables": "{}"}, 21654),
        ({"To": PHONE, "From": "SANDBX", "Body": "x", "StatusCallback": "http://example.com/x"}, 21609),
        ({"To": PHONE, "From": "SANDBX", "Body": "x", "StatusCallback": "ftp://localhost/x"}, 21609),
        ({"To": PHONE, "From": "SANDBX", "Body": "x", "ValidityPeriod": "0"}, 20001),
        ({"To": PHONE, "From": "SANDBX", "Body": "x", "body": "y"}, 20001),
        ({"To": "9845012345", "From": "SANDBX", "Body": "x"}, 21211),
        ({"To": PHONE, "From": "not a sender", "Body": "x"}, 21212),
    ],
)
def test_the_stand_in_is_as_strict_as_the_real_one(texter: Texter, form: dict[str, str], code: int) -> None:
    answer = texter.post(**form)
    assert answer.json()["code"] == code and answer.status_code == answer.json()["status"]
    assert answer.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


def test_templates_of_the_console_are_filled_in(client: Twilio, texter: Texter) -> None:
    own = "HX" + "0d" * 16
    texter.act("content", sid=own, body="See you {{1}} at {{2}}.", buttons=[["yes", "Confirm"]])
    form = {"To": f"whatsapp:{PHONE}", "From": f"whatsapp:{texter.sender}", "ContentSid": own}
    filled = texter.post(**form, ContentVariables='{"1": "Monday", "2": "9"}')
    assert filled.json()["body"] == "See you Monday at 9."
    assert texter.post(**form, ContentVariables='{"1": "Monday"}').json()["code"] == 21656
    content = requests.get(f"{texter.url}/v1/Content/{own}", auth=(texter.sid, texter.token), timeout=5).json()
    assert content["types"]["twilio/quick-reply"]["actions"][0]["title"] == "Confirm"


def test_many_messages_come_in_pages(texter: Texter) -> None:
    sids = [texter.post(To=PHONE, From="SANDBX", Body=str(n)).json()["sid"] for n in range(5)]
    path: str | None = f"/2010-04-01/Accounts/{texter.sid}/Messages.json?To={PHONE.replace('+', '%2B')}&PageSize=2"
    seen = []
    while path:
        page = requests.get(f"{texter.url}{path}", auth=(texter.sid, texter.token), timeout=5).json()
        seen += [one["sid"] for one in page["messages"]]
        path = page["next_page_uri"]
    assert seen == sids[::-1]


def test_a_message_is_called_back_emptied_and_deleted(texter: Texter, client: Twilio) -> None:
    sid = client.send(SMS).provider_id
    settled(client, sid, "sent")
    path = f"{texter.url}/2010-04-01/Accounts/{texter.sid}/Messages/{sid}.json"

    def change(**form: str) -> Any:
        return requests.post(path, data=form, auth=(texter.sid, texter.token), timeout=5).json()

    assert change(Status="canceled")["code"] == 30409
    assert change(Status="sent")["code"] == 20001
    assert change(Body="")["body"] == ""
    assert requests.delete(path, auth=(texter.sid, texter.token), timeout=5).status_code == 204
    assert refused(lambda: client.look(sid)).provider_code == 20404


@pytest.mark.skipif(not TWILIO_API.exists(), reason="Twilio's description of its API is not here")
def test_a_message_has_the_documented_shape(texter: Texter, client: Twilio) -> None:
    described = json.loads(TWILIO_API.read_text())
    schema = described["components"]["schemas"]["api.v2010.account.message"]
    rules = Draft202012Validator({"$ref": "#/components/schemas/api.v2010.account.message", **described})
    settled(client, client.send(TEMPLATE).provider_id, "sent")
    texter.act("knobs", delivers_after=-1, fails=[30003])
    failed = client.send(SMS).provider_id
    settled(client, failed, "undelivered")
    texter.act("answer", sender=PHONE, receiver=texter.sender, text="Hello")
    told = texter.act("state")["messages"]
    assert {one["direction"] for one in told} == {"outbound-api", "inbound"}
    for one in told:
        assert set(one) == set(schema["properties"])
        problems = [error for error in rules.iter_errors(_without_nulls(one)) if error.validator != "format"]
        assert problems == []
    asked = described["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    fields = asked["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    sent = {name for one in texter.act("state")["requests"] for name in one["form"]}
    assert sent <= set(fields), "we send nothing that Twilio has not described"


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
