"""Where something counts as supplied, and so which heads of GST it carries (IGST Act 2017 s.8, s.10, s.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from microcrm.domain.states import STATES


class PlaceRule(StrEnum):
    """Which part of section 12 of the IGST Act a service falls under, or of section 10 goods."""

    PERFORMED = "performed"  # s.12(4): beauty, grooming, fitness, health, restaurant
    TRAINING = "training"  # s.12(5): training and performance appraisal
    EVENT = "event"  # s.12(6): admission to an event
    GENERAL = "general"  # s.12(2): everything else
    COUNTER = "counter"  # s.10(1)(c): goods that the customer takes along


class Heads(StrEnum):
    """Which taxes a supply carries. UTGST stands where a Union Territory has no legislature of its own."""

    CGST_SGST = "cgst_sgst"
    CGST_UTGST = "cgst_utgst"
    IGST = "igst"
    NONE = "none"  # exempt, or a seller who may not collect tax


SECTIONS = {
    PlaceRule.PERFORMED: "IGST Act s.12(4)",
    PlaceRule.TRAINING: "IGST Act s.12(5)",
    PlaceRule.EVENT: "IGST Act s.12(6)",
    PlaceRule.GENERAL: "IGST Act s.12(2)",
    PlaceRule.COUNTER: "IGST Act s.10(1)(c)",
}


@dataclass(frozen=True, slots=True)
class Place:
    """``state_code``: the place of supply. ``reason``: a sentence for the person who writes the bill."""

    state_code: str
    heads: Heads
    reason: str
    section: str


def place_of_supply(
    rule: PlaceRule, seller_state: str, *, buyer_gstin_state: str = "", buyer_state: str = "", performed_in: str = ""
) -> Place:
    """GST State codes of two digits; empty for what is not known. ``performed_in`` empty means at the seller's.

    ``ValueError`` for a seller's State that does not exist.
    """
    if seller_state not in STATES:
        raise ValueError("seller_state must be a State code")
    where, why = _where(rule, seller_state, buyer_gstin_state, buyer_state, performed_in)
    heads = heads_between(seller_state, where)
    return Place(where, heads, f"{why} {_words(heads, where)}", SECTIONS[rule])


def heads_between(seller_state: str, place: str) -> Heads:
    """IGST Act s.7 and s.8: the same State or another one."""
    if seller_state != place:
        return Heads.IGST
    return Heads.CGST_UTGST if STATES[place].has_utgst else Heads.CGST_SGST


def _where(rule: PlaceRule, seller: str, gstin_state: str, address_state: str, performed_in: str) -> tuple[str, str]:
    there = performed_in or seller
    if rule in (PlaceRule.PERFORMED, PlaceRule.EVENT):
        verb = "held" if rule is PlaceRule.EVENT else "done"
        return there, f"This service counts where it is {verb}: {STATES[there].name}."
    if rule is PlaceRule.COUNTER:
        return there, f"Goods that are handed over count where that happens: {STATES[there].name}."
    if gstin_state:
        return gstin_state, f"The customer is registered in {STATES[gstin_state].name}."
    if rule is PlaceRule.TRAINING:
        return there, f"The customer has no GSTIN, so training counts where it is given: {STATES[there].name}."
    if address_state:
        return address_state, f"The customer has no GSTIN and lives in {STATES[address_state].name}."
    return seller, f"The customer has no GSTIN and no address on record, so it counts in {STATES[seller].name}."


def _words(heads: Heads, where: str) -> str:
    if heads is Heads.IGST:
        return f"That is another State than yours, so IGST to {STATES[where].name}."
    second = "UTGST" if heads is Heads.CGST_UTGST else "SGST"
    return f"That is your own State, so CGST and {second} in equal halves."
