"""The ledger of consents, for other operations: whether a customer agrees to something, and writing down what they said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from microcrm.domain.consent import (
    ENGLISH,
    PURPOSES,
    ConsentPurpose,
    Decision,
    Entry,
    Way,
    digest_of,
    notice_text,
    permits,
    standing,
)
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.guardian import Guardian
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.consents import Consent, ConsentNotice
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

_TRIES = 3
_SAID = fixed("""
SELECT c.id AS customer_id, c.birthday, s.id, s.purpose, s.decision, s.day, s.until, s.voids_id, s.guardian_name
FROM customers c
LEFT JOIN consents s ON s.business_id = :business AND s.customer_id = c.id AND s.purpose = :purpose
WHERE c.business_id = :business AND c.id = ANY(:customers)
""")


@dataclass(frozen=True, slots=True)
class NoticeInUse:
    """``id`` and ``version`` are none until somebody has agreed to this very text."""

    text: str
    id: int | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer said, or ``guardian`` for them. ``until``: the last day of a yes that ends by itself. ``evidence``: its proof."""

    customer_id: int
    purpose: ConsentPurpose
    decision: Decision
    way: Way
    day: date
    until: date | None = None
    evidence: str = ""
    guardian: Guardian | None = None


def has_consent(uow: UnitOfWork, customer_id: int, purpose: ConsentPurpose) -> bool:
    """Whether it may be done today: agreed to (or, where no consent is needed, not objected to), not run out, and no advertising
    to children. False for a customer whom this business does not have. One statement."""
    return customer_id in who_consent(uow, [customer_id], purpose)


def who_consent(uow: UnitOfWork, customer_ids: Iterable[int], purpose: ConsentPurpose) -> set[int]:
    """The same for many: those of them for whom it may be done today. One statement; a thousand at a time."""
    values = {"business": uow.business_id, "customers": list(customer_ids), "purpose": purpose.value}
    entries: dict[int, list[Entry]] = {}
    birthdays: dict[int, date | None] = {}
    for row in run(uow.session.connection(), _SAID, values):
        birthdays[row.customer_id] = row.birthday
        own = entries.setdefault(row.customer_id, [])
        if row.id is not None:
            own.append(entry_of(row))
    today = today_in(zone_of(uow.actor.zone), uow.now)
    return {
        customer_id
        for customer_id, own in entries.items()
        if permits(purpose, standing(own).get(purpose), today, birthdays[customer_id])
    }


@dataclass(frozen=True, slots=True)
class Noted:
    """``event_id``: in the log."""

    consent_id: int
    event_id: int


def note_consent(uow: UnitOfWork, said: Said) -> Noted:
    """Write it down, with the text in use. The caller has locked the customer's row."""
    notice_id = None if said.decision is Decision.VOID else _notice_for(uow, said.purpose)
    row = Consent(
        business_id=uow.business_id, customer_id=said.customer_id, purpose=said.purpose.value, decision=said.decision.value,
        way=said.way.value, day=said.day, until=said.until, notice_id=notice_id, member_id=uow.actor.member_id,
        evidence=said.evidence, at=uow.now, **_guardian_columns(said.guardian),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    facts = {"purpose": said.purpose.value, "consent": row.id}
    return Noted(row.id or 0, uow.audit(f"consent.{said.decision.value}", "consent", said.customer_id, **facts))


def _guardian_columns(guardian: Guardian | None) -> dict[str, Any]:
    if guardian is None:
        return {}
    bond, proof = guardian.bond.value, guardian.proof.value
    return {
        "guardian_id": guardian.customer_id, "guardian_name": guardian.name, "guardian_bond": bond, "guardian_proof": proof,
    }  # fmt: skip


def person_asked(uow: UnitOfWork, raw_id: Any, *, is_locked: bool = False) -> Row[Any]:
    """Id and birthday of a customer whom this person may see. Locked: of two who record at the same time the second sees what
    the first did. Raises: NotFound."""
    reader = Reader()
    wanted = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer.id, Customer.birthday).where(
        Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor)
    )
    if is_locked:
        query = query.with_for_update(of=Customer, key_share=True)
    found = None if reader.errors else uow.session.execute(query).first()
    if found is None:
        raise NotFound("We could not find that customer.")
    return found


def entries_of(uow: UnitOfWork, customer_id: int) -> list[Entry]:
    columns = (
        Consent.id,
        Consent.purpose,
        Consent.decision,
        Consent.day,
        Consent.until,
        Consent.voids_id,
        Consent.guardian_name,
    )
    query = select(*columns).where(Consent.business_id == uow.business_id, Consent.customer_id == customer_id)
    return [entry_of(row) for row in uow.session.execute(query)]


def entry_of(row: Any) -> Entry:
    return Entry(row.id, row.purpose, Decision(row.decision), row.day, row.until, row.voids_id, bool(row.guardian_name))


def notices_in_use(uow: UnitOfWork, language: str = ENGLISH) -> dict[ConsentPurpose, NoticeInUse]:
    """What a customer is told today. A text that somebody of the business wrote stands until the next one; otherwise it is
    MicroCRM's own, with the name of the shop. Two statements."""
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    notice = ConsentNotice
    query = (
        select(notice.purpose, notice.id, notice.version, notice.text, notice.member_id)
        .ext(distinct_on(notice.purpose))
        .where(notice.business_id == uow.business_id, notice.language == language)
        .order_by(notice.purpose, notice.version.desc())
    )
    latest = {row.purpose: row for row in uow.session.execute(query)}
    found = {}
    for purpose, rule in PURPOSES.items():
        own, row = notice_text(rule, shop), latest.get(purpose.value)
        if row is not None and (row.member_id is not None or row.text == own):
            found[purpose] = NoticeInUse(row.text, row.id, row.version)
        else:
            found[purpose] = NoticeInUse(own, None, None)
    return found


def _notice_for(uow: UnitOfWork, purpose: ConsentPurpose) -> int:
    """The id of the text in use; stored as the next version when nobody has agreed to it yet."""
    for _ in range(_TRIES):
        in_use = notices_in_use(uow)[purpose]
        if in_use.id is not None:
            return in_use.id
        last = (
            select(ConsentNotice.version)
            .where(
                ConsentNotice.business_id == uow.business_id,
                ConsentNotice.purpose == purpose.value,
                ConsentNotice.language == ENGLISH,
            )
            .order_by(ConsentNotice.version.desc())
            .limit(1)
        )
        version = (uow.session.scalars(last).first() or 0) + 1
        row = {
            "business_id": uow.business_id, "purpose": purpose.value, "language": ENGLISH, "version": version,
            "text": in_use.text, "digest": digest_of(in_use.text), "at": uow.now,
        }  # fmt: skip
        key = ["business_id", "purpose", "language", "version"]
        uow.session.connection().execute(insert(ConsentNotice).values(**row).on_conflict_do_nothing(index_elements=key))
    raise Conflict
