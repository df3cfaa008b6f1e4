"""Statements of the bank read in, and each amount that came in matched with the payment or the bill that it proves. Nothing is
matched by itself: a person accepts what has reference and amount all at once, and everything else one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from microcrm.domain.bank_matching import Target
from microcrm.domain.bank_statement import BadStatement, BankEntry, Unread, occurrences, read_statement
from microcrm.domain.csv_file import FileFault
from microcrm.domain.documents import OWED
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.upi import reference_of
from microcrm.models.bank import BankRow, BankStatementFile
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.operations.billing.bank_view import THROUGH_BANK, proposals, rows_in
from microcrm.operations.billing.payments import PaidPart, TakePayment, take_payment, void_payment
from microcrm.operations.billing.settling import due_of
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

MOST_AT_ONCE = 500  # accepted in one transaction


@dataclass(frozen=True, slots=True)
class StatementTaken:
    """How many amounts were new, how many an earlier file had brought, how many went out of the account."""

    new: int
    known: int
    went_out: int
    unread: tuple[Unread, ...]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """``target`` is payment or bill, ``target_id`` its id; or ``number`` of a bill as somebody typed it."""

    row_id: Any
    version: Any
    target: Any = ""
    target_id: Any = None
    number: Any = ""


def take_statement(uow: UnitOfWork, data: bytes) -> StatementTaken:
    """Read a file. The same file again, and rows that another file had, bring nothing new. Raises ``BadStatement`` for one that
    cannot be read; then nothing of it is kept."""
    uow.require(Permission.INVOICES_CORRECT)
    read = read_statement(data)
    came = [entry for entry in read.entries if entry.paise > 0]
    went_out = len(read.entries) - len(came)
    if not read.entries:
        raise BadStatement(FileFault.NOTHING)
    new = _new_of(uow, came)
    known = len(came) - len(new)
    statement_id = uow.session.execute(
        insert_new(BankStatementFile)
        .values(
            business_id=uow.business_id, digest=hashlib.sha256(data).hexdigest(), read_at=uow.now,
            member_id=uow.actor.member_id, new=len(new), known=known, went_out=went_out, unread=len(read.unread),
        )
        .on_conflict_do_nothing(index_elements=["business_id", "digest"])
        .returning(BankStatementFile.id)
    ).scalar()  # fmt: skip
    if statement_id is None:
        return StatementTaken(0, len(came), went_out, read.unread)
    _store_rows(uow, statement_id, new)
    uow.audit("bank.read", "bank_statement", statement_id, new=len(new), known=known)
    return StatementTaken(len(new), known, went_out, read.unread)


def match_row(uow: UnitOfWork, command: MatchRow) -> None:
    """A person says what it belongs to. ``Conflict`` when the amounts do not go together or something changed meanwhile."""
    uow.require(Permission.INVOICES_CORRECT)
    row = _open_row(uow, command.row_id, command.version)
    if command.target == Target.PAYMENT:
        _prove(uow, row, find(uow, Payment, command.target_id), is_sure=False)
    elif command.target == Target.BILL:
        _pay(uow, row, find(uow, Document, command.target_id), is_sure=False)
    else:
        _by_number(uow, row, command.number)


def match_sure(uow: UnitOfWork) -> int:
    """All open ones that have both reference and amount, the newest 500; how many that were."""
    uow.require(Permission.INVOICES_CORRECT)
    rows = rows_in(uow, "open", MOST_AT_ONCE, is_locked=True)
    matches = {entry: match for entry, match in proposals(uow, rows).items() if match.is_sure}
    for row in rows:
        match = matches.get(row.id or 0)
        if match is not None and match.target is Target.PAYMENT:
            _prove(uow, row, find(uow, Payment, match.id), is_sure=True)
        elif match is not None:
            _pay(uow, row, find(uow, Document, match.id), is_sure=True)
    return len(matches)


def set_row_aside(uow: UnitOfWork, row_id: Any, version: Any, raw_reason: Any) -> None:
    """It belongs to no bill, and ``raw_reason`` says why: rent that came in, money of one's own."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    reason = reader.text("reason", raw_reason, "Reason", limit=120)
    reader.done()
    row = _open_row(uow, row_id, version)
    _decide(uow, row, "aside", reason=reason)


def reopen_row(uow: UnitOfWork, row_id: Any, version: Any) -> None:
    """Take back a match or bring back what was set aside. A payment that was noted before is the desk's word again; one that
    the match had noted is void. ``Conflict`` when that money was counted or used since."""
    uow.require(Permission.INVOICES_CORRECT)
    row = find(uow, BankRow, row_id)
    same_version(version, row.version)
    if row.state == "open":
        return
    payment_id, made = row.payment_id, row.made_payment
    _decide(uow, row, "open")
    if payment_id is None:
        return
    payment = find(uow, Payment, payment_id)
    payment.evidence = "claimed"
    uow.session.flush()
    if made and payment.voided_at is None:
        void_payment(uow, payment.id, "The match with the bank was taken back")


