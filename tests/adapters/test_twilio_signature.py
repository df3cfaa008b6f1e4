"""Signatures of what Twilio calls, held against its SDK and its published example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from microcrm.adapters.twilio_signature import is_signed
from microcrm.sandbox.twilio_sender import signature_of

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTOR = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
fields = st.lists(
    st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=6, unique_by=lambda f: f[0]
)


def test_twilio_s_own_example_is_signed() -> None:
    assert is_signed(URL, VECTOR, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345")
    assert is_signed(URL.replace(".com/", ".com:443/"), VECTOR, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345")


@given(fields)
def test_what_twilio_s_own_check_signs_is_signed(form: list[tuple[str, str]]) -> None:
    signature = RequestValidator("12345").compute_signature(URL, dict(form))
    assert is_signed(URL, form, signature, "12345")
    assert signature_of("12345", URL, dict(form)) == signature
    for other in (f"{URL}/", URL.replace("https", "http"), URL.replace("foo=1", "foo=2")):
        assert not is_signed(other, form, signature, "12345")
    assert not is_signed(URL, [*form, ("More", "")], signature, "12345")
    assert not is_signed(URL, form, signature, "12346")
    assert not is_signed(URL, form, signature, "")


@pytest.mark.parametrize("signature", ["", "é", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "=" * 5_000])
def test_a_signature_that_is_none(signature: str) -> None:
    assert not is_signed(URL, VECTOR, signature, "12345")
