"""A code before an online booking counts, where the owner asks for one: to the phone that was typed, or by e-mail.

Whoever fills in the form is told the same whether the shop knows the address or not. A code belongs to one form and one
address: with another address, another code.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from microcrm.domain.booking_policy import CODE_MINUTES, CODE_TRIES, MOST_CODES, CodeWay
from microcrm.domain.email import email_key
from microcrm.domain.errors import CodeNeeded, Invalid, LimitReached
from microcrm.domain.fields import Reader
from microcrm.domain.notices import NoticeStep
from microcrm.domain.one_time_codes import read_code
from microcrm.domain.phone import parse_phone
from microcrm.models.business import Business
from microcrm.models.codes import BookingCode
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.messages.own_secrets import code_of
from microcrm.operations.messages.planning import Plan, plan, withdraw
from microcrm.operations.parts.code_way import way_of_codes
from microcrm.operations.parts.confirming import read_person, read_typed
from microcrm.operations.public_shop import enter_shop
from microcrm.operations.unit_of_work import UnitOfWork

LASTS = timedelta(minutes=CODE_MINUTES)
PROOF_LASTS = timedelta(hours=1)  # whoever loses their time chooses another one without a second code
_BETWEEN = timedelta(seconds=30)  # a second press does not send a second mail
_KEPT = timedelta(days=1)
_IS_UNPROVEN = fixed("""
SELECT NOT EXISTS (
  SELECT 1 FROM booking_codes c WHERE c.business_id = :business AND c.subject_hash = :subject AND c.proven_at > :since)
""")


@dataclass(frozen=True, slots=True)
class CodeSent:
    """``address``: a phone (E.164) or an e-mail address. ``is_new``: a code goes out now; else the last one has only just been sent."""

    address: str
    is_new: bool


def ask_code(uow: UnitOfWork, slug: Any, person: ConfirmPublic, link_key: str) -> CodeSent:
    """Sends six digits to the phone or the e-mail address in the form. Raises ``Invalid`` for what is wrong in the form and
    ``LimitReached`` when too many were sent for it."""
    uow.require_public()
    enter_shop(uow, slug)
    reader = Reader()
    typed = read_typed(reader, person)
    reader.done()
    way, who = way_of_codes(uow), read_person(person.name, person.phone, person.email)
    address = who.phone if way is CodeWay.PHONE else who.email
    if not address:
        raise Invalid(fields={"email": "An email address is needed."})
    _forget_old(uow)
    subject = _subject(person.token, address)
    row = _find(uow, subject)
    if row is not None and uow.now - row.sent_at < _BETWEEN:
        return CodeSent(address, is_new=False)
    if row is not None and row.mails >= MOST_CODES:
        raise LimitReached
    if row is None:
        row = BookingCode(business_id=uow.business_id, subject_hash=subject, code_hash=b"", mails=0, sent_at=uow.now,
                          expires_at=uow.now)  # fmt: skip
        uow.session.add(row)
    row.tries, row.mails, row.sent_at, row.expires_at = 0, row.mails + 1, uow.now, uow.now + LASTS
    uow.session.flush()
    code = code_of(link_key, uow.business_id, f"code:{row.id}", row.mails)
    row.code_hash = _hash(subject, person.token, code)
    uow.session.flush()
    send = _text if way is CodeWay.PHONE else _mail
    send(uow, row, address, code, typed.language)
    return CodeSent(address, is_new=True)


def _text(uow: UnitOfWork, row: BookingCode, phone: str, _code: str, language: str) -> None:
    """The digits are made again when it leaves, and stored nowhere. The one before is of no use any more."""
    withdraw(uow, f"code:{row.id}", row.mails - 1)
    plan(uow, Plan(
        f"code:{row.id}", NoticeStep.CODE, True, uow.now, row.expires_at, version=row.mails, language=language,
        details={"to": phone},
    ))  # fmt: skip
    uow.nudges.add("messages")


def _mail(uow: UnitOfWork, row: BookingCode, email: str, code: str, language: str) -> None:
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    data = {"shop": shop, "code": code, "language": language, "minutes": CODE_MINUTES}
    uow.enqueue("mail", f"booking_code:{row.id}:{row.mails}", {"to": email, "template": "booking_code", "data": data})


def prove(uow: UnitOfWork, slug: Any, person: ConfirmPublic, raw_code: Any) -> bool:
    """Whether this is the code that was sent to the form's phone or address. A few wrong ones end it."""
    uow.require_public()
    enter_shop(uow, slug)
    subject = _subject_of(uow, person)
    row = _find(uow, subject)
    if row is None or row.expires_at <= uow.now or row.tries >= CODE_TRIES:
        return False
    row.tries += 1
    is_right = hmac.compare_digest(row.code_hash, _hash(subject, person.token, read_code(raw_code)))
    if is_right:
        row.proven_at = uow.now
    uow.session.flush()
    return is_right


def refuse_unproven(uow: UnitOfWork, person: ConfirmPublic) -> None:
    """``CodeNeeded``, where the owner asks for a code and none was typed for this form and its phone or address. After `enter_shop`."""
    if uow.door is not None and not uow.door.is_code_needed:
        return
    subject = _subject_of(uow, person)
    values = {"business": uow.business_id, "subject": subject, "since": uow.now - PROOF_LASTS}
    if uow.session.connection().execute(_IS_UNPROVEN, values).scalar():
        raise CodeNeeded


def _find(uow: UnitOfWork, subject: bytes) -> BookingCode | None:
    """Locked: two tries at once count as two."""
    query = select(BookingCode).where(BookingCode.business_id == uow.business_id, BookingCode.subject_hash == subject)
    return uow.session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()


def _forget_old(uow: UnitOfWork) -> None:
    uow.session.execute(
        delete(BookingCode).where(BookingCode.business_id == uow.business_id, BookingCode.expires_at < uow.now - _KEPT)
    )


def _subject_of(uow: UnitOfWork, person: ConfirmPublic) -> bytes:
    if way_of_codes(uow) is CodeWay.EMAIL:
        return _subject(person.token, person.email)
    try:
        return _subject(person.token, parse_phone(person.phone, mobile=True))
    except Invalid:  # said with everything else that is wrong in the form
        return _subject(person.token, "")


def _subject(token: Any, address: Any) -> bytes:
    return hashlib.sha256(f"{str(token)[:200]}\n{email_key(str(address or '')[:300])}".encode()).digest()


def _hash(subject: bytes, token: Any, code: str) -> bytes:
    return hashlib.sha256(subject + f"{str(token)[:200]}\n{code}".encode()).digest()
