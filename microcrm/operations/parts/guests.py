"""Whose visit it is when all that is known is what somebody typed into a public form or said on the phone."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.found_by import keys_for
from microcrm.domain.search_key import search_key
from microcrm.models.customers import Customer
from microcrm.operations.customer_keys import keys_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

# Of a family on one phone whose it is comes first. A number that only a record has which was merged away leads to the survivor.
_KNOWN = fixed("""
SELECT own.id, c.name_key, own.archived_at
FROM customers c CROSS JOIN LATERAL (
  SELECT o.id, o.archived_at FROM customers o WHERE o.business_id = :business AND o.id = coalesce(c.merged_into_id, c.id) OFFSET 0) own
WHERE c.business_id = :business AND c.phone = :phone
ORDER BY c.merged_into_id IS NOT NULL, c.is_sharing_phone, c.id
""")
_ADD = fixed("""
WITH added AS (
  INSERT INTO customers (business_id, name, name_key, phone, phone_reversed, is_sharing_phone, email, email_key, address,
    tags, visit_count, created_at, version)
  VALUES (:business, :name, :name_key, :phone, :phone_reversed, false, :email, :email_key, '', '{}', 0, :now, 1)
  ON CONFLICT (business_id, phone) WHERE phone <> '' AND NOT is_sharing_phone DO NOTHING RETURNING id
), found_by AS (
  INSERT INTO customer_words (business_id, word, sound, customer_id)
  SELECT :business, one.word, one.sound, added.id
  FROM added, unnest(cast(:words AS text[]), cast(:sounds AS text[])) AS one (word, sound)
), log AS (
  INSERT INTO audit_events (business_id, at, user_id, member_id, is_viewing_as, action, subject, subject_id, facts)
  SELECT :business, :now, :user, :by, false, 'add', 'customer', added.id, '{}' FROM added
)
SELECT id FROM added
""")


@dataclass(frozen=True, slots=True)
class Guest:
    """``guest_name`` is what was typed, when the phone belongs to a customer of another name; else empty."""

    customer_id: int
    guest_name: str = ""


def guest_of(uow: UnitOfWork, name: str, phone: str, email: str = "") -> Guest:
    """The customer who has this phone (E.164), new when nobody has. Nothing of a known customer is changed by what a
    stranger typed, except that who books again is out of the archive."""
    found = _known(uow, name, phone)
    if found is not None:
        return found
    new_id = _add(uow, name, phone, email)
    if new_id is not None:
        return Guest(new_id)
    quicker = _known(uow, name, phone)  # somebody else stored the same phone just now
    if quicker is None:
        raise RuntimeError("a phone is taken and yet nobody has it")
    return quicker


def _known(uow: UnitOfWork, name: str, phone: str) -> Guest | None:
    """Of a family on one phone the one of that name, else whose phone it is."""
    rows = run(uow.session.connection(), _KNOWN, {"business": uow.business_id, "phone": phone}).fetchall()
    if not rows:
        return None
    key = search_key(name)
    same = next((row for row in rows if row.name_key == key), None)
    who = same or rows[0]
    if who.archived_at is not None:
        _restore(uow, who.id)
    return Guest(who.id, "" if same else name)


def _restore(uow: UnitOfWork, customer_id: int) -> None:
    customer = uow.session.get_one(Customer, customer_id)
    customer.archived_at = None
    customer.version += 1
    uow.session.flush()
    uow.audit("restore", "customer", customer_id)


def _add(uow: UnitOfWork, name: str, phone: str, email: str) -> int | None:
    """``None`` when somebody else has stored the phone meanwhile."""
    keys = keys_for(name)
    values = {
        "business": uow.business_id, "name": name, "phone": phone, "email": email, "now": uow.now,
        "words": [key.word for key in keys], "sounds": [key.sound for key in keys],
        "user": uow.actor.user_id, "by": uow.actor.member_id,
        **keys_of(name, phone, email),
    }  # fmt: skip
    added = run(uow.session.connection(), _ADD, values).fetchone()
    return None if added is None else added.id
