"""People who sign in. These tables belong to no business, so their wall is the *accounts realm*: rows can be seen only
in a transaction that was opened for accounts work (``unit_of_work(..., realm="accounts")``), or by their own user.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import empty_dict, identity, instant, maybe_instant


def _user() -> Column[Any]:
    return Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)


class User(SQLModel, table=True):
    """One person with one e-mail address; ``email_key`` is the lower-cased address and is unique."""

    __tablename__ = "users"
    id: int | None = identity()
    email: str
    email_key: str = Field(unique=True)
    name: str
    phone: str = ""
    password_hash: str
    password_changed_at: datetime = instant()
    email_verified_at: datetime | None = maybe_instant()
    totp_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))  # sealed with the master key
    totp_enabled_at: datetime | None = maybe_instant()
    totp_last_step: int = 0  # a code is good once: the last accepted 30-second step
    created_at: datetime = instant()


class SignUp(SQLModel, table=True):
    """Somebody who asked for an account and has not yet followed the link in the mail. Nothing else exists of them: so an
    address that has an account already is answered alike, and nobody can take an address that is not theirs."""

    __tablename__ = "sign_ups"
    id: int | None = identity()
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    device_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, index=True))  # the browser that asked
    email: str
    email_key: str = Field(index=True)
    name: str
    phone: str
    password_hash: str
    business: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    created_at: datetime = instant()
    expires_at: datetime = instant(index=True)


class Session(SQLModel, table=True):
    """One signed-in browser. Only the SHA-256 of the cookie is kept. ``business_id`` is the shop on the screen."""

    __tablename__ = "sessions"
    id: int | None = identity()
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    user_id: int = Field(sa_column=_user())
    business_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    viewing_as_member_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    created_at: datetime = instant()
    last_seen_at: datetime = instant()
    expires_at: datetime = instant()
    second_step_at: datetime | None = maybe_instant()
    is_pending_second_step: bool = False
    is_kept: bool = False  # "keep me signed in": outlives the browser window
    revoked_at: datetime | None = maybe_instant()
    address: str = ""
    browser: str = ""


class Device(SQLModel, table=True):
    """A browser this user has signed in from before; a new one causes a security alert."""

    __tablename__ = "devices"
    id: int | None = identity()
    user_id: int = Field(sa_column=_user())
    cookie_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    first_seen_at: datetime = instant()
    trusted_until: datetime | None = maybe_instant()  # no second step asked for here until then
    __table_args__ = (Index("uq_devices_user_cookie", "user_id", "cookie_hash", unique=True),)


class RecoveryCode(SQLModel, table=True):
    """One of ten single-use codes for a lost authenticator."""

    __tablename__ = "recovery_codes"
    id: int | None = identity()
    user_id: int = Field(sa_column=_user())
    code_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    used_at: datetime | None = maybe_instant()


class MailToken(SQLModel, table=True):
    """A single-use link sent by mail: reset a password, change an address."""

    __tablename__ = "mail_tokens"
    id: int | None = identity()
    user_id: int = Field(sa_column=_user())
    purpose: str
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    detail: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = maybe_instant()
    __table_args__ = (CheckConstraint("purpose in ('reset', 'change_email')", name="purpose"),)


class Throttle(SQLModel, table=True):
    """Failures for one key, which is the SHA-256 of ``account:<email key>`` or ``address:<ip>``: whether an account
    exists cannot be read from this table."""

    __tablename__ = "throttles"
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    failures: int = 0
    last_failed_at: datetime = instant()
    blocked_until: datetime | None = maybe_instant()
