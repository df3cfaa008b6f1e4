"""Signing up. Everything is kept as a request until the link in the mail is followed; only then is there an account.

So the answer is the same for every address, nobody can hold an address that isn't theirs, and nothing has to be tidied
up after people who never came back. Whoever follows the link in another browser than the one that asked gives the
password once more: otherwise a stranger could ask in somebody's name and let them confirm the stranger's password.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.passwords import parse_password
from microcrm.domain.throttle import wait_words
from microcrm.models.accounts import SignUp, User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.entering import Browser, Entry, Refusal, enter
from microcrm.operations.accounts.opening import Description, OpenBusiness, open_business, read_description
from microcrm.operations.accounts.sign_in import typed_password
from microcrm.operations.accounts.tokens import hash_of_typed, new_token
from microcrm.operations.capabilities import Hasher
from microcrm.operations.unit_of_work import UnitOfWork

GOOD_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AskForAccount:
    name: Any
    email: Any
    password: Any = field(repr=False)
    business: OpenBusiness = field(default=OpenBusiness())
    device_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ConfirmAccount:
    """``password`` only when the page asked for it."""

    token: Any = field(repr=False)
    browser: Browser = field(repr=False)
    password: Any = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What waits behind a link. ``needs_password``: the link was opened in another browser."""

    email: str
    business: str
    needs_password: bool


def ask_for_account(uow: UnitOfWork, command: AskForAccount, hasher: Hasher) -> None:
    """Raises: Invalid; LimitReached, when too many came from this network address."""
    uow.require_public()
    reader = Reader()
    name = reader.text("name", command.name, "Your name", limit=120, least=2)
    email = reader.by("email", parse_email, command.email, instead="")
    description = read_description(reader, command.business)
    about = {"email": email, "name": name, "business": description.name}
    password = reader.by("password", parse_password, command.password, **about, instead="")
    reader.done()

    tries.spend(uow, tries.of_address(uow, "sign-up", tries.SIGN_UPS))
    row = SignUp(
        token_hash=new_token()[1],
        device_hash=hash_of_typed(command.device_token),
        email=email,
        email_key=email_key(email),
        name=name,
        phone=description.phone,
        password_hash=hasher.hash(password),
        business=description.as_json(),
        created_at=uow.now,
        expires_at=uow.now + GOOD_FOR,
    )
    uow.session.add(row)
    _mail_link(uow, row)


def waiting_in(uow: UnitOfWork, device_token: str) -> str:
    """The address that this browser asked for last, or "": for the page that says "check your mail"."""
    uow.require_public()
    row = _asked_by(uow, device_token)
    return row.email if row else ""


def mail_again(uow: UnitOfWork, device_token: str) -> None:
    """A new link for what this browser asked for last. Raises: NotFound; LimitReached."""
    uow.require_public()
    row = _asked_by(uow, device_token)
    if row is None:
        raise NotFound("There is nothing to send again.", remedy="Fill in the form once more.")
    tries.spend(uow, tries.of_address(uow, "sign-up", tries.SIGN_UPS))
    _mail_link(uow, row)


def look_at_link(uow: UnitOfWork, token: Any, device_token: str) -> Asked:
    """Raises: NotFound, for a link that is used up, too old, or never was."""
    uow.require_public()
    row = _behind(uow, token)
    return Asked(row.email, row.business["name"], needs_password=not _is_same_browser(row, device_token))


def confirm_account(uow: UnitOfWork, command: ConfirmAccount, hasher: Hasher) -> Entry | Refusal:
    """The account, its business and its first session. Raises: NotFound; Conflict, when the address has an account."""
    uow.require_public()
    row = _behind(uow, command.token)
    if not _is_same_browser(row, command.browser.device_token):
        refused = _check_password(uow, row, command.password, hasher)
        if refused:
            return refused
    user_id = uow.session.connection().execute(
        insert(User)
        .values(
            email=row.email,
            email_key=row.email_key,
            name=row.name,
            phone=row.phone,
            password_hash=row.password_hash,
            password_changed_at=uow.now,
            email_verified_at=uow.now,
            totp_last_step=0,
            created_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["email_key"])
        .returning(User.id)
    )
    created = user_id.scalar()
    if created is None:
        raise Conflict("This email address already has an account.", remedy="Sign in with it, or reset its password.")
    user = uow.session.get_one(User, created)
    # Links of the same address that are being followed right now are left: they end in the conflict above.
    others = select(SignUp.id).where(SignUp.email_key == row.email_key).with_for_update(skip_locked=True)
    uow.session.connection().execute(delete(SignUp).where(SignUp.id.in_(others)))
    business_id = open_business(uow, user, Description(**row.business))
    return enter(uow, user, command.browser, is_kept=True, business_id=business_id, is_new_here=True)


def _mail_link(uow: UnitOfWork, row: SignUp) -> None:
    """A link for a new address, a hint for one that has an account; the same work in both cases. Asked for too often,
    nothing is sent and the answer stays the same. Nothing that was typed goes into the mail: it may be sent to a stranger."""
    count = tries.of_mails(uow, row.email_key)
    if tries.longest_wait(uow, count):
        return
    tries.add(uow, count)
    token, row.token_hash = new_token()
    uow.session.add(row)
    uow.session.flush()
    known = uow.session.exec(select(User.id).where(User.email_key == row.email_key)).first()
    template, path = ("already_known", "/sign-in") if known else ("confirm_account", f"/verify?token={token}")
    key = row.token_hash.hex()
    letters.mail(uow, row.email, template, key, path=path)


def _asked_by(uow: UnitOfWork, device_token: str) -> SignUp | None:
    return uow.session.exec(
        select(SignUp)
        .where(SignUp.device_hash == hash_of_typed(device_token), SignUp.device_hash != b"")
        .where(SignUp.expires_at > uow.now)
        .order_by(SignUp.id.desc())
    ).first()


def _behind(uow: UnitOfWork, token: Any) -> SignUp:
    row = uow.session.exec(
        select(SignUp).where(SignUp.token_hash == hash_of_typed(token), SignUp.expires_at > uow.now).with_for_update()
    ).first()
    if row is None:
        raise NotFound("This link doesn’t work any more.", remedy="It works once, for 24 hours. Sign up again.")
    return row


def _is_same_browser(row: SignUp, device_token: str) -> bool:
    return bool(row.device_hash) and row.device_hash == hash_of_typed(device_token)


def _check_password(uow: UnitOfWork, row: SignUp, raw: Any, hasher: Hasher) -> Refusal | None:
    reader = Reader()
    password = reader.by("password", typed_password, raw, instead="")
    reader.done()
    count = tries.of_person(uow, "confirm", row.id or 0)
    delay = tries.longest_wait(uow, count)
    if delay:
        return Refusal(f"Too many tries. Wait {wait_words(delay)}, then try again.", "password")
    if hasher.verify(row.password_hash, password):
        tries.forgive(uow, count)
        return None
    tries.add(uow, count)
    return Refusal("That isn’t the password you chose when you signed up.", "password")
