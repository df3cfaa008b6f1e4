"""What a demo shop is like, read from ``data/*.json``: its people, its pace, the names of its customers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from microcrm.domain.calendar_days import Holiday, holidays_of
from microcrm.domain.calendar_text import parse_clock
from microcrm.domain.hours import CLOSED, Week, Window, Windows
from microcrm.domain.taxbook import TaxClass
from microcrm.domain.trades import TRADES, ResourceKind, ServiceTemplate, Trade, TradeTemplate

PASSWORD = "jasmine tea at four"  # noqa: S105 - printed with the sign-ins; the demo shops are for development only
SHOPS = ("lotus", "tulsi")
# Shops in India close for these whatever their State; each also stays closed on the three national days.
_FESTIVALS = ("Diwali", "Holi", "Eid", "Christmas", "Dussehra", "Ganesh Chaturthi", "Ugadi", "Gudi Padwa")


@dataclass(frozen=True, slots=True)
class Person:
    """``does``: categories of services; nobody can be booked who does none. ``sign_in``: the first part of the address."""

    name: str
    role: str
    colour: str
    does: tuple[str, ...]
    week: Week
    sign_in: str = ""

    @property
    def is_bookable(self) -> bool:
        return bool(self.does)


@dataclass(frozen=True, slots=True)
class Names:
    """``own_script``: whole names in Kannada or Devanagari."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    own_script: tuple[str, ...]
    streets: tuple[str, ...]
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One demo shop. ``facts`` is the data file for what is used once; days in it count from today."""

    key: str
    facts: dict[str, Any]
    business: dict[str, str]
    people: tuple[Person, ...]
    names: Names
    week: Week
    template: TradeTemplate  # the trade's, with what this shop has besides

    def holidays(self, first: date, last: date) -> list[Holiday]:
        """Those on which this shop stays closed, between two days."""
        state = self.business["state_code"]
        found = [holiday for year in range(first.year, last.year + 1) for holiday in holidays_of(state, year)]
        return [h for h in found if first <= h.day <= last and (h.is_national or h.name.startswith(_FESTIVALS))]

    def address(self, person: Person) -> str:
        return f"{person.sign_in}@{self.facts['mail_domain']}"


def windows_of(stretches: Sequence[str]) -> Windows:
    """Of "9:30-13:00" and the like."""
    ends = [stretch.split("-") for stretch in stretches]
    return tuple(Window(parse_clock(start) or 0, parse_clock(end) or 0) for start, end in ends)


@cache
def outline(key: str) -> Outline:
    facts = _read(key)
    names = {kind: tuple(values) for kind, values in _read("names")[facts["names"]].items()}
    return Outline(
        key=key,
        facts=facts,
        business=facts["business"],
        people=tuple(_person(raw) for raw in facts["people"]),
        names=Names(**names),
        week=tuple(windows_of(day.split()) for day in facts["week"]),
        template=_template(facts),
    )


def _template(facts: dict[str, Any]) -> TradeTemplate:
    usual = TRADES[Trade(facts["business"]["trade"])]
    rooms = tuple((name, ResourceKind(kind)) for name, kind in facts["rooms"])
    services = tuple(
        ServiceTemplate(
            **{
                **raw,
                "tax_class": TaxClass(raw["tax_class"]),
                "needs": ResourceKind(raw["needs"]) if raw.get("needs") else None,
            }
        )
        for raw in facts["services"]
    )
    return replace(usual, resources=usual.resources + rooms, services=usual.services + services)


def _person(raw: dict[str, Any]) -> Person:
    hours, days_off = windows_of(raw.get("hours", [])), raw.get("days_off", [])
    return Person(
        name=raw["name"],
        role=raw["role"],
        colour=raw["colour"],
        does=tuple(raw["does"]),
        week=tuple(CLOSED if weekday in days_off else hours for weekday in range(7)),
        sign_in=raw.get("sign_in", ""),
    )


def _read(name: str) -> dict[str, Any]:
    text = files("microcrm.demo").joinpath(f"data/{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read
