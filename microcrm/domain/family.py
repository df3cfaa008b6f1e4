"""Who belongs to whom: what one customer is to another, who pays and who is told for whom."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

MOST = 20  # of one customer


class Tie(StrEnum):
    """What the other is to the customer."""

    PARENT = "parent"
    CHILD = "child"
    GUARDIAN = "guardian"
    WARD = "ward"
    SPOUSE = "spouse"
    SIBLING = "sibling"
    RELATIVE = "relative"


TIE_WORDS: Mapping[Tie, str] = MappingProxyType(
    {
        Tie.PARENT: "Parent",
        Tie.CHILD: "Child",
        Tie.GUARDIAN: "Guardian",
        Tie.WARD: "In their care",
        Tie.SPOUSE: "Husband or wife",
        Tie.SIBLING: "Brother or sister",
        Tie.RELATIVE: "Family",
    }
)
_OTHER_WAY: Mapping[Tie, Tie] = MappingProxyType(
    {Tie.PARENT: Tie.CHILD, Tie.CHILD: Tie.PARENT, Tie.GUARDIAN: Tie.WARD, Tie.WARD: Tie.GUARDIAN}
)


class Side(StrEnum):
    """Of two: nobody, the customer for the other, or the other for the customer."""

    NOBODY = ""
    CUSTOMER = "customer"
    RELATIVE = "relative"


def other_way(tie: Tie) -> Tie:
    """What the customer is to the other."""
    return _OTHER_WAY.get(tie, tie)


def other_side(side: Side) -> Side:
    return {Side.CUSTOMER: Side.RELATIVE, Side.RELATIVE: Side.CUSTOMER}.get(side, Side.NOBODY)


def duty_words(pays: Side, told: Side) -> str:
    """What one does for the other, seen from the customer's page: "pays and is told for this customer"."""
    theirs = [words for side, words in ((pays, "pays"), (told, "is told")) if side is Side.RELATIVE]
    ours = [words for side, words in ((pays, "pays"), (told, "is told")) if side is Side.CUSTOMER]
    parts = []
    if theirs:
        parts.append(f"{' and '.join(theirs)} for this customer")
    if ours:
        parts.append(f"this customer {' and '.join(ours)} for them")
    return ", ".join(parts)
