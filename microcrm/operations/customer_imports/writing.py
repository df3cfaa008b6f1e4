"""Many customers written in few statements: rows, the words by which they are found, allergies under seal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from microcrm.domain.customer_file.person import Person
from microcrm.domain.email import email_key
from microcrm.domain.form_fields import FormText, options_of, split
from microcrm.domain.sealed_records import RecordKind
from microcrm.domain.search_key import search_key
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.bulk import (
    BETWEEN,
    NONE,
    WITHIN,
    array,
    as_text,
    numbers,
    numbers_in,
    sent,
    unnested,
)
from microcrm.operations.customer_imports.matching import Known
from microcrm.operations.customer_keys import word_columns
from microcrm.operations.parts.form_versions import form_called
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import (
    OpenKey,
    about_customer_key,
    about_record,
    business_key,
    key_for_writing,
)

_PERSON = {
    "phone": "text", "phone_reversed": "text", "email": "text", "email_key": "text", "address": "text", "birthday": "date",
    "tags": "text",
}  # fmt: skip
_NEXT_IDS = text(f"""
WITH ids AS MATERIALIZED (SELECT CAST(pg_get_serial_sequence(:table, 'id') AS regclass) AS sequence)
SELECT {as_text("nextval(ids.sequence)")} FROM ids, generate_series(1, :count)
""")  # noqa: S608
_CUSTOMERS = text(f"""
WITH stored AS (
INSERT INTO customers (id, business_id, name, name_key, phone, phone_reversed, is_sharing_phone, email, email_key, address, birthday,
                       tags, visit_count, created_at, version)
OVERRIDING SYSTEM VALUE
SELECT u.id, :business, u.name, u.name_key, u.phone, u.phone_reversed, u.sharing, u.email, u.email_key, u.address, u.birthday,
       string_to_array(u.tags, E'\\x1d'), 0, :now, 1
FROM {unnested(id="bigint", name="text", name_key="text", sharing="boolean", **_PERSON)}
ON CONFLICT (business_id, phone) WHERE phone <> '' AND NOT is_sharing_phone DO NOTHING RETURNING id
) SELECT {as_text("id")} FROM stored
""")  # noqa: S608 - names of ours
_NEW_WORDS = f"""
INSERT INTO customer_words (business_id, word, customer_id, sound)
SELECT :business, u.word, u.customer, u.sound FROM {unnested(customer="bigint", word="text", sound="text")}
"""  # noqa: S608
_WORDS = {True: text(_NEW_WORDS), False: text(f"{_NEW_WORDS} ON CONFLICT DO NOTHING")}
_CHANGE = text(f"""
UPDATE customers c SET phone = n.phone, phone_reversed = n.phone_reversed, email = n.email, email_key = n.email_key,
       address = n.address, birthday = n.birthday, tags = string_to_array(n.tags, E'\\x1d'),
       version = c.version + :step
