"""What a customer agreed to: the lights of their page with the story behind each, and writing down a yes, a no or a withdrawal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import aliased

from microcrm.domain.consent import (
    PURPOSES,
    ConsentPurpose,
    Decision,
    Entry,
    Light,
    Way,
    is_child,
    light,
    standing,
)
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import LINE, Reader
from microcrm.domain.guardian import AdultProof, Bond, Guardian
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Member
from microcrm.models.consents import Consent, ConsentNotice
from microcrm.models.customers import Customer
from microcrm.models.records import Undo
from microcrm.operations.consent_guardians import read_guardian
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.consent import Said, entries_of, entry_of, note_consent, notices_in_use, person_asked
from microcrm.operations.parts.together import Part, Rows
from microcrm.operations.unit_of_work import UnitOfWork

_EARLIEST = date(2000, 1, 1)
_LONGEST = timedelta(days=3653)  # ten years
_DECISIONS = (Decision.GIVEN.value, Decision.REFUSED.value, Decision.WITHDRAWN.value)
_LABELS = {
    Decision.GIVEN: "consent given",
    Decision.REFUSED: "consent refused",
    Decision.WITHDRAWN: "consent withdrawn",
}


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """As typed. ``decision``: given, refused or withdrawn; ``day``: when the customer said so, today when left empty;
    ``until``: the last day of a consent that ends by itself, or nothing; ``evidence``: what proves it, or nothing. ``by``: who said
    so: nothing (the customer), the id of a parent or guardian who is a customer, or "other", who is named with their bond and by what
    the shop knows that they are of age (`domain/guardian.py`)."""

    customer_id: Any
    purpose: Any
    decision: Any
    way: Any
    day: Any = ""
    until: Any = ""
    evidence: Any = ""
    by: Any = ""
    guardian_name: Any = ""
    guardian_bond: Any = ""
    guardian_proof: Any = ""


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """``undo``: the token that takes it back, or empty when it was known already."""

    label: str
    decision: Decision
    undo: str = ""


@dataclass(frozen=True, slots=True)
class ConsentStep:
    """One record of a purpose, the latest first. ``is_void``: taken back as a mistake. ``who`` wrote it down. ``guardian``: who spoke
    for the customer, with the id of the record that is theirs today."""

    id: int
    decision: Decision
    day: date
    until: date | None
    way: Way
    who: str
    at: datetime
    notice_version: int | None
    evidence: str
    is_void: bool
    guardian: Guardian | None = None


@dataclass(frozen=True, slots=True)
class ConsentLight:
    """How one purpose stands. ``is_barred``: advertising, and the customer is a child."""

    purpose: ConsentPurpose
    label: str
    light: Light
    day: date | None
    until: date | None
    is_barred: bool


@dataclass(frozen=True, slots=True)
class ConsentLine(ConsentLight):
    """With the story behind it. ``notice``: what the customer is told today, and ``notice_version`` the version of that text, if
    anybody has agreed to it yet."""

    is_asked: bool
    notice: str
    notice_version: int | None
    steps: tuple[ConsentStep, ...]


def consents_of(uow: UnitOfWork, customer_id: Any) -> tuple[ConsentLine, ...]:
    """Each purpose once, in the order of `PURPOSES`. Always four statements. Raises: NotFound."""
    uow.require(Permission.CUSTOMERS_VIEW)
    customer = person_asked(uow, customer_id)
    rows = uow.session.execute(_rows(uow, customer.id)).all()
    notices = notices_in_use(uow)
    return tuple(
        ConsentLine(
            one.purpose, one.label, one.light, one.day, one.until, one.is_barred, PURPOSES[one.purpose].is_asked,
            notices[one.purpose].text, notices[one.purpose].version, _steps(rows, one.purpose),
        )
        for one in _lights(uow, customer.birthday, rows)
    )  # fmt: skip


def lights_part(uow: UnitOfWork, wanted: int) -> Part[tuple[ConsentLight, ...]]:
    """How each purpose stands, for operations that have asked already. Nothing for a customer whom this person may not see."""
    query = (
        select(
            Customer.birthday, Consent.id, Consent.purpose, Consent.decision, Consent.day, Consent.until, Consent.voids_id,
            Consent.guardian_name,
        )
        .outerjoin(Consent, (Consent.business_id == Customer.business_id) & (Consent.customer_id == Customer.id))
        .where(Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor))
    )  # fmt: skip

    def make(rows: Rows) -> tuple[ConsentLight, ...]:
        return _lights(uow, rows[0].birthday, [row for row in rows if row.id is not None]) if rows else ()

    return Part(query, make)


def record_consent(uow: UnitOfWork, command: RecordConsent) -> RecordedConsent:
    """Append-only: a later record counts, the earlier ones stay. The same again changes nothing. Raises: Invalid, NotFound."""
    uow.require(Permission.CONSENTS_RECORD)
    said = _read(uow, command, person_asked(uow, command.customer_id, is_locked=True))
    label = f"{PURPOSES[said.purpose].label}: {_LABELS[said.decision]}"
    before = standing(entries_of(uow, said.customer_id)).get(said.purpose)
    if before is not None and _is_same(before, said):
        return RecordedConsent(label, said.decision)
    noted = note_consent(uow, said)
    undo = uow.undoable(label, "consent", noted.consent_id, before={}, audit_event_id=noted.event_id)
    return RecordedConsent(label, said.decision, str(undo))


def _is_same(before: Entry, said: Said) -> bool:
    """The names of two guardians may differ: either of them answers."""
    same_words = (before.decision, before.day, before.until) == (said.decision, said.day, said.until)
    return same_words and before.is_for_child == (said.guardian is not None)


def put_consent_back(uow: UnitOfWork, undo: Undo) -> None:
    """It was a mistake: a further row says so. Raises: Conflict when something was recorded after it."""
    mine = (Consent.business_id == uow.business_id, Consent.id == undo.entity_id)
    row = uow.session.scalars(select(Consent).where(*mine)).first()
    if row is None:
        raise NotFound
    customer = person_asked(uow, row.customer_id, is_locked=True)
    later = select(Consent.id).where(
        Consent.business_id == uow.business_id, Consent.customer_id == customer.id, Consent.purpose == row.purpose,
        Consent.id > row.id,
    )  # fmt: skip
    if uow.session.scalars(later.limit(1)).first() is not None:
        raise Conflict("Something was recorded after it.", remedy="Record what the customer says now.")
    uow.session.add(
        Consent(
            business_id=uow.business_id, customer_id=row.customer_id, purpose=row.purpose, decision=Decision.VOID.value,
            way=row.way, day=row.day, member_id=uow.actor.member_id, voids_id=row.id, at=uow.now,
        )
    )  # fmt: skip
    uow.session.flush()


def _read(uow: UnitOfWork, command: RecordConsent, customer: Row[Any]) -> Said:
    reader = Reader()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    decision = Decision(reader.choice("decision", command.decision, "Answer", _DECISIONS) or Decision.REFUSED)
    day = reader.optional_day("day", command.day, "Day", earliest=_EARLIEST, latest=today) or today
    until = reader.optional_day("until", command.until, "Last day", earliest=day, latest=today + _LONGEST)
    if until is not None and decision is not Decision.GIVEN:
        reader.refuse("until", "Only a consent that is given can have a last day.")
    said = Said(
        customer.id,
        reader.member("purpose", command.purpose, "Purpose", ConsentPurpose),
        decision,
        reader.member("way", command.way, "Way", Way),
        day,
        until,
        reader.text("evidence", command.evidence, "Proof", limit=LINE, required=False),
        read_guardian(uow, reader, command, customer.id, customer.birthday, decision),
    )
    reader.done()
    return said


def _lights(uow: UnitOfWork, birthday: date | None, rows: Rows) -> tuple[ConsentLight, ...]:
    stand = standing(entry_of(row) for row in rows)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    child = is_child(birthday, today)
    return tuple(
        ConsentLight(
            purpose, rule.label, light(purpose, stand.get(purpose), today, birthday),
            stand[purpose].day if purpose in stand else None, stand[purpose].until if purpose in stand else None,
            rule.is_advertising and child,
        )
        for purpose, rule in PURPOSES.items()
    )  # fmt: skip


def _rows(uow: UnitOfWork, customer_id: int) -> Any:
    consent, notice, guardian = Consent, ConsentNotice, aliased(Customer)
    return (
        select(
            consent.id, consent.purpose, consent.decision, consent.day, consent.until, consent.way, consent.at,
            consent.evidence, consent.voids_id, Member.name.label("who"), notice.version.label("notice_version"),
            consent.guardian_name, consent.guardian_bond, consent.guardian_proof,
            func.coalesce(guardian.merged_into_id, guardian.id).label("guardian_id"),
        )
        .outerjoin(guardian, (guardian.business_id == consent.business_id) & (guardian.id == consent.guardian_id))
        .outerjoin(notice, (notice.business_id == consent.business_id) & (notice.id == consent.notice_id))
        .outerjoin(Member, (Member.business_id == consent.business_id) & (Member.id == consent.member_id))
        .where(consent.business_id == uow.business_id, consent.customer_id == customer_id)
        .order_by(consent.day.desc(), consent.id.desc())
    )  # fmt: skip


def _steps(rows: Any, purpose: ConsentPurpose) -> tuple[ConsentStep, ...]:
    void = {row.voids_id for row in rows if row.voids_id is not None}
    return tuple(
        ConsentStep(
            row.id, Decision(row.decision), row.day, row.until, Way(row.way), row.who or "the customer", row.at,
            row.notice_version, row.evidence, row.id in void, _guardian(row),
        )
        for row in rows
        if row.purpose == purpose and row.decision != Decision.VOID
    )  # fmt: skip


def _guardian(row: Any) -> Guardian | None:
    if not row.guardian_name:
        return None
    return Guardian(row.guardian_name, Bond(row.guardian_bond), AdultProof(row.guardian_proof), row.guardian_id)
