"""Who agrees for a child: a parent or a guardian by law, known to be of age.

Digital Personal Data Protection Act 2023 s.9(1): nothing of a child is processed without the verifiable consent of a parent or, where
there is one, the lawful guardian. Digital Personal Data Protection Rules 2025 r.10: that they are an adult who can be identified is
checked by details that the shop has, that they give (such as a document), or by a token of a service such as DigiLocker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.family import Tie


class Bond(StrEnum):
    """What they are to the child."""

    PARENT = "parent"
    GUARDIAN = "guardian"


class AdultProof(StrEnum):
    """By what the shop knows that they are of age."""

    KNOWN = "known"
    DOCUMENT = "document"
    LOCKER = "locker"


BOND_WORDS: Mapping[Bond, str] = MappingProxyType({Bond.PARENT: "Parent", Bond.GUARDIAN: "Guardian by law"})
PROOF_WORDS: Mapping[AdultProof, str] = MappingProxyType(
    {
        AdultProof.KNOWN: "Known to us as an adult",
        AdultProof.DOCUMENT: "Showed an identity document",
        AdultProof.LOCKER: "Confirmed through DigiLocker or the like",
    }
)
BOND_OF: Mapping[Tie, Bond] = MappingProxyType({Tie.PARENT: Bond.PARENT, Tie.GUARDIAN: Bond.GUARDIAN})


@dataclass(frozen=True, slots=True)
class Guardian:
    """``name``: as it was when they agreed. ``customer_id``: of a record of their own, if the shop has one."""

    name: str
    bond: Bond
    proof: AdultProof
    customer_id: int | None = None

    def in_words(self) -> str:
        """Like "Meera Rao (parent; showed an identity document)"."""
        return f"{self.name} ({_small(BOND_WORDS[self.bond])}; {_small(PROOF_WORDS[self.proof])})"


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]