FROM (SELECT * FROM {unnested(id="bigint", version="int", **_PERSON)}) n
WHERE c.business_id = :business AND c.id = n.id AND c.version = n.version RETURNING c.id
""")  # noqa: S608
_NOTES = text(f"""
INSERT INTO customer_notes (id, business_id, customer_id, words, at, member_id, version) OVERRIDING SYSTEM VALUE
SELECT u.id, :business, u.customer, u.words, :now, :member, 1 FROM {unnested(id="bigint", customer="bigint", words="text")}
""")  # noqa: S608
_FORGET_NOTES = text(
    f"DELETE FROM customer_notes WHERE business_id = :business AND id = ANY({array('ids')}) AND version = 1"  # noqa: S608
)
_FORGET_WORDS = text(
    f"DELETE FROM customer_words WHERE business_id = :business AND customer_id = ANY({array('ids')})"  # noqa: S608
)
_KEYS = text(f"""
INSERT INTO keys.customer_keys (business_id, customer_id, generation, business_key_id, sealed, created_at)
SELECT :business, u.customer, 1, :owner, u.sealed, :now
FROM unnest({array("customers")}, CAST(:sealed AS bytea[])) AS u(customer, sealed)
""")  # noqa: S608
_RECORDS = text(f"""
INSERT INTO sealed_records (id, business_id, customer_id, form_id, kind, happened_on, member_id, version, created_at)
OVERRIDING SYSTEM VALUE
SELECT u.id, :business, u.customer, :form, :kind, :day, :member, 1, :now
FROM unnest({array("ids")}, {array("customers")}) AS u(id, customer)
""")  # noqa: S608
_VERSIONS = text(f"""
INSERT INTO sealed_versions (business_id, record_id, version, form_version_id, generation, sealed, plain, member_id, at)
SELECT :business, u.record, 1, :form_version, u.generation, u.sealed, CAST(:plain AS jsonb), :member, :now
FROM unnest({array("records")}, {array("generations", "int")}, CAST(:sealed AS bytea[])) AS u(record, generation, sealed)
""")  # noqa: S608
_WITH_ALLERGY = text(f"""
SELECT DISTINCT customer_id FROM sealed_records WHERE business_id = :business AND kind = :kind AND customer_id = ANY({array("ids")})
""")  # noqa: S608


@dataclass(slots=True)
class NewRow:
    """A customer that is to be added; ``id`` is taken beforehand."""

    person: Person
    is_sharing: bool = False
    id: int = 0


def next_ids(uow: UnitOfWork, table: str, count: int) -> list[int]:
    values = {"table": table, "count": count}
    return numbers_in(uow.session.connection().execute(_NEXT_IDS, values).scalar_one()) if count else []


def insert_customers(uow: UnitOfWork, rows: Sequence[NewRow]) -> set[int]:
    """Which ids are stored: not those whose phone somebody else has taken in this moment."""
    for row, new_id in zip(rows, next_ids(uow, "customers", len(rows)), strict=True):
        row.id = new_id
    people = [row.person for row in rows]
    values = {
        "business": uow.business_id, "now": uow.now, "id": numbers(row.id for row in rows), "name": sent(one.name for one in people),
        "name_key": sent(search_key(one.name) for one in people), "sharing": BETWEEN.join("ft"[row.is_sharing] for row in rows),
        **_person_columns(people),
    }  # fmt: skip
    stored = set(numbers_in(uow.session.connection().execute(_CUSTOMERS, values).scalar_one()))
    insert_words(uow, [(row.id, row.person.name, row.person.tags) for row in rows if row.id in stored], are_new=True)
    insert_notes(uow, [(row.id, row.person.notes) for row in rows if row.id in stored])
    return stored


def _person_columns(people: Sequence[Person | Known]) -> dict[str, str]:
    return {
        "phone": sent(one.phone for one in people),
        "phone_reversed": sent(one.phone[::-1] for one in people),
        "email": sent(one.email for one in people),
        "email_key": sent(email_key(one.email) for one in people),
        "address": sent(one.address for one in people),
        "birthday": BETWEEN.join(one.birthday.isoformat() if one.birthday else NONE for one in people),
        "tags": sent(WITHIN.join(one.tags) for one in people),
    }


def insert_notes(uow: UnitOfWork, noted: Sequence[tuple[int, str]]) -> dict[int, int]:
    """A note for each (customer, words) with words. Returns the note's id by customer."""
    told = [(customer_id, words) for customer_id, words in noted if words]
    ids = next_ids(uow, "customer_notes", len(told))
    if told:
        values = {
            "business": uow.business_id, "now": uow.now, "member": uow.actor.member_id, "id": numbers(ids),
            "customer": numbers(customer_id for customer_id, _ in told), "words": sent(words for _, words in told),
        }  # fmt: skip
        uow.session.connection().execute(_NOTES, values)
    return {customer_id: note for (customer_id, _), note in zip(told, ids, strict=True)}


