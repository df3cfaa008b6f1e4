from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.email import email_key, mask_email, parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.phone import display_phone, last_four, mask_phone, parse_phone


@pytest.mark.parametrize(
    "typed",
    [
        "9845012345",
        "+919845012345",
        "+91 98450 12345",
        "0091 9845012345",
        "(+91) 98450-12345",
        "09845012345",
        "whatsapp:+919845012345",
        "tel:+91-98450-12345",
        "९८४५०१२३४५",
        " 98450 12345 ",
    ],
)
def test_one_number_however_it_is_typed(typed: str) -> None:
    assert parse_phone(typed, mobile=True) == "+919845012345"


@pytest.mark.parametrize(
    "typed",
    ["", None, "987654321", "98765432101", "+9198765432", "hello", "98450 12345 ext 9", 9845012345, ["98"], "9" * 99],
)
def test_what_is_no_number(typed: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_phone(typed)
    assert "12345 ext" not in refusal.value.message


def test_a_landline_is_a_phone_but_no_mobile() -> None:
    assert parse_phone("080 2222 1234") == "+918022221234"
    with pytest.raises(Invalid, match="mobile"):
        parse_phone("080 2222 1234", mobile=True)


def test_no_number_where_none_is_needed() -> None:
    assert parse_phone("", required=False) == ""
    assert parse_phone(None, required=False) == ""


def test_shared_vectors(vectors: dict[str, Any]) -> None:
    """india.md 4: ``e164_mobile`` is null for what must be refused as a mobile number."""
    for case in vectors["phones"]:
        if case["e164_mobile"]:
            assert parse_phone(case["raw"], mobile=True) == case["e164_mobile"], case
        else:
            with pytest.raises(Invalid):
                parse_phone(case["raw"], mobile=True)


def test_how_numbers_are_shown() -> None:
    assert display_phone("+919845012345") == "+91 98450 12345"
    assert display_phone("+14155552671") == "+1 415-555-2671"
    assert mask_phone("+919845012345") == "•••• 12345"
    assert last_four("+919845012345") == "2345"
    assert (display_phone(""), mask_phone(""), last_four("")) == ("", "", "")


@given(st.from_regex(r"[6-9][0-9]{9}", fullmatch=True))
def test_a_shown_mobile_number_can_be_typed_back(national: str) -> None:
    try:
        number = parse_phone(national)
    except Invalid:
        return
    assert number == f"+91{national}"
    assert parse_phone(display_phone(number)) == number
    assert mask_phone(number).endswith(national[-5:])
    assert national[:5] not in mask_phone(number) or national[:5] == national[-5:]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("asha@example.com", "asha@example.com"),
        ("  Asha.Rao+salon@Example.COM ", "Asha.Rao+salon@example.com"),
        ("आशा@example.com", "आशा@example.com"),
        ("a@b.in", "a@b.in"),
    ],
)
def test_good_addresses(typed: str, kept: str) -> None:
    assert parse_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "asha",
        "asha@",
        "@example.com",
        "a b@example.com",
        "asha@example",
        "asha@@example.com",
        "a@b.in\nBcc: c@d.in",
        "x" * 300,
        5,
        ["a@b.in"],
    ],
    ids=lambda typed: repr(typed)[:20],
)
def test_bad_addresses(typed: Any) -> None:
    with pytest.raises(Invalid, match=r"name@example\.com"):
        parse_email(typed)


def test_a_huge_address_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(Invalid):
        parse_email("é" * 1_000_000 + "@example.com")
    assert time.perf_counter() - began < 0.25


def test_needed_and_optional_addresses() -> None:
    assert parse_email("", required=False) == ""
    with pytest.raises(Invalid, match="needed"):
        parse_email(" ")


def test_addresses_are_compared_without_case_and_shown_masked() -> None:
    assert email_key(parse_email("Asha@Example.com")) == email_key(parse_email("asha@example.com"))
    assert mask_email("asha@example.com") == "a•••@example.com"
    assert mask_email("") == ""
