"""What the bell says of each happening, whatever its facts are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.bell import RULES, BellKind, Happening, words_of
from microcrm.domain.bell_news import NEWS, TOLD_FOR
from microcrm.operations.bell.tidying import KEPT

ZONE = "Asia/Kolkata"
NOW = datetime(2026, 12, 4, 6, 0, tzinfo=UTC)
VISIT = {"item": 7, "starts_at": "2026-12-05T10:45:00+00:00"}


def said(kind: BellKind, who: str = "", *, is_me: bool = False, **facts: Any) -> tuple[str, str]:
    told = words_of(Happening(kind.value, facts, who, is_me), ZONE, NOW)
    return told.text, told.href


@pytest.mark.parametrize(
    ("kind", "facts", "text", "href"),
    [
        (BellKind.SIGN_IN, {"browser": "Firefox on Linux"}, "New sign-in to your account: Firefox on Linux", "/account"),
        (BellKind.ACCOUNT, {"what": "password_changed"}, "Your password was changed", "/account"),
        (BellKind.CONTACTS, {"member": 4}, "Asha looked at many customer contacts", "/activity?kind=customers&member=4"),
        (BellKind.ERASED, {"customer": 9}, "Asha destroyed the sealed records of a customer", "/customer/records?id=9"),
        (BellKind.KEYS, {"of": "razorpay", "what": "entered"}, "Asha entered keys of Razorpay", "/settings/payments"),
        (BellKind.KEYS, {"of": "twilio", "what": "removed"}, "Asha removed keys of Twilio", "/settings/messages"),
        (BellKind.RIGHTS, {"role": "manager"}, "What Asha may do has changed: Manager", "/settings/members"),
        (BellKind.CHANNEL, {"channel": "sms"}, "SMS has stopped: its messages wait", "/settings/messages"),
        (BellKind.FAILED, {}, "Messages could not be sent and need a person", "/messages"),
        (BellKind.IMPORT, {"import": 3, "added": 1200}, "Your list is in: 1,200 new customers", "/customers/import?id=3"),
        (BellKind.REQUEST, VISIT, "A booking waits for your yes: Tomorrow, 4:15 pm", "/calendar?date=2026-12-05&booking=7"),
        (BellKind.OFFER, VISIT, "A time was taken from the waiting list: Tomorrow, 4:15 pm",
         "/calendar?date=2026-12-05&booking=7"),
        (BellKind.ASSIGNED, {"inbound": 5}, "Asha gave you a conversation", "/inbox?c=5"),
        (BellKind.REPLY, {"inbound": 5}, "A customer wrote in a conversation of yours", "/inbox?c=5"),
        (BellKind.DISPUTE, {"paise": 50_000, "document": 2, "respond_by": "2026-12-09T20:00:00+00:00"},
         "₹500.00 is disputed: answer by 10 Dec 2026", "/invoice?id=2"),
        (BellKind.DISPUTE, {"paise": 50_000, "status": "lost"}, "₹500.00 went back to a customer: the dispute is lost",
         "/today"),
        (BellKind.NEWS, {"code": "inbox"}, "New: what customers answer waits in the inbox", "/inbox"),
    ],
)  # fmt: skip
def test_each_happening_in_words(kind: BellKind, facts: dict[str, Any], text: str, href: str) -> None:
    assert said(kind, "Asha", **facts) == (text, href)


def test_one_hears_of_ones_own_rights_as_ones_own() -> None:
    assert said(BellKind.RIGHTS, "Asha", is_me=True, role="front_desk") == (
        "What you may do has changed: you are Front desk",
        "/account",
    )


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.datetimes().map(str)
)
NAMES = ("item", "starts_at", "paise", "document", "respond_by", "inbound", "import", "added", "customer", "member", "of", "what",
         "role", "channel", "browser", "code", "status")  # fmt: skip


@given(kind=st.one_of(st.sampled_from([one.value for one in BellKind]), st.text()),
       facts=st.dictionaries(st.sampled_from(NAMES), ODD), who=st.text(), is_me=st.booleans())  # fmt: skip
def test_odd_facts_lead_nowhere_else(kind: str, facts: dict[str, Any], who: str, is_me: bool) -> None:
    told = words_of(Happening(kind, facts, who, is_me), ZONE, NOW)
    assert told.text.strip()
    assert told.href.startswith("/") and not told.href.startswith("//")
    assert set(told.href) <= set("abcdefghijklmnopqrstuvwxyz0123456789/?=&-_")


def test_each_kind_has_a_rule_and_what_is_fixed_says_why() -> None:
    assert set(RULES) == set(BellKind)
    assert len({rule.label for rule in RULES.values()}) == len(RULES)
    fixed = {kind for kind, rule in RULES.items() if rule.fixed}
    assert fixed == {
        BellKind.SIGN_IN,
        BellKind.ACCOUNT,
        BellKind.RIGHTS,
        BellKind.CONTACTS,
        BellKind.ERASED,
        BellKind.KEYS,
    }


def test_news_are_told_no_longer_than_what_was_read_is_kept() -> None:
    assert TOLD_FOR + timedelta(days=2) < KEPT
    assert len({one.code for one in NEWS}) == len(NEWS)
    assert all(one.href.startswith("/") and not one.text.endswith(".") for one in NEWS)
