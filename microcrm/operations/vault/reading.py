"""What is known of a customer's records without opening them; and opening them, for a purpose that is written down first."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, any_, func, insert, literal, select, text

from microcrm.domain.errors import Forbidden, NotFound, RecordErased, RecordUnreadable, SealBroken
from microcrm.domain.fields import LINE, Reader
from microcrm.domain.form_fields import Shown, has_measures, shown
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.sealed_records import COMPARED, PRINTED, Purpose, RecordKind, may
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.models.form_links import FormLink
from microcrm.models.forms import Form
from microcrm.models.vault import CustomerKey, RecordOpening, SealedRecord, SealedVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.form_versions import IssuedForm, issued_forms, versions_by_id
from microcrm.operations.parts.together import Part, read_part
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_record, open_customer_key
from microcrm.operations.vault.records import find_customer, find_record

MOST_AT_ONCE = 50
_MOST_LISTED = 200
_SHOWN_OPENINGS = 20
WEEK = timedelta(days=7)
BY_LINK = "the customer"


@dataclass(frozen=True, slots=True)
class RecordLine:
    """``author`` of the latest version, "the customer" of one that came by a link; ``is_erased``: its key was destroyed. ``plain``: the
    answers that are not sensitive. ``has_numbers``: it can be drawn over time. ``has_sealed``: there is more to open."""

    id: int
    form_id: int
    label: str
    day: date
    author: str
    version: int
    written_at: datetime
    is_erased: bool
    may_open: bool
    may_correct: bool
    signed_at: datetime | None
    has_sealed: bool
    plain: tuple[Shown, ...]
    has_numbers: bool


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One time that somebody opened records: how many of which kind."""

    at: datetime
    who: str
    label: str
    count: int
    purpose: str
    words: str


@dataclass(frozen=True, slots=True)
class RecordList:
    """``writable``: the forms that this person may fill in. ``openings`` are for those who may see the activity log; ``this_week``
    counts every record that was opened in seven days."""

    lines: tuple[RecordLine, ...]
    writable: tuple[IssuedForm, ...]
    this_week: int
    openings: tuple[OpeningLine, ...]


@dataclass(frozen=True, slots=True)
class OpenRecords:
    """As sent. ``words``: why, where the purpose is none of the list. ``version``: an earlier one, of a single record. ``is_printed``:
    it goes on paper, which the log says."""

    records: Any
    purpose: Any
    words: Any = ""
    version: Any = ""
    is_printed: bool = False


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """``version`` of ``latest``, by whom (``author``, "the customer" of one that came by a link) and when; it answers ``form``."""

    id: int
    version: int
    latest: int
    author: str
    written_at: datetime
    form: IssuedForm = field(repr=False)
    day: date
    fields: tuple[Shown, ...] = field(repr=False)

    @property
    def title(self) -> str:
        return self.form.text.title


def list_records(uow: UnitOfWork, customer_id: Any) -> RecordList:
    """The newest 200; four or five statements more than finding the customer."""
    uow.require(Permission.RECORDS_OPEN)
    customer = find_customer(uow, customer_id)
    role, may_write = uow.actor.role, uow.may(Permission.RECORDS_WRITE)
    forms = issued_forms(uow)
    rows = uow.session.execute(_lines(uow, customer)).all()
    known = {form.version_id: form for form in forms}
    older = {row.form_version_id for row in rows} - known.keys()
    known |= versions_by_id(uow, older) if older else {}
    lines = tuple(_line(row, known[row.form_version_id], role, may_write) for row in rows)
    writable = tuple(form for form in forms if may_write and may(form.writers, role))
    count, openings = _openings(uow, customer)
    return RecordList(lines, writable, count, openings)


def form_of_record(uow: UnitOfWork, record_id: Any) -> IssuedForm:
    """What a correction is asked: the version of the form that the record answers. Raises: NotFound, Forbidden."""
    uow.require(Permission.RECORDS_WRITE)
    _, form = find_record(uow, record_id)
    if not may(form.writers, uow.actor.role):
        raise Forbidden
    return form


def last_allergy(uow: UnitOfWork, raw_customer_id: Any) -> date | None:
    """The day of the latest allergy that can be opened: that there is one must be seen before anything is opened. Nothing for
    roles that do not read allergies, and for customers whom this person may not see. One statement."""
    uow.require(Permission.RECORDS_OPEN)
    reader = Reader()
    wanted = reader.id("customer_id", raw_customer_id, "Customer")
    return None if reader.errors else read_part(uow, allergy_part(uow, wanted))


