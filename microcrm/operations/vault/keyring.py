"""From a master key to a record: the master key seals a business's key, that one its customers' keys, those the records.

Each value says in its ``about`` where it belongs, so that none opens in another place: not a key under another customer,
not a record under another number, kind or version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from microcrm.domain.errors import Conflict
from microcrm.operations.capabilities import Seal, Sealer
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

# FOR KEY SHARE keeps the row from being deleted or locked whole (rotation, destruction) until what it seals is stored.
_KEEP_CUSTOMER_KEY = fixed("""
SELECT generation FROM keys.customer_keys
WHERE business_id = :business AND customer_id = :customer AND sealed IS NOT NULL
ORDER BY generation DESC LIMIT 1 FOR KEY SHARE
""")
# Both keys as they are in one moment: rotation may change which business's key a customer's key is sealed with.
_CUSTOMER_KEY = fixed("""
SELECT k.generation, k.sealed, b.id AS owner_id, b.generation AS owner_generation, b.sealed AS owner_sealed
FROM keys.customer_keys k JOIN keys.business_keys b ON b.business_id = k.business_id AND b.id = k.business_key_id
WHERE k.business_id = :business AND k.customer_id = :customer AND k.generation = :generation
""")
_BUSINESS_KEY = fixed("""
SELECT id, generation, sealed FROM keys.business_keys WHERE business_id = :business
ORDER BY generation DESC LIMIT 1 FOR KEY SHARE
""")
_NEW_BUSINESS_KEY = fixed("""
INSERT INTO keys.business_keys (business_id, generation, sealed, created_at)
VALUES (:business, :generation, :sealed, :now) ON CONFLICT (business_id, generation) DO NOTHING
""")
_LAST_GENERATION = fixed("""
SELECT coalesce(max(generation), 0) FROM keys.customer_keys WHERE business_id = :business AND customer_id = :customer
""")
_NEW_CUSTOMER_KEY = fixed("""
INSERT INTO keys.customer_keys (business_id, customer_id, generation, business_key_id, sealed, created_at)
VALUES (:business, :customer, :generation, :business_key, :sealed, :now)
ON CONFLICT (business_id, customer_id, generation) DO NOTHING
""")
_TRIES = 3


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key that can be used now: never stored, never logged."""

    generation: int
    seal: Seal = field(repr=False)
    id: int = 0


def about_business_key(business_id: int, generation: int) -> str:
    return f"business-key:{business_id}:{generation}"


def about_customer_key(business_id: int, customer_id: int, generation: int) -> str:
    return f"customer-key:{business_id}:{customer_id}:{generation}"


def about_record(business_id: int, customer_id: int, kind: str, record_id: int, version: int) -> str:
    return f"record:{business_id}:{customer_id}:{kind}:{record_id}:{version}"


def about_file_key(business_id: int, customer_id: int, token: str) -> str:
    return f"file-key:{business_id}:{customer_id}:{token}"


def key_for_writing(uow: UnitOfWork, customer_id: int, sealer: Sealer) -> OpenKey:
    """The customer's newest key; a new one for a customer without (or whose key was destroyed). It stays until this
    transaction ends. Raises: SealBroken."""
    for _ in range(_TRIES):
        kept = uow.session.execute(_KEEP_CUSTOMER_KEY, _of(uow, customer=customer_id)).first()
        if kept is not None:
            found = _of(uow, customer=customer_id, generation=kept.generation)
            return open_customer_key(
                uow.business_id, customer_id, uow.session.execute(_CUSTOMER_KEY, found).one(), sealer
            )
        make_customer_key(uow, customer_id, business_key(uow, sealer), sealer)
    raise Conflict


def key_for_reading(uow: UnitOfWork, customer_id: int, generation: int, sealer: Sealer) -> OpenKey | None:
    """One of the customer's keys; none when it was destroyed. Raises: SealBroken."""
    row = uow.session.execute(_CUSTOMER_KEY, _of(uow, customer=customer_id, generation=generation)).first()
    return None if row is None else open_customer_key(uow.business_id, customer_id, row, sealer)


def make_customer_key(uow: UnitOfWork, customer_id: int, owner: OpenKey, sealer: Sealer) -> OpenKey:
    """A new one under the business's key ``owner``, of the next generation."""
    generation = uow.session.execute(_LAST_GENERATION, _of(uow, customer=customer_id)).scalar_one() + 1
    key = sealer.new_key()
    sealed = owner.seal.seal(key, about_customer_key(uow.business_id, customer_id, generation))
    values = {"generation": generation, "business_key": owner.id, "sealed": sealed, "now": uow.now}
    uow.session.execute(_NEW_CUSTOMER_KEY, _of(uow, customer=customer_id, **values))
    return OpenKey(generation, sealer.keyed(key))


def business_key(uow: UnitOfWork, sealer: Sealer) -> OpenKey:
    """The newest of the business, made when it has none. It stays until this transaction ends."""
    row = uow.session.execute(_BUSINESS_KEY, _of(uow)).first()
    if row is None:
        make_business_key(uow, 1, sealer)
        row = uow.session.execute(_BUSINESS_KEY, _of(uow)).one()
    return open_business_key(uow.business_id, row, sealer)


def make_business_key(uow: UnitOfWork, generation: int, sealer: Sealer) -> None:
    """Nothing, when somebody else has just made it."""
    sealed = sealer.seal(sealer.new_key(), about_business_key(uow.business_id, generation))
    uow.session.execute(_NEW_BUSINESS_KEY, _of(uow, generation=generation, sealed=sealed, now=uow.now))


def open_business_key(business_id: int, row: Any, sealer: Sealer) -> OpenKey:
    """``row``: with id, generation and sealed. Raises: SealBroken."""
    key = sealer.open(row.sealed, about_business_key(business_id, row.generation))
    return OpenKey(row.generation, sealer.keyed(key), row.id)


def open_customer_key(business_id: int, customer_id: int, row: Any, sealer: Sealer) -> OpenKey:
    """``row``: with generation and sealed of both keys, as ``_CUSTOMER_KEY`` gives them. Raises: SealBroken."""
    about = about_business_key(business_id, row.owner_generation)
    owner = sealer.keyed(sealer.open(row.owner_sealed, about))
    key = owner.open(row.sealed, about_customer_key(business_id, customer_id, row.generation))
    return OpenKey(row.generation, sealer.keyed(key))


def _of(uow: UnitOfWork, **values: Any) -> dict[str, Any]:
    return {"business": uow.business_id, **values}
