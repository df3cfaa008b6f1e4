"""One's own name and phone, and how the account stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone, parse_phone
from microcrm.models.accounts import User
from microcrm.operations.accounts.credentials import own_account
from microcrm.operations.accounts.second_step import codes_left
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    phone: str
    email: str
    password_changed: str  # a day
    has_second_step: bool
    codes_left: int


@dataclass(frozen=True, slots=True)
class EditProfile:
    name: Any
    phone: Any


def my_profile(uow: UnitOfWork) -> Profile:
    uow.require(Permission.ACCOUNT)
    user = uow.session.exec(select(User).where(User.id == uow.actor.user_id)).one()
    return Profile(
        name=user.name,
        phone=display_phone(user.phone),
        email=user.email,
        password_changed=format_day(user.password_changed_at.astimezone(ZoneInfo(uow.actor.zone)).date()),
        has_second_step=user.totp_enabled_at is not None,
        codes_left=codes_left(uow, user.id or 0),
    )


def edit_profile(uow: UnitOfWork, command: EditProfile) -> Profile:
    """Raises: Invalid."""
    uow.require(Permission.ACCOUNT)
    reader = Reader()
    name = reader.text("name", command.name, "Your name", limit=120, least=2)
    phone = reader.by("phone", parse_phone, command.phone, required=False, instead="")
    reader.done()
    user = own_account(uow)
    user.name, user.phone = name, phone
    uow.session.add(user)
    uow.session.flush()
    return my_profile(uow)
