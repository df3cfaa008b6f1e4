"""The words in which messages leave and come back: states that never go back, errors with a class each, forms of Twilio."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.messenger import (
    ANOTHER_CHANNEL,
    ENDED_BADLY,
    LONGEST_INBOUND,
    WORTH_ANOTHER_TRY,
    Channel,
    DeliveryStatus,
    Refusal,
    further,
)
from microcrm.domain.twilio import UNLISTED, WHY, channel_and_number, read_inbound, read_status, status_of, why_of

AT = datetime(2026, 12, 5, 5, 30, tzinfo=UTC)
SID = "SM" + "0a" * 16
statuses = st.sampled_from(list(DeliveryStatus))
STATUS = {"MessageSid": SID, "MessageStatus": "delivered", "To": "whatsapp:+919845012345"}
INBOUND = {"MessageSid": SID, "From": "whatsapp:+919845012345", "To": "whatsapp:+919800000001", "Body": "Yes"}


@given(st.lists(statuses, min_size=1, max_size=5))
def test_in_whichever_order_the_words_come_the_same_one_stands(told: list[DeliveryStatus]) -> None:
    ends = set()
    for order in permutations(told):
        known = DeliveryStatus.QUEUED
        for one in order:
            known = further(known, one)
        ends.add(known)
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("known", "told", "stands"),
    [
        ("delivered", "sent", "delivered"),
        ("read", "delivered", "read"),
        ("failed", "sent", "failed"),
        ("undelivered", "sending", "undelivered"),
        ("undelivered", "delivered", "delivered"),  # the phone has it after all
        ("delivered", "failed", "delivered"),
        ("sent", "canceled", "canceled"),
    ],
)
def test_what_stands_after_two_words(known: str, told: str, stands: str) -> None:
    assert further(DeliveryStatus(known), DeliveryStatus(told)) is DeliveryStatus(stands)


def test_bad_ends_are_no_receipts() -> None:
    assert not {DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.SENT} & ENDED_BADLY
    assert not WORTH_ANOTHER_TRY & ANOTHER_CHANNEL


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (21211, 400, Refusal.NUMBER),
        (21610, 400, Refusal.OPTED_OUT),
        (21614, 400, Refusal.LANDLINE),
        (63016, 0, Refusal.TEMPLATE),
        (63018, 429, Refusal.LATER),
        (20429, 429, Refusal.TRANSIENT),
        (None, 429, Refusal.TRANSIENT),
        (429, 429, Refusal.TRANSIENT),  # what the SDK makes of a body that is no JSON
        (29999, 401, Refusal.SETTINGS),
        (29999, 400, Refusal.UNKNOWN),
        (None, 0, Refusal.UNKNOWN),
    ],
)
def test_an_error_has_a_class(code: int | None, status: int, kind: Refusal) -> None:
    assert why_of(code, status).kind is kind


def test_every_error_says_what_happened_and_most_what_to_do() -> None:
    for why in (*WHY.values(), UNLISTED):
        assert why.words.endswith(".") and why.words[0].isupper()
        assert why.to_do == "" or why.to_do.endswith(".")
    assert {why.kind for why in (*WHY.values(), UNLISTED)} == set(Refusal)


def test_twilio_has_more_states_than_we_keep() -> None:
    assert status_of("accepted") is status_of("scheduled") is DeliveryStatus.QUEUED
    assert status_of("partially_delivered") is DeliveryStatus.DELIVERED
    for strange in ("received", "receiving", "", "DELIVERED", "gone"):
        with pytest.raises(Invalid):
            status_of(strange)


@pytest.mark.parametrize(
    "address", ["", "+", "9845012345", "tel:+919845012345", "whatsapp:", "+9198450123451234", "+91 98"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(Invalid):
        channel_and_number(address)


def test_a_status_is_read() -> None:
    told = read_status({**STATUS, "MessageStatus": "undelivered", "ErrorCode": "63016"}, "77", AT)
    assert (told.reference, told.provider_id, told.status, told.error_code, told.at) == (
        "77", SID, DeliveryStatus.UNDELIVERED, 63016, AT,
    )  # fmt: skip
    assert read_status({**STATUS, "ErrorCode": ""}, "", AT).error_code is None
    assert read_status({**STATUS, "ErrorCode": "9" * 40}, "", AT).error_code is None


@pytest.mark.parametrize("name", ["MessageSid", "MessageStatus"])
@pytest.mark.parametrize("value", ["", "x", "SM1", "received", "SM" + "0A" * 16, "SM" + "0a" * 16 + "\n"])
def test_a_status_without_an_id_or_a_state_is_none(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        read_status({**STATUS, name: value}, "", AT)


def test_a_message_that_came_in_is_read() -> None:
    said = read_inbound({**INBOUND, "ProfileName": "Asha 🌸", "NumMedia": "2", "OriginalRepliedMessageSid": SID}, AT)
    assert (said.channel, said.sender, said.receiver) == (Channel.WHATSAPP, "+919845012345", "+919800000001")
    assert (said.text, said.button, said.profile, said.pieces, said.answers) == ("Yes", "", "Asha 🌸", 2, SID)


def test_a_pressed_button_carries_its_id_and_its_words() -> None:
    said = read_inbound({**INBOUND, "Body": "", "ButtonText": "Confirm", "ButtonPayload": "confirm:77"}, AT)
    assert (said.text, said.button) == ("Confirm", "confirm:77")
    assert read_inbound({**INBOUND, "ListId": "b2", "ListTitle": "Later"}, AT).button == "b2"


@given(st.text(st.characters(), max_size=6_000), st.text(st.characters(), max_size=300))
def test_whatever_is_written_fits_a_column(body: str, name: str) -> None:
    said = read_inbound({**INBOUND, "Body": body, "ProfileName": name, "NumMedia": name, "ButtonPayload": body}, AT)
    assert len(said.text) <= LONGEST_INBOUND and "\0" not in said.text + said.profile + said.button
    (said.text + said.profile + said.button).encode()  # raises for half a pair


@pytest.mark.parametrize(
    "broken",
    [
        {"From": ""},
        {"To": "x"},
        {"From": "whatsapp:91984"},
        {"MessageSid": "' or 1=1"},
        {"From": "messenger:+919845012345"},
    ],
)
def test_a_message_without_numbers_or_an_id_is_none(broken: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        read_inbound({**INBOUND, **broken}, AT)
