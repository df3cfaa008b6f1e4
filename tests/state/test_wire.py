"""The browser gets the same values from our encoder as from Reflex's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import reflex as rx
from hypothesis import given
from hypothesis import strategies as st
from reflex_base.utils import format as theirs

from microcrm.microcrm import app
from microcrm.state.wire import dumps


class Tone(StrEnum):
    OK = "ok"


class Level(Enum):
    HIGH = 3


@dataclass(frozen=True)
class Row:
    id: str
    tags: tuple[str, ...]
    inner: Tone = Tone.OK


@dataclass(frozen=True, slots=True)
class SlimRow:
    id: int
    days: dict[int, str]


ROWS = [Row("1", ("vip", "ಕನ್ನಡ")), Row("2", ())]


class WireState(rx.State):
    rows: list[Row] = []
    by_name: dict[str, Row] = {}


@pytest.mark.parametrize(
    "told",
    [
        ROWS,
        [SlimRow(1, {5: "a", 6: "b"})],
        {"at": datetime(2026, 11, 25, 9, 30, tzinfo=UTC), "day": date(2026, 11, 25), "time": time(9, 30)},
        {"lasts": timedelta(minutes=45), "level": Level.HIGH, "tone": Tone.OK, "amount": Decimal("1.25")},
        {"set": {"one"}, "path": Path("a/b"), "id": UUID(int=7), None: 1, 3: 2, True: 4},
        {"big": 2**53, "small": -(2**53), "float": 0.1, "nothing": None, "text": 'ends </script> "quoted" \u2028 ₹'},
    ],
)
def test_values_are_those_of_reflex(told: Any) -> None:
    assert json.loads(dumps(told)) == json.loads(theirs.json_dumps(told))


def test_what_a_state_holds_is_written_through_its_proxies() -> None:
    state = WireState(_reflex_internal_init=True)  # type: ignore[call-arg]  # as Reflex's own tests make one
    state.rows, state.by_name = list(ROWS), {"first": ROWS[0]}
    told = {"rows": state.rows, "by_name": state.by_name}
    assert type(told["rows"]) is not list  # the proxy
    assert json.loads(dumps(told)) == json.loads(theirs.json_dumps(told))
    assert json.loads(dumps(told))["rows"][0]["tags"] == ["vip", "ಕನ್ನಡ"]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_comes_back_as_it_was(told: Any) -> None:
    assert json.loads(dumps(told)) == told


def test_the_product_writes_with_it() -> None:
    assert app.sio is not None
    assert app.sio.packet_class.json.dumps is dumps
    packet = app.sio.packet_class(data=["event", {"rows": ROWS}])
    assert '"ಕನ್ನಡ"' in packet.encode()
