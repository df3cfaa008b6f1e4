"""States: GST codes (india.md 1.4), ISO 3166-2:IN, PIN codes of India Post, public holidays of each State."""

from __future__ import annotations

from datetime import date
from typing import Any

import holidays
import pytest

from microcrm.domain.calendar_days import holidays_of
from microcrm.domain.errors import Invalid
from microcrm.domain.states import RETIRED, STATES, choices, parse_pin, parse_state, pin_caution, states_of_pin


def test_every_code_once_and_none_of_the_retired() -> None:
    assert sorted(STATES) == [*(code for n in range(1, 39) if (code := f"{n:02d}") not in RETIRED), "97"]
    assert len({state.name for state in STATES.values()}) == len(STATES)
    assert len(choices()) == 36  # 28 States and 8 Union Territories
    assert choices() == sorted(choices(), key=lambda row: row[1])


def test_twenty_eight_states_and_eight_territories() -> None:
    placed = [state for state in STATES.values() if state.iso]
    assert sum(not state.is_territory for state in placed) == 28
    assert sum(state.is_territory for state in placed) == 8


def test_territories_without_a_legislature_pay_utgst() -> None:
    """UTGST Act 2017; Delhi, Puducherry, Jammu and Kashmir use SGST."""
    assert {code for code, state in STATES.items() if state.has_utgst} == {"04", "26", "31", "35", "38", "97"}


def test_iso_codes_are_those_of_the_holiday_library() -> None:
    assert {state.iso for state in STATES.values() if state.iso} == set(holidays.country_holidays("IN").subdivisions)


@pytest.mark.parametrize(
    ("pin", "place"),
    [
        ("110001", "Delhi"),
        ("400001", "Maharashtra"),
        ("403001", "Goa"),
        ("411001", "Maharashtra"),
        ("560001", "Karnataka"),
        ("600001", "Tamil Nadu"),
        ("682001", "Kerala"),
        ("682555", "Lakshadweep"),
        ("605001", "Puducherry"),
        ("500001", "Telangana"),
        ("520001", "Andhra Pradesh"),
        ("700001", "West Bengal"),
        ("737101", "Sikkim"),
        ("744101", "Andaman and Nicobar Islands"),
        ("160017", "Chandigarh"),
        ("194101", "Ladakh"),
        ("180001", "Jammu and Kashmir"),
        ("248001", "Uttarakhand"),
        ("226001", "Uttar Pradesh"),
        ("834001", "Jharkhand"),
        ("800001", "Bihar"),
        ("492001", "Chhattisgarh"),
        ("462001", "Madhya Pradesh"),
        ("396210", "Dadra and Nagar Haveli and Daman and Diu"),
        ("781001", "Assam"),
        ("791111", "Arunachal Pradesh"),
    ],
)
def test_capitals_lie_in_their_own_state(pin: str, place: str) -> None:
    code = next(state.code for state in STATES.values() if state.name == place)
    assert place in {state.name for state in states_of_pin(pin)}
    assert pin_caution(pin, code) == ""


def test_a_pin_code_elsewhere_is_a_caution() -> None:
    assert pin_caution("560001", "27") == "PIN code 560001 is usually in Karnataka. Check the State."
    assert pin_caution("900001", "27") == ""  # the Army's post office is everywhere


def test_every_shop_state_has_pin_codes() -> None:
    assert all(states_of_pin(prefix) for state in STATES.values() for prefix in state.pins)


@pytest.mark.parametrize("typed", ["560001", "560 001", " 560001 "])
def test_pin_codes(typed: str) -> None:
    assert parse_pin(typed) == "560001"


@pytest.mark.parametrize(
    "typed", ["", None, "56001", "0560001", "060001", "5600011", "५६०००१", 560001, ["560001"], "5" * 99]
)
def test_what_is_no_pin_code(typed: Any) -> None:
    with pytest.raises(Invalid, match="six digits"):
        parse_pin(typed)
    assert parse_pin("", required=False) == ""


@pytest.mark.parametrize("raw", ["00", "25", "Karnataka", 29, None, ["29"], {}])
def test_a_state_comes_from_the_list(raw: Any) -> None:
    assert parse_state("29") == "29"
    with pytest.raises(Invalid, match="from the list"):
        parse_state(raw)


def test_holidays_differ_by_state() -> None:
    karnataka = {row.day: row for row in holidays_of("29", 2026)}
    maharashtra = {row.day: row for row in holidays_of("27", 2026)}
    assert karnataka[date(2026, 11, 1)].name == "Karnataka Rajyotsava"
    assert date(2026, 11, 1) not in maharashtra
    assert "Maharashtra Day" in maharashtra[date(2026, 5, 1)].name


@pytest.mark.parametrize("code", sorted(STATES))
def test_national_days_are_kept_everywhere(code: str) -> None:
    rows = holidays_of(code, 2027)
    assert {row.day for row in rows if row.is_national} == {date(2027, 1, 26), date(2027, 8, 15), date(2027, 10, 2)}
    assert [row.day for row in rows] == sorted(row.day for row in rows)
    assert all(row.day.year == 2027 and row.name and "estimated" not in row.name for row in rows)


def test_days_of_the_moon_are_marked() -> None:
    rows = {row.day: row for row in holidays_of("29", 2027)}
    moved = {row.name for row in rows.values() if row.is_estimated}
    assert {"Id-ul-Fitr", "Muharram"} <= moved
    both = rows[date(2027, 8, 15)]  # a fixed day stays certain when one of the moon falls on it
    assert both.name == "Independence Day, Milad-un-Nabi"
    assert not both.is_estimated
