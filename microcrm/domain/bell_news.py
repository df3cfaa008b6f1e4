"""What is new in MicroCRM, as the bell says it: once to each member who was there on the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from microcrm.domain.permissions import Permission

TOLD_FOR = timedelta(days=60)  # shorter than read notices are kept, so that nothing is told twice


@dataclass(frozen=True, slots=True)
class News:
    """``code`` never changes. ``needs``: whoever may not use it is not told. ``text``: to follow "New: "."""

    code: str
    on: date
    text: str
    href: str
    needs: Permission = Permission.SHOP_VIEW


NEWS: tuple[News, ...] = (
    News(
        "reminders", date(2026, 11, 30), "reminders by WhatsApp, SMS and email, in your own words",
        "/settings/reminders", Permission.BUSINESS_EDIT,
    ),
    News("inbox", date(2026, 11, 30), "what customers answer waits in the inbox", "/inbox", Permission.MESSAGES_VIEW),
)  # fmt: skip