def forget_notes(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Those that nobody has changed since."""
    uow.session.connection().execute(_FORGET_NOTES, {"business": uow.business_id, "ids": numbers(ids)})


def insert_words(uow: UnitOfWork, named: Sequence[tuple[int, str, Sequence[str]]], *, are_new: bool = False) -> None:
    """Those that are missing. ``are_new``: none of these customers has any yet, and PostgreSQL need not look."""
    words, owners, sounds = word_columns(named)
    if words:
        values = {"business": uow.business_id, "customer": numbers(owners), "word": sent(words), "sound": sent(sounds)}
        uow.session.connection().execute(_WORDS[are_new], values)


def forget_words(uow: UnitOfWork, ids: Sequence[int]) -> None:
    uow.session.connection().execute(_FORGET_WORDS, {"business": uow.business_id, "ids": numbers(ids)})


def change_customers(uow: UnitOfWork, rows: Sequence[Known], *, step: int = 1) -> set[int]:
    """Write these columns where the version is still the one that was read. Returns which were written. ``step`` -1: they are as they
    were, and so is their version."""
    if not rows:
        return set()
    values = {
        "business": uow.business_id, "step": step, "id": numbers(row.id for row in rows),
        "version": numbers(row.version for row in rows), **_person_columns(rows),
    }  # fmt: skip
    return set(uow.session.connection().execute(_CHANGE, values).scalars())


def seal_allergies(
    uow: UnitOfWork, new: Sequence[tuple[int, str]], known: Sequence[tuple[int, str]], sealer: Sealer
) -> int:
    """A record for each; of those whom the shop had before only for who has none yet. Returns how many. Raises: SealBroken."""
    form = form_called(uow, RecordKind.ALLERGY) if new or known else None
    if form is None:
        return 0
    keys = _new_keys(uow, [customer_id for customer_id, _ in new], sealer)
    mine = {"business": uow.business_id, "kind": form.code, "ids": numbers(customer_id for customer_id, _ in known)}
    has = set(uow.session.connection().execute(_WITH_ALLERGY, mine).scalars()) if known else set()
    rest = [(customer_id, words) for customer_id, words in known if customer_id not in has]
    keys |= {customer_id: key_for_writing(uow, customer_id, sealer) for customer_id, _ in rest}
    told = [*new, *rest]
    ids = next_ids(uow, "sealed_records", len(told))
    sealed, outside = [], split(form.text, _told(form.text, ""))[1]
    for record_id, (customer_id, words) in zip(ids, told, strict=True):
        about = about_record(uow.business_id, customer_id, form.code, record_id, 1)
        plain = json.dumps(split(form.text, _told(form.text, words))[0], ensure_ascii=False).encode()
        sealed.append(keys[customer_id].seal.seal(plain, about))
    shared = {"business": uow.business_id, "member": uow.actor.member_id, "now": uow.now}
    day = today_in(zone_of(uow.actor.zone), uow.now)
    if told:
        records = {
            "ids": numbers(ids),
            "customers": numbers(customer_id for customer_id, _ in told),
            "form": form.form_id,
            "kind": form.code,
            "day": day,
        }
        uow.session.connection().execute(_RECORDS, {**shared, **records})
        generations = numbers(keys[customer_id].generation for customer_id, _ in told)
        versions = {"records": numbers(ids), "generations": generations, "sealed": sealed}
        answered = {"form_version": form.version_id, "plain": json.dumps(outside)}
        uow.session.connection().execute(_VERSIONS, {**shared, **versions, **answered})
    return len(told)


def _told(text: FormText, words: str) -> dict[str, str]:
    """As far as the form asks it: the owner may have put it into other questions."""
    sources = [options_of(field) for field in text.fields if field.name == "source"]
    is_asked = any(value == "told" for options in sources for value, _ in options)
    return {"substance": words} | ({"source": "told"} if is_asked else {})


def _new_keys(uow: UnitOfWork, customer_ids: Sequence[int], sealer: Sealer) -> dict[int, OpenKey]:
    """The first key of each customer who is new; of nobody else."""
    if not customer_ids:
        return {}
    owner = business_key(uow, sealer)
    plain = [sealer.new_key() for _ in customer_ids]
    sealed = [
        owner.seal.seal(key, about_customer_key(uow.business_id, customer_id, 1))
        for key, customer_id in zip(plain, customer_ids, strict=True)
    ]
    values = {
        "business": uow.business_id,
        "now": uow.now,
        "owner": owner.id,
        "customers": numbers(customer_ids),
        "sealed": sealed,
    }
    uow.session.connection().execute(_KEYS, values)
    return {customer_id: OpenKey(1, sealer.keyed(key)) for customer_id, key in zip(customer_ids, plain, strict=True)}
