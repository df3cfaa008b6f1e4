"""Codes of an authenticator app against the vectors of RFC 6238, recovery codes, and names of browsers."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.browsers import browser_name
from microcrm.domain.one_time_codes import (
    RECOVERY_LENGTH,
    matching_step,
    read_code,
    read_recovery_code,
    recovery_code_of,
    show_recovery_code,
)

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert matching_step(SECRET, code, datetime.fromtimestamp(seconds, UTC), 0) == seconds // 30


@pytest.mark.parametrize(("late", "is_good"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_clock_may_be_half_a_minute_off(late: int, is_good: bool) -> None:
    at = datetime.fromtimestamp(1111111110, UTC)
    assert (matching_step(SECRET, "050471", at + timedelta(seconds=late), 0) is not None) is is_good


def test_a_step_is_good_once() -> None:
    at = datetime.fromtimestamp(59, UTC)
    assert matching_step(SECRET, "287082", at, 0) == 1
    assert matching_step(SECRET, "287082", at, 1) is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [("123456", "123456"), ("123 456", "123456"), ("१२३४५६", "123456"), ("12345", ""), ("1234567", ""), ("12345a", ""),
     ("", ""), (None, ""), (123456, ""), ("²²²²²²", ""), ("1" * 10_000, "")],
)  # fmt: skip
def test_what_is_typed_is_read_as_six_digits_or_nothing(raw: Any, code: str) -> None:
    assert read_code(raw) == code


@given(st.binary(min_size=2 * RECOVERY_LENGTH, max_size=2 * RECOVERY_LENGTH))
def test_a_recovery_code_is_read_as_it_is_shown(numbers: bytes) -> None:
    code = recovery_code_of(numbers)
    assert len(code) == RECOVERY_LENGTH
    assert read_recovery_code(show_recovery_code(code).upper()) == code
    assert read_recovery_code(f"  {show_recovery_code(code).replace('-', ' ')} ") == code
    assert read_recovery_code(code[:-1]) == ""


def test_recovery_codes_differ() -> None:
    assert len({recovery_code_of(os.urandom(2 * RECOVERY_LENGTH)) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14; SM-A55) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("", "Unknown browser"),
        ("<script>", "Unknown browser"),
        ("x" * 1_000_000, "Unknown browser"),
    ],
)  # fmt: skip
def test_browsers_are_named_as_their_owners_do(agent: str, name: str) -> None:
    assert browser_name(agent) == name
