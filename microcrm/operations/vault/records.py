"""A form is filled in about a customer, or what was filled in is corrected; the text is sealed before it reaches a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecordUnreadable, SealBroken
from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import is_signed, read_answers, split
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import is_clear, may
from microcrm.domain.signatures import Signing
from microcrm.domain.trades import Trade
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.models.vault import SealedRecord, SealedVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.form_versions import IssuedForm, find_version, versions_by_id
from microcrm.operations.parts.rows import same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_record, key_for_writing

_EARLIEST = date(1950, 1, 1)
STILL_TAKEN = timedelta(days=1)  # after another version has taken its place, for a form that was begun before


@dataclass(frozen=True, slots=True)
class AddRecord:
    """As typed; ``values`` by the names of the form's fields. ``form_version``: the number of the version that was on the screen.
    ``fill_key``: made by the screen when the form was opened, so that a press that arrives twice is stored once."""

    customer_id: Any
    form_id: Any
    form_version: Any
    day: Any
    values: Any = field(repr=False)
    fill_key: Any = None


@dataclass(frozen=True, slots=True)
class CorrectRecord:
    """``version``: the one that was read before it was corrected. It is asked what the version of the form asked then."""

    record_id: Any
    version: Any
    day: Any
    values: Any = field(repr=False)


def add_record(uow: UnitOfWork, command: AddRecord, sealer: Sealer) -> int:
    """Returns the record's id. Raises: Invalid, NotFound, Forbidden (a form that the role does not fill), Conflict when the form
    has had another version for longer than a day."""
    uow.require(Permission.RECORDS_WRITE)
    customer_id = find_customer(uow, command.customer_id, is_kept=True)
    form = _fillable(uow, command.form_id, command.form_version)
    day, answers = read_filled(uow, form, command.day, command.values)
    record_id = store_record(uow, customer_id, form, day, answers, sealer, _fill_key(command.fill_key))
    return _stored_before(uow, customer_id, command.fill_key) if record_id is None else record_id


def store_record(
    uow: UnitOfWork,
    customer_id: int,
    form: IssuedForm,
    day: date,
    answers: dict[str, str],
    sealer: Sealer,
    fill_key: str | None = None,
) -> int | None:
    """A step of operations that have read what was filled in. Returns the record's id; nothing when the press of that ``fill_key``
    was stored before. Raises: RecordUnreadable."""
    row = {
        "business_id": uow.business_id, "customer_id": customer_id, "form_id": form.form_id, "kind": form.code,
        "happened_on": day, "member_id": uow.actor.member_id, "created_at": uow.now, "version": 1,
        "is_clear": is_clear(form.code, answers), "fill_key": fill_key,
    }  # fmt: skip
    once = insert(SealedRecord).values(row).on_conflict_do_nothing(index_elements=["business_id", "fill_key"])
    record_id = uow.session.execute(once.returning(SealedRecord.id)).scalar_one_or_none()
    if record_id is None:
        return None
    _store(uow, _Filled(record_id, customer_id, 1, form), answers, sealer)
    uow.audit("record.added", "customer_records", customer_id, record=record_id, kind=form.code, form=form.form_id)
    return record_id


def correct_record(uow: UnitOfWork, command: CorrectRecord, sealer: Sealer) -> int:
    """Returns the new version. Raises: Conflict when somebody else has corrected it meanwhile, and what `add_record` does."""
    uow.require(Permission.RECORDS_WRITE)
    record, form = find_record(uow, command.record_id)
    if not may(form.writers, uow.actor.role):
        raise Forbidden
    same_version(command.version, record.version)
    record.happened_on, answers = read_filled(uow, form, command.day, command.values)
    record.version, record.is_clear = record.version + 1, is_clear(form.code, answers)
    uow.session.flush()
    _store(uow, _Filled(record.id or 0, record.customer_id, record.version, form), answers, sealer)
    facts = {"record": record.id, "kind": record.kind, "version": record.version}
    uow.audit("record.corrected", "customer_records", record.customer_id, **facts)
    return record.version


def trade_of(uow: UnitOfWork) -> Trade:
    query = select(Business.trade).where(Business.id == uow.business_id)
    return Trade(uow.session.scalars(query).one())


def find_customer(uow: UnitOfWork, raw_id: Any, *, is_kept: bool = False) -> int:
    """The id of a customer that this person may see. ``is_kept``: who is merged with nobody until the transaction ends, because
    what is sealed for one customer opens for no other. Raises: NotFound."""
    reader = Reader()
    wanted = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor)
    )
    if is_kept:
        query = query.with_for_update(of=Customer, read=True, key_share=True)
    found = None if reader.errors else uow.session.scalars(query).first()
    if found is None:
        raise NotFound("We could not find that customer.")
    return found


def find_record(uow: UnitOfWork, raw_id: Any) -> tuple[SealedRecord, IssuedForm]:
    """Locked; with the version of the form that it answers, which is read once nobody else can correct it. Raises: NotFound."""
    reader = Reader()
    wanted = reader.id("record_id", raw_id, "Record")
    query = (
        select(SealedRecord)
        .join(Customer, (Customer.business_id == SealedRecord.business_id) & (Customer.id == SealedRecord.customer_id))
        .where(SealedRecord.business_id == uow.business_id, SealedRecord.id == wanted, visible_customers(uow.actor))
        .with_for_update(of=SealedRecord)
        .execution_options(populate_existing=True)
    )
    record = None if reader.errors else uow.session.scalars(query).first()
    if record is None:
        raise NotFound("We could not find that record.")
    answered = select(SealedVersion.form_version_id).where(
        SealedVersion.business_id == uow.business_id, SealedVersion.record_id == record.id,
        SealedVersion.version == record.version,
    )  # fmt: skip
    version_id = uow.session.execute(answered).scalar_one()
    return record, versions_by_id(uow, [version_id])[version_id]


@dataclass(frozen=True, slots=True)
class _Filled:
    """What the answers belong to."""

    record_id: int
    customer_id: int
    version: int
    form: IssuedForm


def _fillable(uow: UnitOfWork, raw_form: Any, raw_number: Any) -> IssuedForm:
    """The version that was on the screen, though a newer one was published while it was being filled in: what somebody has read
    and signed is what counts, and nothing typed is lost."""
    reader = Reader()
    form_id, number = reader.id("form_id", raw_form, "Form"), reader.id("form_version", raw_number, "Version")
    found = None if reader.errors else find_version(uow, form_id, min(number, 1_000_000))
    if found is None:
        raise Invalid("This business has no such form.", remedy="Choose one of the forms on the page.")
    form, ended_at = found
    if not may(form.writers, uow.actor.role):
        raise Forbidden
    if ended_at is not None and uow.now - ended_at > STILL_TAKEN:
        raise Conflict(
            "This form has been changed since you opened it.", remedy="Open it again and fill in the new one."
        )
    return form


def _fill_key(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and 16 <= len(raw) <= 64 and raw.isascii() and raw.isprintable() else None


def _stored_before(uow: UnitOfWork, customer_id: int, fill_key: Any) -> int:
    """The same press of Save, come once more. Another customer's key is nobody's business."""
    query = select(SealedRecord.id).where(
        SealedRecord.business_id == uow.business_id, SealedRecord.fill_key == fill_key,
        SealedRecord.customer_id == customer_id, SealedRecord.member_id == uow.actor.member_id,
    )  # fmt: skip
    found = uow.session.execute(query).scalar_one_or_none()
    if found is None:
        raise Conflict
    return found


def read_filled(uow: UnitOfWork, form: IssuedForm, raw_day: Any, raw: Any) -> tuple[date, dict[str, str]]:
    """Day and answers, as they are kept. Raises: Invalid, at the names of the fields."""
    reader = Reader()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    day = reader.day("day", raw_day, form.text.day_label, earliest=_EARLIEST, latest=today)
    signing = Signing(uow.now, form.fingerprint, uow.actor.zone)
    answers = read_answers(form.text, raw if isinstance(raw, Mapping) else {}, reader, signing)
    reader.done()
    return day, answers


def _store(uow: UnitOfWork, filled: _Filled, answers: dict[str, str], sealer: Sealer) -> None:
    sealed, plain = split(filled.form.text, answers)
    row = SealedVersion(
        business_id=uow.business_id, record_id=filled.record_id, version=filled.version, plain=plain,
        form_version_id=filled.form.version_id, member_id=uow.actor.member_id, at=uow.now,
        signed_at=uow.now if is_signed(filled.form.text, answers) else None,
    )  # fmt: skip
    if sealed:
        try:
            key = key_for_writing(uow, filled.customer_id, sealer)
        except SealBroken:
            raise RecordUnreadable("Nothing can be sealed for this customer: the key does not open.") from None
        about = about_record(uow.business_id, filled.customer_id, filled.form.code, filled.record_id, filled.version)
        row.generation = key.generation
        row.sealed = key.seal.seal(json.dumps(sealed, ensure_ascii=False).encode(), about)
    uow.session.add(row)
    uow.session.flush()