def _new_of(uow: UnitOfWork, came: Sequence[BankEntry]) -> dict[str, BankEntry]:
    """By digest, those that no file has brought yet."""
    by_digest = {_digest(entry, place): entry for entry, place in occurrences(came)}
    known = uow.session.scalars(
        select(BankRow.digest).where(BankRow.business_id == uow.business_id, BankRow.digest.in_(by_digest))
    )
    for digest in known:
        del by_digest[digest]
    return by_digest


def _store_rows(uow: UnitOfWork, statement_id: int, new: Mapping[str, BankEntry]) -> None:
    values = [
        {
            "business_id": uow.business_id, "statement_id": statement_id, "digest": digest, "day": entry.day,
            "amount_paise": entry.paise, "bank_reference": entry.reference, "words": entry.words, "state": "open",
            "made_payment": False, "is_sure": False, "reason": "", "version": 1,
        }
        for digest, entry in new.items()
    ]  # fmt: skip
    if values:
        uow.session.execute(insert(BankRow), values)


def _digest(entry: BankEntry, place: int) -> str:
    parts = (entry.day.isoformat(), str(entry.paise), entry.reference, entry.words, str(place))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _open_row(uow: UnitOfWork, row_id: Any, version: Any) -> BankRow:
    row = find(uow, BankRow, row_id)
    same_version(version, row.version)
    if row.state != "open":
        raise Conflict("Somebody has decided about this one already.", remedy="Look at the list again.")
    return row


def _prove(uow: UnitOfWork, row: BankRow, payment: Payment, *, is_sure: bool) -> None:
    """What the desk had noted did arrive."""
    if payment.voided_at is not None or payment.evidence != "claimed" or payment.mode not in THROUGH_BANK:
        raise Conflict("That payment cannot be proven any more.", remedy="Look at the list again.")
    if payment.amount_paise != row.amount_paise:
        raise Conflict("The bank says another amount.", remedy="Correct the payment first, or choose another one.")
    payment.evidence = "statement"
    _decide(uow, row, "matched", payment=payment, is_sure=is_sure)


def _pay(uow: UnitOfWork, row: BankRow, document: Document, *, is_sure: bool) -> None:
    """Nobody had noted it: it pays the bill now."""
    if is_sure and due_of(document) != row.amount_paise:
        raise Conflict("Another amount is due by now.", remedy="Look at the list again.")
    key = f"bank-row:{row.id}:{row.version}"
    mode = "upi" if "UPI" in row.words.upper() else "bank"
    part = PaidPart(mode, f"{row.amount_paise // 100}.{row.amount_paise % 100:02d}", row.bank_reference)
    try:
        take_payment(uow, TakePayment(document.id, [part], key))
    except Invalid as error:
        raise Conflict(" ".join(error.fields.values()) or error.message, remedy="Choose another bill.") from None
    query = select(Payment).where(Payment.business_id == uow.business_id, Payment.request_key == f"{key}:0")
    payment = uow.session.scalars(query).one()
    payment.evidence = "statement"
    _decide(uow, row, "matched", payment=payment, is_sure=is_sure, made=True)


def _by_number(uow: UnitOfWork, row: BankRow, raw_number: Any) -> None:
    """The bill that somebody named: its noted payment of that amount, else the bill itself."""
    reader = Reader()
    number = reader.text("number", raw_number, "Number of the bill", limit=20)
    reader.done()
    plain = func.regexp_replace(func.upper(Document.number), "[^A-Z0-9]", "", "g")
    query = select(Document).where(
        Document.business_id == uow.business_id, plain == reference_of(number), Document.kind.in_(OWED)
    )
    found = uow.session.scalars(query.with_for_update().limit(2)).all()
    if len(found) != 1:
        raise Invalid(fields={"number": "There is no such bill. Type its number as it stands on it."})
    noted = uow.session.scalars(
        select(Payment)
        .join(Allocation, (Allocation.business_id == Payment.business_id) & (Allocation.payment_id == Payment.id))
        .where(
            Allocation.business_id == uow.business_id,
            Allocation.document_id == found[0].id,
            Payment.amount_paise == row.amount_paise,
            Payment.evidence == "claimed",
            Payment.voided_at.is_(None),
            Payment.mode.in_(THROUGH_BANK),
        )
        .with_for_update()
    ).all()
    if noted:
        _prove(uow, row, noted[0], is_sure=False)
    else:
        _pay(uow, row, found[0], is_sure=False)


def _decide(
    uow: UnitOfWork,
    row: BankRow,
    state: str,
    *,
    payment: Payment | None = None,
    reason: str = "",
    is_sure: bool = False,
    made: bool = False,
) -> None:
    row.state, row.reason, row.is_sure, row.made_payment = state, reason, is_sure, made
    row.payment_id = payment.id if payment is not None else None
    row.member_id, row.decided_at = (None, None) if state == "open" else (uow.actor.member_id, uow.now)
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit(f"bank.{state}", "bank_row", row.id, amount=row.amount_paise, payment=row.payment_id)
