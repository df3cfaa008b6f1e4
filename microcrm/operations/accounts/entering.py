"""What every way in ends with: a new session, on a browser that is known from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text, update
from sqlmodel import select

from microcrm.models.accounts import Device, Session, User
from microcrm.operations.accounts import letters
from microcrm.operations.accounts.tokens import hash_of_typed, new_token
from microcrm.operations.sessions import BRIEF, KEPT
from microcrm.operations.unit_of_work import UnitOfWork

SECOND_STEP_WITHIN = timedelta(minutes=10)
TRUSTED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser sent along: the tokens in its cookies, or empty strings."""

    session_token: str = ""
    device_token: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """For the cookies of the answer. ``is_kept``: the session cookie outlives the browser window."""

    token: str
    device_token: str
    is_kept: bool
    needs_second_step: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A try that was counted, so the transaction must be kept: returned, not raised."""

    message: str
    field: str = "form"


def wait_for_second_step(uow: UnitOfWork, user: User, browser: Browser, *, is_kept: bool) -> Entry:
    """The password was right; the session counts for nothing until the code is, too."""
    end_session(uow, browser.session_token)
    token, token_hash = new_token()
    row = _session(uow, user, token_hash, is_kept=is_kept)
    row.is_pending_second_step, row.expires_at = True, uow.now + SECOND_STEP_WITHIN
    uow.session.add(row)
    return Entry(token, browser.device_token, is_kept, needs_second_step=True)


def enter(
    uow: UnitOfWork,
    user: User,
    browser: Browser,
    *,
    is_kept: bool,
    business_id: int | None = None,
    by_second_step: bool = False,
    is_new_here: bool = False,
) -> Entry:
    """A session under a new token, whatever token the browser had. An unknown browser is told to the owner of the
    account, unless ``is_new_here``: the account itself has just been made."""
    end_session(uow, browser.session_token)
    device_token = _recognise(uow, user, browser.device_token, is_new_here=is_new_here)
    token, token_hash = new_token()
    row = _session(uow, user, token_hash, is_kept=is_kept)
    row.business_id = business_id or _shop_of(uow, user)
    row.second_step_at = uow.now if by_second_step else None
    uow.session.add(row)
    uow.session.flush()
    return Entry(token, device_token, is_kept)


def end_session(uow: UnitOfWork, token: str) -> None:
    uow.session.connection().execute(
        update(Session)
        .where(Session.token_hash == hash_of_typed(token), Session.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )


def end_sessions(uow: UnitOfWork, user_id: int, *, but: int | None = None) -> None:
    """All of a person's sessions, or all but one; and no browser skips the second step any more."""
    ended = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None))
    if but is not None:
        ended = ended.where(Session.id != but)
    uow.session.connection().execute(ended.values(revoked_at=uow.now))
    uow.session.connection().execute(update(Device).where(Device.user_id == user_id).values(trusted_until=None))


def device_of(uow: UnitOfWork, user_id: int, device_token: str) -> Device | None:
    return uow.session.exec(
        select(Device).where(Device.user_id == user_id, Device.cookie_hash == hash_of_typed(device_token))
    ).first()


def _session(uow: UnitOfWork, user: User, token_hash: bytes, *, is_kept: bool) -> Session:
    return Session(
        token_hash=token_hash,
        user_id=user.id,
        created_at=uow.now,
        last_seen_at=uow.now,
        expires_at=(KEPT if is_kept else BRIEF).ends_at(uow.now, uow.now),
        is_kept=is_kept,
        address=uow.actor.address,
        browser=uow.actor.browser,
    )


def _recognise(uow: UnitOfWork, user: User, device_token: str, *, is_new_here: bool) -> str:
    """The token that this browser is known by from now on. One browser may be known to several people."""
    if device_of(uow, user.id or 0, device_token) is not None:
        return device_token
    cookie_hash = hash_of_typed(device_token)
    if not cookie_hash:
        device_token, cookie_hash = new_token()
    uow.session.add(Device(user_id=user.id, cookie_hash=cookie_hash, first_seen_at=uow.now))
    if not is_new_here:
        letters.alert(uow, user, "new_device")
    return device_token


def _shop_of(uow: UnitOfWork, user: User) -> int | None:
    """Their only shop, or the one they looked at last; ``None`` when they have to choose or have none."""
    found = uow.session.connection().execute(text("SELECT business_id FROM memberships_of(:user)"), {"user": user.id})
    shops = list(found.scalars())
    if len(shops) == 1:
        return int(shops[0])
    last = uow.session.exec(
        select(Session.business_id)
        .where(Session.user_id == user.id, Session.business_id.is_not(None))
        .order_by(Session.last_seen_at.desc())
    ).first()
    return last if last in shops else None
