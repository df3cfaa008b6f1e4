"""Does everything that is sealed open, and with which keys? Nothing is shown and nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row, select, text

from microcrm.domain.errors import SealBroken
from microcrm.domain.permissions import Permission
from microcrm.models.accounts import User
from microcrm.models.gateway import GatewayAccount
from microcrm.models.imports import CustomerImport
from microcrm.models.messaging import MessagingAccount
from microcrm.operations.accounts.second_step import about_totp
from microcrm.operations.capabilities import Seal, Sealer
from microcrm.operations.customer_imports.store import about_key
from microcrm.operations.messaging import accounts as messaging
from microcrm.operations.online.keys import SECRETS, about_secret
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_business_key, about_customer_key, about_file_key, about_record

_BUSINESS_KEYS = text("""
SELECT id, generation, sealed FROM keys.business_keys WHERE business_id = :business ORDER BY generation
""")
_CUSTOMER_KEYS = text("""
SELECT id, customer_id, generation, business_key_id, sealed FROM keys.customer_keys
WHERE business_id = :business AND sealed IS NOT NULL AND id > :after ORDER BY id LIMIT :limit
""")
_VERSIONS = text("""
SELECT v.id, v.record_id, v.version, v.sealed, r.customer_id, r.kind, k.generation, k.sealed AS key_sealed,
       k.business_key_id, k.destroyed_at
FROM sealed_versions v
JOIN sealed_records r ON r.business_id = v.business_id AND r.id = v.record_id
LEFT JOIN keys.customer_keys k ON k.business_id = v.business_id AND k.customer_id = r.customer_id
     AND k.generation = v.generation
WHERE v.business_id = :business AND v.sealed IS NOT NULL AND v.id > :after ORDER BY v.id LIMIT :limit
""")
_FILES = text("""
SELECT f.id, f.customer_id, f.token, f.sealed_key, k.generation, k.sealed AS key_sealed, k.business_key_id, k.destroyed_at
FROM person_files f
LEFT JOIN keys.customer_keys k ON k.business_id = f.business_id AND k.customer_id = f.customer_id
     AND k.generation = f.generation
WHERE f.business_id = :business AND f.id > :after ORDER BY f.id LIMIT :limit
""")
_CAME_BACK = text("""
SELECT count(DISTINCT k.id) FROM keys.customer_keys k JOIN audit_events e ON e.business_id = k.business_id
  AND e.action = 'vault.destroyed' AND e.subject_id = k.customer_id
WHERE k.business_id = :business AND k.sealed IS NOT NULL AND k.generation <= (e.facts->>'generation')::int
""")
_BATCH = 1_000


@dataclass(slots=True)
class KeyReport:
    """``older``: sealed with a master key that is not the newest. ``broken``: opens with no key that is here.
    ``came_back``: customers' keys that were destroyed and are here again, out of a backup."""

    keys: int = 0
    records: int = 0
    files: int = 0
    secrets: int = 0
    older: int = 0
    broken: int = 0
    erased: int = 0
    came_back: int = 0


def check_business(uow: UnitOfWork, sealer: Sealer) -> KeyReport:
    """Opens every key, every version of every record, the key of every file, and what is sealed with a master key directly."""
    uow.require(Permission.BUSINESS_EDIT)
    report = KeyReport(came_back=uow.session.execute(_CAME_BACK, {"business": uow.business_id}).scalar_one())
    owners = _business_keys(uow, sealer, report)
    _customer_keys(uow, owners, report)
    _records(uow, sealer, owners, report)
    _files(uow, sealer, owners, report)
    query = select(GatewayAccount).where(GatewayAccount.business_id == uow.business_id)
    for account in uow.session.scalars(query):
        for name in SECRETS:
            _secret(getattr(account, name), about_secret(uow.business_id, name), sealer, report)
    twilio = select(MessagingAccount).where(MessagingAccount.business_id == uow.business_id)
    for kept in uow.session.scalars(twilio):
        for name in messaging.SECRETS:
            _secret(getattr(kept, name), messaging.about_secret(uow.business_id, name), sealer, report)
    lists = select(CustomerImport.id, CustomerImport.sealed_key).where(
        CustomerImport.business_id == uow.business_id, CustomerImport.sealed_key.is_not(None)
    )
    for import_id, sealed_key in uow.session.execute(lists):
        _secret(sealed_key, about_key(uow.business_id, import_id), sealer, report)
    return report


