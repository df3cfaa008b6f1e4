"""Looking at a number that is masked: for which reasons, how often a day, and when the owner should hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from microcrm.domain.permissions import Role


class Contact(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


class RevealReason(StrEnum):
    LATE = "late"
    CHANGE = "change"
    CALL_BACK = "call_back"
    BILL = "bill"
    OTHER = "other"


class Heat(StrEnum):
    """Why somebody who looks at numbers is worth a look themselves."""

    QUICK = "quick"
    SPENT = "spent"


REASONS: Mapping[RevealReason, str] = MappingProxyType(
    {
        RevealReason.LATE: "They are late or did not come",
        RevealReason.CHANGE: "Their visit has to change",
        RevealReason.CALL_BACK: "They asked to be called back",
        RevealReason.BILL: "About a bill or a payment",
        RevealReason.OTHER: "Something else",
    }
)
CONTACTS: Mapping[Contact, str] = MappingProxyType({Contact.PHONE: "phone number", Contact.EMAIL: "email address"})

MOST_A_DAY = 200  # what an owner may allow one person
USUAL_A_DAY: Mapping[Role, int] = MappingProxyType(
    {Role.OWNER: MOST_A_DAY, Role.MANAGER: 30, Role.FRONT_DESK: 20, Role.STAFF: 10, Role.ACCOUNTANT: 10}
)
QUICK_COUNT, QUICK_SPAN = 5, timedelta(minutes=5)


def heat_of(earlier: Sequence[datetime], now: datetime, a_day: int) -> Heat | None:
    """Of one more look at ``now`` after today's ``earlier`` ones, where ``a_day`` are allowed. The last one of the day weighs
    more than many at once."""
    if len(earlier) + 1 >= a_day:
        return Heat.SPENT
    lately = sum(1 for at in earlier if now - at < QUICK_SPAN)
    return Heat.QUICK if lately + 1 >= QUICK_COUNT else None
