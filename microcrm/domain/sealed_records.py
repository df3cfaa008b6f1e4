"""What the product itself must know about records that a shop keeps under seal: which are patch tests, why they are opened.

What a record says is laid down by its form (`form_fields.py`); only form, day and author stand outside the seal, and the
answers that the owner has marked as not sensitive.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.permissions import Role


class RecordKind(StrEnum):
    """Of the forms that every shop of a trade begins with. ``OWN``: a form that the owner has made."""

    COLOUR = "colour"
    PATCH_TEST = "patch_test"
    ALLERGY = "allergy"
    HEALTH = "health"
    MEASUREMENT = "measurement"
    GOAL = "goal"
    GUARDIAN = "guardian"
    LEVEL = "level"
    CONSENT = "consent"
    OWN = "own"


class Purpose(StrEnum):
    """Why somebody opens a record."""

    VISIT = "visit"
    SAFETY = "safety"
    CORRECTION = "correction"
    ASKED = "asked"
    OTHER = "other"


PURPOSES: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.VISIT: "For a visit, now or soon",
        Purpose.SAFETY: "To check what is safe",
        Purpose.CORRECTION: "To correct or complete it",
        Purpose.ASKED: "The customer asked",
        Purpose.OTHER: "Something else",
    }
)


COMPARED = "Compared with"  # how the words begin of an opening that nobody read (operations/vault/allergies.py)
PRINTED = "Printed."  # and of one that went on paper (operations/vault/printing.py)


def may(roles: frozenset[Role], role: Role | None) -> bool:
    """No role: a task or the command line, which no table narrows."""
    return role is None or role in roles


def is_clear(kind: str, answers: Mapping[str, str]) -> bool:
    """Whether it is a patch test without a reaction: the one thing that safety timers have to know (docs/adr/0022-vault.md)."""
    return kind == RecordKind.PATCH_TEST and answers.get("result") == "clear"
