"""New keys for old ones, level by level, in short transactions that can be cut off anywhere.

Nothing has to be remembered between two runs: a key that a newer one should have sealed says so itself. What is not done
yet stays readable with the older key, which goes only once nothing needs it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update

from microcrm.domain.errors import SealBroken
from microcrm.domain.permissions import Permission
from microcrm.models.accounts import User
from microcrm.models.gateway import GatewayAccount
from microcrm.models.imports import CustomerImport
from microcrm.models.messaging import MessagingAccount
from microcrm.models.person_files import PersonFile
from microcrm.models.vault import BusinessKey, CustomerKey, SealedRecord, SealedVersion
from microcrm.operations.accounts.second_step import about_totp
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.store import about_key
from microcrm.operations.messaging import accounts as messaging
from microcrm.operations.online.keys import SECRETS, about_secret
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import (
    OpenKey,
    about_business_key,
    about_customer_key,
    about_file_key,
    about_record,
    business_key,
    make_business_key,
    make_customer_key,
    open_business_key,
)

_ROTATING = 7_266_203  # with the business's id: one rotation of a business at a time
_ALONE = text("SELECT pg_advisory_xact_lock(:key, :business)")


def renew_master(uow: UnitOfWork, sealer: Sealer) -> int:
    """Seal the business's keys, and what is sealed with a master key directly, with the newest one. Returns how many were
    sealed anew. Raises: SealBroken."""
    uow.require(Permission.BUSINESS_EDIT)
    renewed = 0
    query = select(BusinessKey).where(BusinessKey.business_id == uow.business_id).with_for_update(key_share=True)
    for row in uow.session.scalars(query).all():
        about = about_business_key(uow.business_id, row.generation)
        if not sealer.is_newest(row.sealed):
            row.sealed = sealer.seal(sealer.open(row.sealed, about), about)
            renewed += 1
    account = select(GatewayAccount).where(GatewayAccount.business_id == uow.business_id).with_for_update()
    for held in uow.session.scalars(account).all():
        renewed += sum(_renew(held, name, about_secret(uow.business_id, name), sealer) for name in SECRETS)
    twilio = select(MessagingAccount).where(MessagingAccount.business_id == uow.business_id).with_for_update()
    for kept in uow.session.scalars(twilio).all():
        for name in messaging.SECRETS:
            renewed += _renew(kept, name, messaging.about_secret(uow.business_id, name), sealer)
    return renewed + _renew_imports(uow, sealer)


def _renew_imports(uow: UnitOfWork, sealer: Sealer) -> int:
    """Keys of lists of customers that are being brought in."""
    query = select(CustomerImport).where(
        CustomerImport.business_id == uow.business_id, CustomerImport.sealed_key.is_not(None)
    )
    rows = uow.session.scalars(query.with_for_update()).all()
    return sum(_renew(row, "sealed_key", about_key(uow.business_id, row.id or 0), sealer) for row in rows)


def renew_second_steps(uow: UnitOfWork, after: int, sealer: Sealer, limit: int = 500) -> tuple[int, int]:
    """The same for secrets of authenticator apps, of users after an id. In the accounts realm. Returns how many were sealed
    anew, and the id to go on from (0: none left)."""
    uow.require(Permission.BUSINESS_EDIT)
    query = select(User).where(User.id > after, User.totp_sealed.is_not(None)).order_by(User.id).limit(limit)
    users = uow.session.scalars(query.with_for_update()).all()
    renewed = sum(_renew(user, "totp_sealed", about_totp(user), sealer) for user in users)
    return renewed, (users[-1].id or 0) if len(users) == limit else 0


def _renew(row: Any, name: str, about: str, sealer: Sealer) -> bool:
    """What does not open is left: it has to be entered again, and nothing else should wait for that."""
    sealed = getattr(row, name)
    if sealed is None or sealer.is_newest(sealed):
        return False
    try:
        setattr(row, name, sealer.seal(sealer.open(sealed, about), about))
    except SealBroken:
        return False
    return True


def begin_rotation(uow: UnitOfWork, made_before: datetime, sealer: Sealer) -> bool:
    """A new key for the business, if its newest was made before that moment: a run that goes on where another was cut off
    makes no second one. Returns whether customers' keys are to move on."""
    uow.require(Permission.BUSINESS_EDIT)
    _alone(uow)
    rows = _business_keys(uow)
    if not rows:
        return False
    if len(rows) == 1 and rows[0].created_at < made_before:
        make_business_key(uow, rows[0].generation + 1, sealer)
        return True
    return len(rows) > 1


def move_customer_keys(uow: UnitOfWork, sealer: Sealer, limit: int = 500) -> int:
    """Seal so many customers' keys with the business's newest key. Returns how many there were."""
    uow.require(Permission.BUSINESS_EDIT)
    _alone(uow)
    newest = business_key(uow, sealer)
    owners = {row.id: open_business_key(uow.business_id, row, sealer) for row in _business_keys(uow)}
    rows = _left_behind(uow, newest, limit)
    for row in rows:
        _move(uow, row, newest, owners)
    return len(rows)


