"""Records of one customer become another's: each version is opened with the one's key and sealed with the other's, because its name
(whose it is) is part of the seal. Nothing is shown to anybody, and no opening is logged."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, func, insert, select, update

from microcrm.domain.errors import RecordUnreadable, SealBroken
from microcrm.models.person_files import PersonFile
from microcrm.models.vault import CustomerKey, SealedRecord, SealedVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import OpenKey, about_file_key, about_record, key_for_reading, key_for_writing


def records_of(uow: UnitOfWork, customer_id: int) -> list[int]:
    """Ids of the customer's records."""
    mine = (SealedRecord.business_id == uow.business_id, SealedRecord.customer_id == customer_id)
    return list(uow.session.scalars(select(SealedRecord.id).where(*mine).order_by(SealedRecord.id)))


def give_records(uow: UnitOfWork, records: Sequence[int], giver: int, taker: int, sealer: Sealer) -> None:
    """``records`` of ``giver`` become ``taker``'s. What was erased stays erased: it is tied to a destroyed key of ``taker``.
    Raises: RecordUnreadable, when one does not open; then nothing has moved."""
    versions = _versions(uow, records, giver)
    try:
        keys = {row.generation: _opened(uow, giver, row.generation, sealer) for row in versions}
        new = key_for_writing(uow, taker, sealer) if any(keys.values()) else None
        erased = 0 if all(keys.values()) else _destroyed_key(uow, taker)
        for row in versions:
            key = keys[row.generation]
            values: dict[str, object] = {"generation": erased}
            if key is not None and new is not None:
                said = key.seal.open(row.sealed, _about(uow, giver, row))
                values = {"generation": new.generation, "sealed": new.seal.seal(said, _about(uow, taker, row))}
            one = (SealedVersion.business_id == uow.business_id, SealedVersion.id == row.id)
            uow.session.execute(update(SealedVersion).where(*one).values(values))
    except SealBroken:
        raise RecordUnreadable from None
    mine = (SealedRecord.business_id == uow.business_id, SealedRecord.customer_id == giver)
    own = SealedRecord.id == func.any(list(records))
    uow.session.execute(update(SealedRecord).where(*mine, own).values(customer_id=taker))


def files_of(uow: UnitOfWork, customer_id: int) -> list[int]:
    """Ids of the customer's photos and papers, those that were thrown away among them."""
    mine = (PersonFile.business_id == uow.business_id, PersonFile.customer_id == customer_id)
    return list(uow.session.scalars(select(PersonFile.id).where(*mine).order_by(PersonFile.id)))


def give_files(uow: UnitOfWork, files: Sequence[int], giver: int, taker: int, sealer: Sealer) -> None:
    """The same for photos and papers: the key of each is sealed anew, its bytes in the store stay as they are."""
    mine = (PersonFile.business_id == uow.business_id, PersonFile.customer_id == giver)
    query = select(PersonFile).where(*mine, PersonFile.id == func.any(list(files))).order_by(PersonFile.id)
    rows = uow.session.scalars(query.execution_options(populate_existing=True)).all()
    try:
        keys = {row.generation: _opened(uow, giver, row.generation, sealer) for row in rows}
        new = key_for_writing(uow, taker, sealer) if any(keys.values()) else None
        erased = 0 if all(keys.values()) else _destroyed_key(uow, taker)
        for row in rows:
            key = keys[row.generation]
            row.customer_id, row.generation = taker, erased
            if key is not None and new is not None:
                said = key.seal.open(row.sealed_key, about_file_key(uow.business_id, giver, row.token))
                row.sealed_key = new.seal.seal(said, about_file_key(uow.business_id, taker, row.token))
                row.generation = new.generation
    except SealBroken:
        raise RecordUnreadable("A photo or paper can’t be read: it does not fit its key.") from None
    uow.session.flush()


def _versions(
    uow: UnitOfWork, records: Sequence[int], giver: int
) -> Sequence[Row[tuple[int, int, int, int, bytes, str]]]:
    version, record = SealedVersion, SealedRecord
    query = (
        select(version.id, version.record_id, version.version, version.generation, version.sealed, record.kind)
        .join(record, (record.business_id == version.business_id) & (record.id == version.record_id))
        .where(
            record.business_id == uow.business_id, record.customer_id == giver, record.id == func.any(list(records)),
            version.generation.is_not(None),
        )
        .order_by(version.id)
    )  # fmt: skip
    return uow.session.execute(query).all()


def _about(uow: UnitOfWork, customer_id: int, row: Row[tuple[int, int, int, int, bytes, str]]) -> str:
    return about_record(uow.business_id, customer_id, row.kind, row.record_id, row.version)


def _opened(uow: UnitOfWork, customer_id: int, generation: int, sealer: Sealer) -> OpenKey | None:
    """Nothing for a key that was destroyed; the key is kept until this transaction ends. Raises: SealBroken, also for one that is
    missing altogether."""
    destroyed = select(CustomerKey.destroyed_at).where(
        CustomerKey.business_id == uow.business_id,
        CustomerKey.customer_id == customer_id,
        CustomerKey.generation == generation,
    )
    if uow.session.scalars(destroyed.with_for_update(read=True, key_share=True)).first() is not None:
        return None
    key = key_for_reading(uow, customer_id, generation, sealer)
    if key is None:
        raise SealBroken
    return key


def _destroyed_key(uow: UnitOfWork, customer_id: int) -> int:
    """The generation of a key of this customer that was destroyed; one is made where there is none."""
    mine = (CustomerKey.business_id == uow.business_id, CustomerKey.customer_id == customer_id)
    found = uow.session.scalars(
        select(CustomerKey.generation).where(*mine, CustomerKey.sealed.is_(None)).limit(1)
    ).first()
    if found is not None:
        return found
    last = uow.session.scalars(select(func.coalesce(func.max(CustomerKey.generation), 0)).where(*mine)).one()
    values = {"business_id": uow.business_id, "customer_id": customer_id, "generation": last + 1}
    uow.session.execute(insert(CustomerKey).values(**values, created_at=uow.now, destroyed_at=uow.now))
    return int(last) + 1