def allergy_part(uow: UnitOfWork, wanted: int) -> Part[date | None]:
    """For operations that have asked already who may see the customer; nothing for those who open no records."""
    record, version, key = SealedRecord, SealedVersion, CustomerKey
    query = (
        select(func.max(record.happened_on).label("day"))
        .join(Customer, (Customer.business_id == record.business_id) & (Customer.id == record.customer_id))
        .join(Form, (Form.business_id == record.business_id) & (Form.id == record.form_id))
        .join(version, _latest_version())
        .join(key, _key_of_version() & key.sealed.is_not(None))
        .where(
            record.business_id == uow.business_id, record.customer_id == wanted, record.kind == RecordKind.ALLERGY.value,
            visible_customers(uow.actor),
        )
    )  # fmt: skip
    if uow.actor.role is not None:
        query = query.where(literal(uow.actor.role.value) == any_(Form.readers))
    return Part(query if uow.may(Permission.RECORDS_OPEN) else None, lambda rows: rows[0].day if rows else None)


def _latest_version() -> Any:
    record, version = SealedRecord, SealedVersion
    same = (version.business_id == record.business_id) & (version.record_id == record.id)
    return same & (version.version == record.version)


def _key_of_version() -> Any:
    record, version, key = SealedRecord, SealedVersion, CustomerKey
    same = (key.business_id == record.business_id) & (key.customer_id == record.customer_id)
    return same & (key.generation == version.generation)


def _lines(uow: UnitOfWork, customer_id: int) -> Any:
    record, version, key = SealedRecord, SealedVersion, CustomerKey
    return (
        select(
            record.id, record.happened_on, record.version, version.at, Member.name.label("author"), key.destroyed_at,
            version.form_version_id, version.signed_at, version.plain, version.generation,
            (FormLink.id.is_not(None) & (record.version == 1)).label("is_by_link"),
        )
        .join(version, _latest_version())
        .outerjoin(Member, (Member.business_id == record.business_id) & (Member.id == version.member_id))
        .outerjoin(key, _key_of_version())
        .outerjoin(FormLink, (FormLink.business_id == record.business_id) & (FormLink.record_id == record.id))
        .where(record.business_id == uow.business_id, record.customer_id == customer_id)
        .order_by(record.happened_on.desc(), record.id.desc())
        .limit(_MOST_LISTED)
    )  # fmt: skip


def _line(row: Row[Any], form: IssuedForm, role: Role | None, may_write: bool) -> RecordLine:
    is_erased = row.destroyed_at is not None or (row.generation is None and not row.plain)
    may_read = not is_erased and may(form.readers, role)
    author = BY_LINK if row.is_by_link else row.author or "MicroCRM"
    return RecordLine(
        id=row.id, form_id=form.form_id, label=form.text.title, day=row.happened_on, author=author,
        version=row.version, written_at=row.at, is_erased=is_erased, may_open=may_read,
        may_correct=may_read and may_write and may(form.writers, role), signed_at=row.signed_at,
        has_sealed=row.generation is not None, plain=shown(form.text, row.plain) if may_read else (),
        has_numbers=has_measures(form.text),
    )  # fmt: skip


def _openings(uow: UnitOfWork, customer_id: int) -> tuple[int, tuple[OpeningLine, ...]]:
    opening = RecordOpening
    mine = (opening.business_id == uow.business_id, opening.customer_id == customer_id)
    counted = select(func.count()).select_from(opening).where(*mine, opening.at > uow.now - WEEK)
    count = uow.session.execute(counted).scalar_one()
    if not uow.may(Permission.ACTIVITY_VIEW):
        return count, ()
    record = SealedRecord
    query = (
        select(
            opening.at, Member.name, Form.name.label("form"), func.count().label("many"), opening.purpose, opening.words
        )
        .join(record, (record.business_id == opening.business_id) & (record.id == opening.record_id))
        .join(Form, (Form.business_id == record.business_id) & (Form.id == record.form_id))
        .outerjoin(Member, (Member.business_id == opening.business_id) & (Member.id == opening.member_id))
        .where(*mine)
        .group_by(opening.at, Member.name, Form.name, opening.purpose, opening.words)
        .order_by(opening.at.desc(), Form.name)
        .limit(_SHOWN_OPENINGS)
    )
    rows = uow.session.execute(query)
    return count, tuple(OpeningLine(r.at, r.name or "MicroCRM", r.form, r.many, r.purpose, r.words) for r in rows)


