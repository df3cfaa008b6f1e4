"""The tax in an advance: due when the money comes in, on what it is for as far as that is known.

CGST Act s.13(2), s.31(3)(d); CGST Rules r.50: a rate that cannot be told yet is 18 %, and a supply of which the place cannot
be told counts as inter-State.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from microcrm.domain.bill import Bill, Line, work_out
from microcrm.domain.documents import Registration
from microcrm.domain.money import half_up, split
from microcrm.domain.supply import Heads, PlaceRule, place_of_supply

UNKNOWN_RATE_BP = 1_800
_UNKNOWN_PLACE = (
    "What the advance is for is not known yet, and it may count in another State: so IGST (CGST Rules r.50)."
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """One thing that an advance is for. ``rate_bp`` ``None``: not known. ``rules``: each that may hold for its place of
    supply. ``worth``: its part of the advance, in proportion to the others."""

    description: str
    rate_bp: int | None = None
    is_exempt: bool = False
    rules: tuple[PlaceRule, ...] = tuple(PlaceRule)
    tax_class: str = ""
    sac: str = ""
    worth: int = 1
    service_id: int | None = None


@dataclass(frozen=True, slots=True)
class WorkedAdvance:
    """``parts``: paise of each purpose, tax included; ``bill`` has a line for each. ``place_state`` "" without tax."""

    purposes: tuple[Purpose, ...]
    lines: tuple[Line, ...]
    bill: Bill
    heads: Heads
    place_state: str
    reason: str


def work_out_advance(
    paise: int, purposes: Sequence[Purpose], registration: Registration, seller_state: str, buyer_state: str = ""
) -> WorkedAdvance:
    """``paise`` includes the tax. ``buyer_state``: of the customer's GSTIN, "" without one. Purposes too small for a paisa
    are left out."""
    parts = split(paise, [one.worth for one in purposes])
    kept = [(one, part) for one, part in zip(purposes, parts, strict=True) if part]
    heads, place, reason = Heads.NONE, "", ""
    if registration is Registration.REGULAR:
        heads, place, reason = _where([one for one, _ in kept], seller_state, buyer_state)
    lines = tuple(
        Line(part, UNKNOWN_RATE_BP if one.rate_bp is None else one.rate_bp, is_with_tax=True, is_exempt=one.is_exempt)
        for one, part in kept
    )
    bill = work_out(lines, heads, is_rounded=False)
    return WorkedAdvance(tuple(one for one, _ in kept), lines, bill, heads, place, reason)


def share_of(amounts: Sequence[int], whole: int, before: int, part: int) -> list[int]:
    """What of each amount belongs to the next ``part`` of ``whole`` paise, when ``before`` are gone already: pieces that
    follow one another sum to the amounts exactly."""
    return [half_up(paise * (before + part), whole) - half_up(paise * before, whole) for paise in amounts]


def _where(purposes: Sequence[Purpose], seller: str, buyer: str) -> tuple[Heads, str, str]:
    places = [
        place_of_supply(rule, seller, buyer_gstin_state=buyer)
        for one in purposes
        for rule in (one.rules or tuple(PlaceRule))
    ]
    first = places[0]
    if all(one.state_code == first.state_code for one in places):
        return first.heads, first.state_code, f"{first.reason} ({first.section})"
    elsewhere = next(one for one in places if one.state_code != seller)
    return Heads.IGST, elsewhere.state_code, _UNKNOWN_PLACE
