"""A code by e-mail before an online booking counts, where the owner asks for one.

Whoever fills in the form is told the same whether the shop knows the address or not. A code belongs to one form and one
address: with another address, another code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from microcrm.domain.booking_policy import CODE_MINUTES, CODE_TRIES, MOST_CODES
from microcrm.domain.email import email_key
from microcrm.domain.errors import CodeNeeded, Invalid, LimitReached
from microcrm.domain.fields import Reader
from microcrm.domain.one_time_codes import read_code
from microcrm.models.business import Business
from microcrm.models.codes import BookingCode
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.hold import ConfirmPublic
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
    """``is_new``: a mail goes out now; else the last one has only just been sent."""

    email: str
    is_new: bool


def ask_code(uow: UnitOfWork, slug: Any, person: ConfirmPublic) -> CodeSent:
    """Mails six digits to the address in the form. Raises ``Invalid`` for what is wrong in the form and ``LimitReached``
    when too many were sent for it."""
    uow.require_public()
    enter_shop(uow, slug)
    reader = Reader()
    typed = read_typed(reader, person)
    reader.done()
    email = read_person(person.name, person.phone, person.email).email
    if not email:
        raise Invalid(fields={"email": "An email address is needed."})
    _forget_old(uow)
    subject = _subject(person.token, email)
    row = _find(uow, subject)
    if row is not None and uow.now - row.sent_at < _BETWEEN:
        return CodeSent(email, is_new=False)
    if row is not None and row.mails >= MOST_CODES:
        raise LimitReached
    if row is None:
        row = BookingCode(business_id=uow.business_id, subject_hash=subject, code_hash=b"", mails=0, sent_at=uow.now,
                          expires_at=uow.now)  # fmt: skip
        uow.session.add(row)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row.code_hash, row.tries, row.mails, row.sent_at = _hash(subject, person.token, code), 0, row.mails + 1, uow.now
    row.expires_at = uow.now + LASTS
    uow.session.flush()
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    data = {"shop": shop, "code": code, "language": typed.language, "minutes": CODE_MINUTES}
    uow.enqueue("mail", f"booking_code:{row.id}:{row.mails}", {"to": email, "template": "booking_code", "data": data})
    return CodeSent(email, is_new=True)


def prove_email(uow: UnitOfWork, slug: Any, token: Any, email: Any, raw_code: Any) -> bool:
    """Whether this is the code that was sent there for this form. A few wrong ones end it."""
    uow.require_public()
    enter_shop(uow, slug)
    subject = _subject(token, email)
    row = _find(uow, subject)
    if row is None or row.expires_at <= uow.now or row.tries >= CODE_TRIES:
        return False
    row.tries += 1
    is_right = hmac.compare_digest(row.code_hash, _hash(subject, token, read_code(raw_code)))
    if is_right:
        row.proven_at = uow.now
    uow.session.flush()
    return is_right


def refuse_unproven(uow: UnitOfWork, person: ConfirmPublic) -> None:
    """``CodeNeeded``, where the owner asks for a code and none was typed for this form and address. After `enter_shop`."""
    if uow.door is not None and not uow.door.is_code_needed:
        return
    values = {
        "business": uow.business_id,
        "subject": _subject(person.token, person.email),
        "since": uow.now - PROOF_LASTS,
    }
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


def _subject(token: Any, email: Any) -> bytes:
    return hashlib.sha256(f"{str(token)[:200]}\n{email_key(str(email or '')[:300])}".encode()).digest()


def _hash(subject: bytes, token: Any, code: str) -> bytes:
    return hashlib.sha256(subject + f"{str(token)[:200]}\n{code}".encode()).digest()