_FOR_OPENING = text("""
SELECT r.id, r.kind, r.customer_id, r.happened_on, r.version AS latest, v.version, v.sealed AS text_sealed, v.plain,
       v.form_version_id, v.at, m.name AS author, v.version = 1 AND EXISTS (
         SELECT FROM form_links l WHERE l.business_id = r.business_id AND l.record_id = r.id
       ) AS is_by_link, k.generation, k.sealed, k.destroyed_at,
       b.generation AS owner_generation, b.sealed AS owner_sealed
FROM sealed_records r
JOIN sealed_versions v ON v.business_id = r.business_id AND v.record_id = r.id
     AND v.version = coalesce(CAST(:version AS integer), r.version)
LEFT JOIN members m ON m.business_id = v.business_id AND m.id = v.member_id
LEFT JOIN keys.customer_keys k ON k.business_id = r.business_id AND k.customer_id = r.customer_id
     AND k.generation = v.generation
LEFT JOIN keys.business_keys b ON b.business_id = k.business_id AND b.id = k.business_key_id
WHERE r.business_id = :business AND r.id = ANY(:ids)
""")


def open_records(uow: UnitOfWork, command: OpenRecords, sealer: Sealer) -> tuple[OpenedRecord, ...]:
    """Records of one customer, at most 50, as they are now or one as it once was. The opening is logged in the same transaction:
    what cannot be logged is not opened. Raises: Invalid, NotFound, Forbidden, RecordErased, RecordUnreadable."""
    uow.require(Permission.RECORDS_OPEN)
    ids, version, purpose, words = _read(command)
    wanted = {"business": uow.business_id, "ids": list(ids), "version": version}
    rows = list(uow.session.execute(_FOR_OPENING, wanted))
    customers = {row.customer_id for row in rows}
    if len(rows) != len(ids) or len(customers) != 1 or not _is_visible(uow, *customers):
        raise NotFound("We could not find that record.")
    forms = versions_by_id(uow, {row.form_version_id for row in rows})
    if not all(may(form.readers, uow.actor.role) for form in forms.values()):
        raise Forbidden("Your role does not open records of that kind.", remedy="Ask an owner of the business.")
    opened = tuple(_open(uow, row, forms[row.form_version_id], sealer) for row in rows)
    _log(uow, rows, purpose, f"{PRINTED} {words}".strip()[:LINE] if command.is_printed else words)
    return opened


def _read(command: OpenRecords) -> tuple[tuple[int, ...], int | None, Purpose, str]:
    reader = Reader()
    ids = reader.ids("records", command.records, "Records", limit=MOST_AT_ONCE)
    if not ids:
        reader.refuse("records", "Choose what to open.")
    version = reader.optional_number("version", command.version, "Version", low=1, high=1_000_000)
    if version is not None and len(ids) > 1:
        reader.refuse("version", "Earlier versions open one at a time.")
    purpose = reader.choice("purpose", command.purpose, "Why", [one.value for one in Purpose])
    is_other = purpose == Purpose.OTHER
    words = reader.text("words", command.words, "Your own words", limit=LINE, least=4, required=is_other)
    if words.startswith((COMPARED, PRINTED)):  # as the log itself says what was done
        reader.refuse("words", "Say it in other words.")
    reader.done()
    return ids, version, Purpose(purpose), words


def _is_visible(uow: UnitOfWork, customer_id: int) -> bool:
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    return uow.session.scalars(query).first() is not None


def _open(uow: UnitOfWork, row: Row[Any], form: IssuedForm, sealer: Sealer) -> OpenedRecord:
    if row.destroyed_at is not None:
        raise RecordErased
    answers = dict(row.plain)
    if row.text_sealed is not None:
        answers |= _unsealed(uow, row, sealer)
    author = BY_LINK if row.is_by_link else row.author or "MicroCRM"
    return OpenedRecord(
        row.id, row.version, row.latest, author, row.at, form, row.happened_on, shown(form.text, answers)
    )


def _unsealed(uow: UnitOfWork, row: Row[Any], sealer: Sealer) -> dict[str, str]:
    try:
        if row.sealed is None or row.owner_sealed is None:
            raise SealBroken
        key = open_customer_key(uow.business_id, row.customer_id, row, sealer)
        about = about_record(uow.business_id, row.customer_id, row.kind, row.id, row.version)
        return dict(json.loads(key.seal.open(row.text_sealed, about)))
    except SealBroken:
        raise RecordUnreadable from None


def _log(uow: UnitOfWork, rows: list[Row[Any]], purpose: Purpose, words: str) -> None:
    mine = {"business_id": uow.business_id, "member_id": uow.actor.member_id, "at": uow.now}
    why = {"purpose": purpose.value, "words": words}
    lines = [mine | why | {"customer_id": r.customer_id, "record_id": r.id, "version": r.version} for r in rows]
    uow.session.execute(insert(RecordOpening), lines)
    kinds = sorted({row.kind for row in rows})
    facts = {"records": [row.id for row in rows], "kinds": kinds, "purpose": purpose.value}
    uow.audit("record.opened", "customer_records", rows[0].customer_id, **facts)
