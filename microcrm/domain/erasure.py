"""Why a customer's key is destroyed, and the name that has to be typed first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.search_key import search_key


class ErasureReason(StrEnum):
    ASKED = "asked"
    OVER = "over"
    WRONG = "wrong"


# DPDP Act 2023, s.12(3): erasure when the person asks; s.8(7): when the purpose is served.
ERASURE_REASONS: Mapping[ErasureReason, tuple[str, str]] = MappingProxyType(
    {
        ErasureReason.ASKED: ("The customer asked for it", "Their right under the DPDP Act."),
        ErasureReason.OVER: ("It is not needed any more", "They do not come any more, and no law keeps it."),
        ErasureReason.WRONG: ("It should never have been kept", "Of somebody else, say, or without their agreement."),
    }
)


def is_same_name(typed: str, name: str) -> bool:
    """Whatever the case, the accents and the spaces; a name without letters is typed as it is."""
    return bool(typed.strip()) and (search_key(typed), not search_key(name) and typed.strip()) == (
        search_key(name),
        not search_key(name) and name.strip(),
    )
