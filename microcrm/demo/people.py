"""Invents the customers of a demo shop: names, phones, birthdays, tags. The same seed invents the same people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import phonenumbers

from microcrm.demo.outline import Names, Outline
from microcrm.domain.search_key import search_key

_MOBILE_STARTS = ("98450", "98860", "99000", "97400", "98220", "98230", "90110", "88050", "96200", "73380")
_FAMILY_SHARE = 0.04  # who come under somebody else's phone: children, parents


@dataclass(slots=True)
class Customer:
    """``tags`` and the rest as in the table; ``sharing`` is true for a family member on another customer's phone."""

    name: str
    phone: str
    email: str
    address: str
    birthday: date | None
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    sharing: bool = False


def invent_customers(outline: Outline, rng: Random, today: date) -> list[Customer]:
    """No two with the same name; phones are unique save for family members. One customer is there twice."""
    names, phones = _names(outline, rng), set[str]()
    customers: list[Customer] = []
    for place in range(outline.facts["customers"]):
        relative = rng.choice(customers) if customers and rng.random() < _FAMILY_SHARE else None
        phone = relative.phone if relative else _phone(rng, phones)
        name = next(names)
        customers.append(
            Customer(
                name=name,
                phone=phone,
                email=_email(name, place) if rng.random() < 0.35 else "",
                address=_address(outline.names, rng, outline.business["city"]) if rng.random() < 0.4 else "",
                birthday=_birthday(rng, today, outline.facts["age"]) if rng.random() < 0.6 else None,
                tags=_some(rng, outline.facts["tags"]),
                notes=rng.choice(outline.facts["notes"]) if rng.random() < 0.15 else "",
                sharing=relative is not None,
            )
        )
    _type_one_twice(customers)
    return customers


def _type_one_twice(customers: list[Customer]) -> None:
    """One of the last is one of the first again: by the first name alone and with another number, but with the same e-mail."""
    shared = {customer.phone for customer in customers if customer.sharing}
    first = next(one for one in customers if one.email and not one.sharing)
    again = next(one for one in reversed(customers) if one.phone not in shared)
    again.name, again.email, again.birthday = first.name.partition(" ")[0], first.email, first.birthday


def _names(outline: Outline, rng: Random) -> Iterator[str]:
    """For ever; those in another script come early, so that they are among the regulars."""
    names, seen = outline.names, set[str]()
    waiting = list(names.own_script)
    while True:
        if waiting and rng.random() < 0.15:
            yield waiting.pop(0)
            continue
        firsts = names.women if rng.random() < outline.facts["share_of_women"] else names.men
        name = f"{rng.choice(firsts)} {rng.choice(names.families)}"
        if name not in seen:
            seen.add(name)
            yield name


def _phone(rng: Random, taken: set[str]) -> str:
    """A mobile number that the numbering plan knows, in E.164."""
    while True:
        phone = f"+91{rng.choice(_MOBILE_STARTS)}{rng.randrange(100_000):05d}"
        if phone not in taken and phonenumbers.is_valid_number(phonenumbers.parse(phone)):
            taken.add(phone)
            return phone


def _email(name: str, place: int) -> str:
    """At a domain that is kept for examples. ``place`` keeps addresses apart."""
    words = search_key(name).split()
    return f"{'.'.join(words)}{place}@example.com" if name.isascii() else ""


def _address(names: Names, rng: Random, city: str) -> str:
    return f"{rng.randrange(1, 240)}, {rng.choice(names.streets)}, {city} {rng.choice(names.pins)}"


def _birthday(rng: Random, today: date, ages: tuple[int, int]) -> date:
    youngest, oldest = ages
    return today - timedelta(days=rng.randrange(youngest * 365, oldest * 365))


def _some(rng: Random, tags: list[str]) -> list[str]:
    return rng.sample(tags, rng.choices((0, 1, 2), (50, 38, 12))[0])
