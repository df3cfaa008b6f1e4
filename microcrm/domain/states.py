"""The States and Union Territories of India: GST code, name, ISO 3166-2 code, and the PIN codes they begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from microcrm.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class State:
    code: str  # the first two digits of a GSTIN
    name: str
    iso: str  # second part of ISO 3166-2:IN; "" for Other Territory
    pins: tuple[str, ...]  # prefixes of its PIN codes (India Post); border districts share some
    is_territory: bool = False
    has_utgst: bool = False  # no legislature of its own: CGST + UTGST (UTGST Act 2017 s.1(2); india.md 1.4)


def _state(code: str, name: str, iso: str, pins: str) -> State:
    return State(code, name, iso, tuple(pins.split()))


def _territory(code: str, name: str, iso: str, pins: str, *, utgst: bool) -> State:
    return State(code, name, iso, tuple(pins.split()), is_territory=True, has_utgst=utgst)


STATES: Mapping[str, State] = MappingProxyType(
    {
        state.code: state
        for state in (
            _territory("01", "Jammu and Kashmir", "JK", "180 181 182 184 185 190 191 192 193", utgst=False),
            _state("02", "Himachal Pradesh", "HP", "17"),
            _state("03", "Punjab", "PB", "14 15 160"),
            _territory("04", "Chandigarh", "CH", "160", utgst=True),
            _state("05", "Uttarakhand", "UK", "244 246 247 248 249 262 263"),
            _state("06", "Haryana", "HR", "12 13"),
            _territory("07", "Delhi", "DL", "11", utgst=False),
            _state("08", "Rajasthan", "RJ", "30 31 32 33 34"),
            _state("09", "Uttar Pradesh", "UP", "20 21 22 23 24 25 26 27 28"),
            _state("10", "Bihar", "BR", "80 81 82 84 85"),
            _state("11", "Sikkim", "SK", "737"),
            _state("12", "Arunachal Pradesh", "AR", "790 791 792"),
            _state("13", "Nagaland", "NL", "797 798"),
            _state("14", "Manipur", "MN", "795"),
            _state("15", "Mizoram", "MZ", "796"),
            _state("16", "Tripura", "TR", "799"),
            _state("17", "Meghalaya", "ML", "793 794"),
            _state("18", "Assam", "AS", "78"),
            _state("19", "West Bengal", "WB", "70 71 72 73 74"),
            _state("20", "Jharkhand", "JH", "81 82 83"),
            _state("21", "Odisha", "OD", "75 76 77"),
            _state("22", "Chhattisgarh", "CG", "49"),
            _state("23", "Madhya Pradesh", "MP", "45 46 47 48"),
            _state("24", "Gujarat", "GJ", "36 37 38 39"),
            _territory("26", "Dadra and Nagar Haveli and Daman and Diu", "DH", "396 362", utgst=True),
            _state("27", "Maharashtra", "MH", "40 41 42 43 44"),
            _state("29", "Karnataka", "KA", "56 57 58 59"),
            _state("30", "Goa", "GA", "403"),
            _territory("31", "Lakshadweep", "LD", "682", utgst=True),
            _state("32", "Kerala", "KL", "67 68 69"),
            _state("33", "Tamil Nadu", "TN", "60 61 62 63 64"),
            _territory("34", "Puducherry", "PY", "605 607 609 673 533", utgst=False),
            _territory("35", "Andaman and Nicobar Islands", "AN", "744", utgst=True),
            _state("36", "Telangana", "TS", "50"),
            _state("37", "Andhra Pradesh", "AP", "507 51 52 53"),
            _territory("38", "Ladakh", "LA", "194", utgst=True),
            State("97", "Other Territory", "", (), is_territory=True, has_utgst=True),
        )
    }
)

RETIRED: Mapping[str, str] = MappingProxyType({"25": "26", "28": "37"})  # Daman and Diu; Andhra Pradesh before 2014
_PIN = re.compile(r"[1-9]\d{5}", re.ASCII)


def choices() -> list[tuple[str, str]]:
    """(code, name) of every State a shop can be in, by name."""
    return sorted(((state.code, state.name) for state in STATES.values() if state.pins), key=lambda row: row[1])


def parse_state(raw: Any) -> str:
    """A GST State code chosen from the list."""
    if not isinstance(raw, str) or raw not in STATES:
        raise Invalid("Choose the State or Union Territory from the list.")
    return raw


def parse_pin(raw: Any, *, required: bool = True) -> str:
    """Six digits; "" for nothing unless ``required``."""
    if raw is not None and (not isinstance(raw, str) or len(raw) > 20):
        raise Invalid("A PIN code has six digits.")
    text = "".join((raw or "").split())
    if not text and not required:
        return ""
    if not _PIN.fullmatch(text):
        raise Invalid("A PIN code has six digits.")
    return text


def states_of_pin(pin: str) -> tuple[State, ...]:
    """The States whose PIN codes begin so; () for the Army's (9…) and unknown ones."""
    return tuple(state for state in STATES.values() if pin.startswith(state.pins or ("?",)))


def pin_caution(pin: str, state_code: str) -> str:
    """A sentence when a PIN code lies in another State, else "". Only a caution: borders and PIN areas differ."""
    found = states_of_pin(pin)
    if not found or any(state.code == state_code for state in found):
        return ""
    return f"PIN code {pin} is usually in {' or '.join(state.name for state in found)}. Check the State."
