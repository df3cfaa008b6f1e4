"""Reading the development mailbox. The transaction must be of the realm ``worker``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from microcrm.domain.errors import NotFound
from microcrm.domain.fields import BIGINT
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.models.records import MailboxMessage

MOST = 50
_LINK = re.compile(r"https?://\S+")
_ZONE = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Read:
    """``link``: the first one in the text, which is what the mail is about."""

    id: int
    recipient: str
    subject: str
    at: str
    text: str
    html: str
    link: str


def list_messages(session: Session, now: datetime) -> list[Read]:
    """The last ones first."""
    newest = select(MailboxMessage).order_by(col(MailboxMessage.id).desc()).limit(MOST)
    return [_read(row, now) for row in session.exec(newest)]


def read_message(session: Session, number: int, now: datetime) -> Read:
    """Raises: NotFound."""
    row = session.get(MailboxMessage, number) if 0 < number <= BIGINT else None
    if row is None:
        raise NotFound
    return _read(row, now)


def _read(row: MailboxMessage, now: datetime) -> Read:
    at = row.at.astimezone(_ZONE)
    when = f"{format_near_day(at.date(), now.astimezone(_ZONE).date())}, {format_time(at, _ZONE)}"
    link = _LINK.search(row.text)
    return Read(row.id or 0, row.recipient, row.subject, when, row.text, row.html, link.group() if link else "")
