"""Secret links for people without an account. Who has the link may do what it is for, within one business."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, TextClause, or_, update

from microcrm.domain.errors import NotFound
from microcrm.models.links import PublicLink
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

_BYTES = 16
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
LINK_LASTS = timedelta(days=90)  # to a visit, after it has ended
_USED_EVERY = timedelta(hours=1)  # how exactly "last used" is known
_BEHIND = fixed("""
SELECT l.link_id, l.business_id, l.zone, l.booking_id, l.feed_member_id, l.offer_id, l.ticket_id, l.entry_id,
       set_config('app.business_id', l.business_id::text, true)
FROM link_behind(:hash, :now) l WHERE cast(:here AS bigint) IS NULL OR l.business_id = :here
""")
_MAKE = fixed("""
INSERT INTO public_links (business_id, token_hash, booking_id, feed_member_id, offer_id, ticket_id, document_id, entry_id,
  created_at, expires_at)
VALUES (:business, :hash, :booking, :member, :offer, :ticket, :document, :entry, :now, :expires)
""")


@dataclass(frozen=True, slots=True)
class Behind:
    """What a link is for: exactly one of the last five is set. Links to bills have a door of their own (billing/sharing)."""

    link_id: int
    business_id: int
    zone: str
    booking_id: int | None
    feed_member_id: int | None
    offer_id: int | None
    ticket_id: int | None
    entry_id: int | None


def enter_behind(uow: UnitOfWork, door: TextClause, token: Any) -> Row[Any]:
    """What ``door`` (parameters: hash, now) finds behind a token; from here on the transaction is inside its business. Raises:
    NotFound, also for the link of another business than the one it is inside already."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise NotFound
    row = uow.session.execute(door, {"hash": hash_of(token), "now": uow.now}).first()
    if row is None or uow.actor.business_id not in (None, row.business_id):
        raise NotFound
    uow.enter_business(row.business_id)
    uow.actor = replace(uow.actor, zone=row.zone)
    return row


def make_link(
    uow: UnitOfWork,
    *,
    booking_id: int | None = None,
    feed_member_id: int | None = None,
    offer_id: int | None = None,
    ticket_id: int | None = None,
    document_id: int | None = None,
    entry_id: int | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new token of 128 random bits. It is said here once: only its hash is stored."""
    token = secrets.token_urlsafe(_BYTES)
    values = {
        "business": uow.business_id, "hash": hash_of(token), "booking": booking_id, "member": feed_member_id,
        "offer": offer_id, "ticket": ticket_id, "document": document_id, "entry": entry_id,
        "now": uow.now, "expires": expires_at,
    }  # fmt: skip
    uow.session.flush()
    run(uow.session.connection(), _MAKE, values)
    return token


def behind(uow: UnitOfWork, token: Any) -> Behind:
    """What the link is for; from here on the transaction is inside its business, by that business's clock. ``NotFound``
    for a link that was never made, has run out or was withdrawn."""
    uow.require_public()
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise NotFound
    here = uow.actor.business_id
    row = uow.session.connection().execute(_BEHIND, {"hash": hash_of(token), "now": uow.now, "here": here}).first()
    if row is None:
        raise NotFound
    found = Behind(*row[:-1])
    uow.actor = replace(uow.actor, business_id=found.business_id, zone=found.zone)
    if found.feed_member_id is not None:
        _note_use(uow, found.link_id)
    return found


def _note_use(uow: UnitOfWork, link_id: int) -> None:
    """Of feeds only, which programs read for years. A link to a booking goes when the booking goes: to write here first and
    then wait for the booking would be the wrong way round."""
    uow.session.execute(
        update(PublicLink)
        .where(
            PublicLink.business_id == uow.business_id,
            PublicLink.id == link_id,
            or_(PublicLink.last_used_at.is_(None), PublicLink.last_used_at < uow.now - _USED_EVERY),
        )
        .values(last_used_at=uow.now)
    )


def withdraw_links(uow: UnitOfWork, **subject: int) -> None:
    """No link to this ``booking_id``, ``feed_member_id``, ``offer_id``, ``ticket_id`` or ``entry_id`` works any more."""
    columns = [getattr(PublicLink, name) == value for name, value in subject.items()]
    uow.session.execute(
        update(PublicLink)
        .where(PublicLink.business_id == uow.business_id, *columns, PublicLink.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
