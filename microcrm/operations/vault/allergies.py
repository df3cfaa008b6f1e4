"""Whether what a service uses is named in a customer's allergies. The records are opened in memory for that one question and
answered with yes or no: nobody reads them, and nothing about what they say is stored. See docs/adr/0022-vault.md."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from microcrm.domain.allergies import is_named
from microcrm.domain.errors import SealBroken
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import COMPARED, Purpose, RecordKind
from microcrm.operations.capabilities import Sealer
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_record, open_customer_key

# Through the index of each customer's records. What was erased is gone: its key has no row to join.
_ALLERGIES = fixed("""
SELECT r.id, r.kind, r.customer_id, r.version, v.sealed AS text_sealed, v.plain, v.generation AS wanted, f.readers,
       k.generation, k.sealed, b.generation AS owner_generation, b.sealed AS owner_sealed
FROM unnest(CAST(:customers AS bigint[])) AS c(id)
CROSS JOIN LATERAL (
  SELECT id, business_id, kind, customer_id, version, form_id FROM sealed_records
  WHERE business_id = :business AND customer_id = c.id AND kind = :kind ORDER BY happened_on DESC, id DESC LIMIT 50
) r
JOIN sealed_versions v ON v.business_id = r.business_id AND v.record_id = r.id AND v.version = r.version
JOIN forms f ON f.business_id = r.business_id AND f.id = r.form_id
LEFT JOIN keys.customer_keys k ON k.business_id = r.business_id AND k.customer_id = r.customer_id AND k.generation = v.generation
LEFT JOIN keys.business_keys b ON b.business_id = k.business_id AND b.id = k.business_key_id
WHERE k.destroyed_at IS NULL
""")
# Once a day for each who was told, however often the form asked while it was filled in.
_NOTE = fixed("""
INSERT INTO record_openings (business_id, customer_id, record_id, version, member_id, purpose, words, at)
SELECT :business, :customer, n.record, n.version, :member, :purpose, CAST(:words AS text), :now
FROM unnest(CAST(:records AS bigint[]), CAST(:versions AS integer[])) AS n(record, version)
WHERE NOT EXISTS (
  SELECT FROM record_openings o WHERE o.business_id = :business AND o.customer_id = :customer AND o.record_id = n.record
    AND o.version = n.version AND o.member_id = :member AND o.words = CAST(:words AS text) AND o.at > :since
)
""")
_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allergy:
    """``says``: empty when it cannot be read, and then it is taken to name everything. ``may_read``: whoever asks may open it."""

    record_id: int
    version: int
    may_read: bool
    says: str | None = field(repr=False)

    def names(self, substances: Sequence[str]) -> bool:
        return self.says is None or is_named(self.says, substances)


def allergies_of(uow: UnitOfWork, customers: Collection[int]) -> dict[int, list[Allergy]]:
    """By customer. One statement. It looks at what the answer in the form's field "substance" says."""
    if uow.sealer is None:
        raise RuntimeError("a unit of work without a sealer cannot ask about allergies")
    found: dict[int, list[Allergy]] = defaultdict(list)
    asked = {"business": uow.business_id, "customers": sorted(customers), "kind": RecordKind.ALLERGY.value}
    for row in uow.session.connection().execute(_ALLERGIES, asked):
        may_read = uow.may(Permission.RECORDS_OPEN) and uow.actor.role is not None and uow.actor.role in row.readers
        found[row.customer_id].append(Allergy(row.id, row.version, may_read, _substance(uow, row, uow.sealer())))
    return found


def note_told(uow: UnitOfWork, customer_id: int, allergies: Sequence[Allergy], service: str) -> None:
    """Somebody of the shop has been told that these speak against a service: a line in the log of openings, which a refusal leaves."""
    if uow.actor.member_id is None or not allergies:
        return
    values = {
        "business": uow.business_id, "customer": customer_id, "member": uow.actor.member_id, "now": uow.now,
        "purpose": Purpose.SAFETY.value, "words": f"{COMPARED} {service}. What it says was not shown."[:120],
        "records": [one.record_id for one in allergies], "versions": [one.version for one in allergies],
        "since": uow.now - _AGAIN,
    }  # fmt: skip

    def write(own: UnitOfWork) -> None:
        own.session.connection().execute(_NOTE, values)

    uow.note_even_if_refused(write)


def _substance(uow: UnitOfWork, row: Row[Any], sealer: Sealer) -> str | None:
    answers: Mapping[str, str] = row.plain
    if row.text_sealed is not None:
        try:
            if row.sealed is None or row.owner_sealed is None:
                return None
            key = open_customer_key(uow.business_id, row.customer_id, row, sealer)
            about = about_record(uow.business_id, row.customer_id, row.kind, row.id, row.version)
            answers = {**answers, **json.loads(key.seal.open(row.text_sealed, about))}
        except SealBroken:
            return None
    return answers.get("substance", "")
