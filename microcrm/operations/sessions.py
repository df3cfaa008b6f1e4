"""From the cookie of a request to the person behind it. Runs before anything is known, so it sees only what the database
function ``session_actor`` answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie

from sqlalchemy import text

from microcrm.domain.permissions import ROLE_LABELS, Permission, Role, permissions_of
from microcrm.models.accounts import Session
from microcrm.operations.unit_of_work import VISITOR, Actor, UnitOfWork
from microcrm.settings import settings

# ``__Host-`` cookies exist only over https; plain http is for development on one's own machine.
SECURE_COOKIE = "__Host-sid"
PLAIN_COOKIE = "sid"
SEEN_EVERY = timedelta(minutes=1)
_SESSION_ACTOR = text("SELECT * FROM session_actor(:wanted)")


@dataclass(frozen=True, slots=True)
class Life:
    """A session ends when it was not used for ``idle``, and after ``at_most`` in any case."""

    idle: timedelta
    at_most: timedelta

    def ends_at(self, began_at: datetime, now: datetime) -> datetime:
        return min(began_at + self.at_most, now + self.idle)


KEPT = Life(idle=timedelta(days=14), at_most=timedelta(days=60))  # "keep me signed in"
BRIEF = Life(idle=timedelta(hours=12), at_most=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Seat:
    """The person of a request, with the few names that every screen shows."""

    actor: Actor
    person_name: str = ""
    person_email: str = ""
    shop_name: str = ""
    shop_slug: str = ""
    role_label: str = ""
    viewing_as: str = ""
    is_verified: bool = False
    has_second_step: bool = False
    is_stale: bool = False  # ``last_seen_at`` is due for an update

    @property
    def is_signed_in(self) -> bool:
        return self.actor.kind != "visitor"


EMPTY_SEAT = Seat(VISITOR)


def session_cookie() -> str:
    """The name that counts at our address. Over https only the ``__Host-`` one: a neighbouring subdomain could set the other."""
    return SECURE_COOKIE if settings().public_url.startswith("https://") else PLAIN_COOKIE


def token_in(cookie_header: str) -> str:
    """The session token in a ``Cookie`` header, or an empty string."""
    return _value_in(cookie_header, session_cookie())


@lru_cache(maxsize=4096)  # a socket sends the same header with each event
def _value_in(cookie_header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(cookie_header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and len(morsel.value) <= 200 else ""


def hash_of(token: str) -> bytes:
    """Tokens are 256 random bits, so one round of SHA-256 is enough to make the stored value useless to a thief."""
    return hashlib.sha256(token.encode()).digest()


def take_seat(uow: UnitOfWork, token: str) -> Seat:
    """Who holds this session token: a member of a business, an account without one, or a visitor."""
    uow.require_public()
    if not token:
        return EMPTY_SEAT
    row = uow.session.connection().execute(_SESSION_ACTOR, {"wanted": hash_of(token)}).mappings().first()
    if row is None or row["is_pending"]:
        return EMPTY_SEAT
    stale = _is_stale(row["last_seen_at"], uow.now)
    if row["business_id"] is None:
        actor = Actor(
            "account",
            user_id=row["user_id"],
            session_id=row["session_id"],
            permissions=frozenset({Permission.ACCOUNT}),
        )
        return Seat(actor, row["user_name"], row["user_email"], is_verified=row["is_verified"], is_stale=stale)
    role = Role(row["role"])
    actor = Actor(
        "member",
        user_id=row["user_id"],
        business_id=row["business_id"],
        member_id=row["member_id"],
        role=role,
        permissions=permissions_of(role, row["granted"], row["withheld"]),
        session_id=row["session_id"],
        is_own_calendar_only=row["is_own_calendar_only"],
        is_viewing_as=row["is_viewing_as"],
        zone=row["zone"],
    )
    return Seat(
        actor,
        person_name=row["user_name"],
        person_email=row["user_email"],
        shop_name=row["business_name"],
        shop_slug=row["business_slug"],
        role_label=ROLE_LABELS[role],
        viewing_as=row["member_name"] if row["is_viewing_as"] else "",
        is_verified=row["is_verified"],
        has_second_step=row["has_second_step"],
        is_stale=stale,
    )


def _is_stale(last_seen_at: datetime, now: datetime) -> bool:
    return now - last_seen_at > SEEN_EVERY


def touch(uow: UnitOfWork, session_id: int) -> None:
    """Note that the session is in use (at most once a minute), which moves its idle end."""
    uow.require_public()
    row = uow.session.get(Session, session_id)
    if row is not None and row.last_seen_at < uow.now:
        row.last_seen_at = uow.now
        row.expires_at = (KEPT if row.is_kept else BRIEF).ends_at(row.created_at, uow.now)
