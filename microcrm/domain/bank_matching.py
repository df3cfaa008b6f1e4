"""Which payment or bill an entry of a bank statement belongs to.

Sure is only what has both the reference and the amount: a payment whose reference stands on the statement, or a bill whose
number came along with exactly what is due. All else is a proposal for a person, and where two fit, none is proposed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from microcrm.domain.upi import reference_of

NEAR = timedelta(days=3)  # between what the desk noted and what the bank wrote
_SHORTEST = 6  # characters; a shorter reference stands in too many texts by chance
_TOKEN = re.compile(r"[A-Z0-9]+")


class Target(StrEnum):
    PAYMENT = "payment"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class Incoming:
    """An entry that is still open. Paise."""

    id: int
    day: date
    paise: int
    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class NotedPayment:
    """A payment that the desk has noted and nobody has proven."""

    id: int
    day: date
    paise: int
    proof: str


@dataclass(frozen=True, slots=True)
class OpenBill:
    id: int
    number: str
    issued_on: date
    due: int


@dataclass(frozen=True, slots=True)
class Match:
    """``why`` in words, for whoever decides."""

    target: Target
    id: int
    is_sure: bool
    why: str


def propose(
    entries: Sequence[Incoming], payments: Sequence[NotedPayment], bills: Sequence[OpenBill]
) -> dict[int, Match]:
    """By entry; those left out have nothing that fits, or more than one thing. Nothing is proposed for two entries."""
    found = {entry.id: match for entry in entries if (match := _best(entry, payments, bills)) is not None}
    taken = Counter((match.target, match.id) for match in found.values())
    sure = Counter((match.target, match.id) for match in found.values() if match.is_sure)
    return {
        entry: match
        for entry, match in found.items()
        if taken[match.target, match.id] == 1 or (match.is_sure and sure[match.target, match.id] == 1)
    }


def _best(entry: Incoming, payments: Sequence[NotedPayment], bills: Sequence[OpenBill]) -> Match | None:
    """The surest kind that something fits; when two things do, nobody can tell."""
    for matches in (
        _by_reference(entry, payments, bills),
        _part_of_named_bill(entry, bills),
        _by_amount(entry, payments, bills),
    ):
        if matches:
            return matches[0] if len(matches) == 1 else None
    return None


def _by_reference(entry: Incoming, payments: Sequence[NotedPayment], bills: Sequence[OpenBill]) -> list[Match]:
    tokens = _tokens(entry)
    noted = [
        Match(Target.PAYMENT, one.id, True, "Same reference and amount")
        for one in payments
        if one.paise == entry.paise and (proof := _proof_of(one.proof)) and proof <= tokens
    ]
    named = [
        Match(Target.BILL, one.id, True, f"Names bill {one.number}, and exactly that is due")
        for one in bills
        if one.due == entry.paise and names(entry, one.number)
    ]
    return noted or named


def _part_of_named_bill(entry: Incoming, bills: Sequence[OpenBill]) -> list[Match]:
    return [
        Match(Target.BILL, one.id, False, f"Names bill {one.number}, but another amount is due")
        for one in bills
        if one.due != entry.paise and names(entry, one.number)
    ]


def _by_amount(entry: Incoming, payments: Sequence[NotedPayment], bills: Sequence[OpenBill]) -> list[Match]:
    """Noted payments come first: most of what the bank shows has been noted at the desk."""
    noted = [
        Match(Target.PAYMENT, one.id, False, "Same amount, about the same day")
        for one in payments
        if one.paise == entry.paise and abs(one.day - entry.day) <= NEAR
    ]
    return noted or [
        Match(Target.BILL, one.id, False, f"Exactly what is due on bill {one.number}")
        for one in bills
        if one.due == entry.paise and one.issued_on <= entry.day
    ]


def names(entry: Incoming, number: str) -> bool:
    """Whether a bill's number stands in the entry: banks drop its slashes, or cut off what comes before it."""
    plain = reference_of(number)
    if len(plain) < _SHORTEST:
        return False
    texts = (reference_of_text(entry.reference), reference_of_text(entry.words))
    return any(re.search(rf"{plain}(?!\d)", text) for text in texts)


def reference_of_text(text: str) -> str:
    """Letters and digits of a whole text."""
    return "".join(_TOKEN.findall(text.upper()))


def _proof_of(proof: str) -> frozenset[str]:
    """What of a reference that somebody typed can be found again: "UTR 433412345678" is known by its number."""
    words = (word.lstrip("0") for word in _TOKEN.findall(proof.upper()))
    return frozenset(word for word in words if len(word) >= _SHORTEST and any(c.isdigit() for c in word))


def _tokens(entry: Incoming) -> frozenset[str]:
    """Words of letters and digits, as they stand and without zeros in front."""
    found = _TOKEN.findall(f"{entry.reference} {entry.words}".upper())
    return frozenset([*found, *(one.lstrip("0") for one in found)])