def check_second_steps(uow: UnitOfWork, sealer: Sealer) -> KeyReport:
    """The secrets of authenticator apps. In the accounts realm."""
    uow.require(Permission.BUSINESS_EDIT)
    report = KeyReport()
    query = select(User).where(User.totp_sealed.is_not(None)).execution_options(yield_per=_BATCH)
    for user in uow.session.scalars(query):
        _secret(user.totp_sealed, about_totp(user), sealer, report)
    return report


def _secret(sealed: bytes | None, about: str, sealer: Sealer, report: KeyReport) -> None:
    if sealed is None:
        return
    report.secrets += 1
    report.older += not sealer.is_newest(sealed)
    report.broken += _opened(sealer, sealed, about) is None


def _business_keys(uow: UnitOfWork, sealer: Sealer, report: KeyReport) -> dict[int, Seal]:
    owners: dict[int, Seal] = {}
    for row in uow.session.execute(_BUSINESS_KEYS, {"business": uow.business_id}):
        report.keys += 1
        report.older += not sealer.is_newest(row.sealed)
        key = _opened(sealer, row.sealed, about_business_key(uow.business_id, row.generation))
        report.broken += key is None
        if key is not None:
            owners[row.id] = sealer.keyed(key)
    return owners


def _customer_keys(uow: UnitOfWork, owners: dict[int, Seal], report: KeyReport) -> None:
    after = 0
    while rows := _page(uow, _CUSTOMER_KEYS, after):
        after = rows[-1].id
        for row in rows:
            report.keys += 1
            report.broken += _customer_key(uow, row, row.sealed, owners) is None


def _records(uow: UnitOfWork, sealer: Sealer, owners: dict[int, Seal], report: KeyReport) -> None:
    after = 0
    while rows := _page(uow, _VERSIONS, after):
        after = rows[-1].id
        for row in rows:
            report.records += 1
            if row.destroyed_at is not None:
                report.erased += 1
                continue
            key = _customer_key(uow, row, row.key_sealed, owners)
            about = about_record(uow.business_id, row.customer_id, row.kind, row.record_id, row.version)
            report.broken += key is None or _opened(sealer.keyed(key), row.sealed, about) is None


def _files(uow: UnitOfWork, sealer: Sealer, owners: dict[int, Seal], report: KeyReport) -> None:
    """Their keys; whether the bytes are in the store is not looked at."""
    after = 0
    while rows := _page(uow, _FILES, after):
        after = rows[-1].id
        for row in rows:
            report.files += 1
            if row.destroyed_at is not None:
                report.erased += 1
                continue
            key = _customer_key(uow, row, row.key_sealed, owners)
            about = about_file_key(uow.business_id, row.customer_id, row.token)
            report.broken += key is None or _opened(sealer.keyed(key), row.sealed_key, about) is None


def _page(uow: UnitOfWork, query: object, after: int) -> list[Row[tuple[object, ...]]]:
    return list(uow.session.execute(query, {"business": uow.business_id, "after": after, "limit": _BATCH}))


def _customer_key(
    uow: UnitOfWork, row: Row[tuple[object, ...]], sealed: bytes | None, owners: dict[int, Seal]
) -> bytes | None:
    owner = owners.get(row.business_key_id)
    if owner is None or sealed is None:
        return None
    return _opened(owner, sealed, about_customer_key(uow.business_id, row.customer_id, row.generation))


def _opened(seal: Seal, sealed: bytes, about: str) -> bytes | None:
    try:
        return seal.open(sealed, about)
    except SealBroken:
        return None