def renew_records(uow: UnitOfWork, sealer: Sealer, limit: int = 50) -> int:
    """Give so many customers a new key and seal their records with it; the key from before goes. Where a record does not
    open, the customer's key stays and moves on like the others. Returns how many customers there were."""
    uow.require(Permission.BUSINESS_EDIT)
    _alone(uow)
    newest = business_key(uow, sealer)
    owners = {row.id: open_business_key(uow.business_id, row, sealer) for row in _business_keys(uow)}
    customers = list(dict.fromkeys(row.customer_id for row in _left_behind(uow, newest, limit)))
    for customer_id in customers:
        _renew_customer(uow, customer_id, newest, owners, sealer)
    return len(customers)


def end_rotation(uow: UnitOfWork) -> int:
    """Forget the business's older keys. Returns how many; the database refuses while a customer's key needs one."""
    uow.require(Permission.BUSINESS_EDIT)
    _alone(uow)
    older = _business_keys(uow)[:-1]
    for row in older:
        uow.session.delete(row)
    if older:
        uow.audit("vault.rotated", "vault_key", None)
    return len(older)


def _renew_customer(
    uow: UnitOfWork, customer_id: int, newest: OpenKey, owners: dict[int, OpenKey], sealer: Sealer
) -> None:
    """FOR UPDATE waits for whoever is sealing with the old key now; the next one finds the new one."""
    mine = (CustomerKey.business_id == uow.business_id, CustomerKey.customer_id == customer_id)
    older = uow.session.scalars(
        select(CustomerKey).where(*mine, CustomerKey.sealed.is_not(None)).with_for_update()
    ).all()
    keys = {row.generation: _opened(uow, row, owners, sealer) for row in older}
    try:
        texts, files = _texts(uow, customer_id, keys), _file_keys(uow, customer_id, keys)
    except SealBroken:
        for row in older:
            _move(uow, row, newest, owners)
        return
    new = make_customer_key(uow, customer_id, newest, sealer)
    for version_id, about, plain in texts:
        one = update(SealedVersion).where(SealedVersion.business_id == uow.business_id, SealedVersion.id == version_id)
        uow.session.execute(one.values(sealed=new.seal.seal(plain, about), generation=new.generation))
    for file, about, plain in files:
        file.sealed_key, file.generation = new.seal.seal(plain, about), new.generation
    for key in older:
        uow.session.delete(key)
    uow.session.flush()


def _texts(uow: UnitOfWork, customer_id: int, keys: dict[int, OpenKey]) -> list[tuple[int, str, bytes]]:
    """Each version of the customer's records: its id, where it belongs, and what it says. Raises: SealBroken."""
    record = (SealedRecord.business_id == SealedVersion.business_id) & (SealedRecord.id == SealedVersion.record_id)
    query = (
        select(SealedVersion, SealedRecord.kind)
        .join(SealedRecord, record)
        .where(
            SealedRecord.business_id == uow.business_id,
            SealedRecord.customer_id == customer_id,
            SealedVersion.generation.in_(list(keys)),
        )
    )
    found = []
    for version, kind in uow.session.execute(query).all():
        about = about_record(uow.business_id, customer_id, kind, version.record_id, version.version)
        found.append((version.id, about, keys[version.generation].seal.open(version.sealed, about)))
    return found


def _file_keys(uow: UnitOfWork, customer_id: int, keys: dict[int, OpenKey]) -> list[tuple[PersonFile, str, bytes]]:
    """Each of the customer's files, where its key belongs, and that key: the bytes in the store stay as they are.
    Raises: SealBroken."""
    query = select(PersonFile).where(
        PersonFile.business_id == uow.business_id,
        PersonFile.customer_id == customer_id,
        PersonFile.generation.in_(list(keys)),
    )
    found = []
    for file in uow.session.scalars(query).all():
        about = about_file_key(uow.business_id, customer_id, file.token)
        found.append((file, about, keys[file.generation].seal.open(file.sealed_key, about)))
    return found


def _move(uow: UnitOfWork, row: CustomerKey, newest: OpenKey, owners: dict[int, OpenKey]) -> None:
    about = about_customer_key(uow.business_id, row.customer_id, row.generation)
    row.sealed = newest.seal.seal(owners[row.business_key_id or 0].seal.open(row.sealed or b"", about), about)
    row.business_key_id = newest.id


def _opened(uow: UnitOfWork, row: CustomerKey, owners: dict[int, OpenKey], sealer: Sealer) -> OpenKey:
    about = about_customer_key(uow.business_id, row.customer_id, row.generation)
    key = owners[row.business_key_id or 0].seal.open(row.sealed or b"", about)
    return OpenKey(row.generation, sealer.keyed(key))


def _left_behind(uow: UnitOfWork, newest: OpenKey, limit: int) -> list[CustomerKey]:
    query = (
        select(CustomerKey)
        .where(CustomerKey.business_id == uow.business_id, CustomerKey.business_key_id != newest.id)
        .order_by(CustomerKey.id)
        .limit(limit)
        .with_for_update(key_share=True)
    )
    return list(uow.session.scalars(query).all())


def _business_keys(uow: UnitOfWork) -> list[BusinessKey]:
    query = select(BusinessKey).where(BusinessKey.business_id == uow.business_id).order_by(BusinessKey.generation)
    return list(uow.session.scalars(query).all())


def _alone(uow: UnitOfWork) -> None:
    uow.session.execute(_ALONE, {"key": _ROTATING, "business": uow.business_id % 2**31})
