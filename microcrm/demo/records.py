"""Forms of the demo and how they were filled in: what was noted at some visits, consents that were signed, sealed as the product
seals, and a few openings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from microcrm import wiring
from microcrm.demo.bills import Payer
from microcrm.demo.diary import Visit
from microcrm.demo.outline import Outline
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.booking import BookingStatus
from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import is_signed, read_answers, split
from microcrm.domain.form_text import fingerprint, to_json
from microcrm.domain.sealed_records import Purpose, is_clear
from microcrm.domain.signatures import Signing
from microcrm.domain.starting_forms import STARTING_FORMS, StartingForm
from microcrm.domain.trades import Trade
from microcrm.domain.zones import INDIA, to_wall, zone_of
from microcrm.operations.vault.keyring import about_business_key, about_customer_key, about_record

_EVERY = 4  # one customer in so many has something that belongs to no visit
_SIGNED = 12  # consents
_TESTED_BEFORE, _READ_AFTER = timedelta(days=3), timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Noted:
    customer: int  # place in the list
    member_id: int
    at: datetime
    day: date
    kind: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Put:
    """A form that is there, and its only version."""

    form: StartingForm
    form_id: int
    version_id: int


def write_forms(rows: Rows, trade: Trade, shop: Opened) -> dict[str, Put]:
    """Those that every shop of the trade begins with, by their code."""
    mine, forms = {"business_id": shop.business_id}, STARTING_FORMS[trade]
    form_ids = rows.add("forms", [
        {**mine, "code": form.code, "name": form.title, "position": place, "readers": sorted(form.readers),
         "writers": sorted(form.writers), "issued": 1, "fields_made": 0, "version": 1, "created_at": shop.opened_at}
        for place, form in enumerate(forms, start=1)
    ])  # fmt: skip
    version_ids = rows.add("form_versions", [
        {**mine, "form_id": form_id, "number": 1, "text": to_json(form.text), "fingerprint": fingerprint(form.text),
         "issued_at": shop.opened_at}
        for form_id, form in zip(form_ids, forms, strict=True)
    ])  # fmt: skip
    return {form.code: Put(form, *ids) for form, *ids in zip(forms, form_ids, version_ids, strict=True)}


def write_records(
    rows: Rows, outline: Outline, shop: Opened, people: Sequence[Payer], visits: Sequence[Visit], now: datetime
) -> None:
    customer_ids = [person.customer_id for person in people]
    facts: dict[str, Any] = json.loads((files("microcrm.demo") / "data" / "records.json").read_text())[outline.key]
    noted = sorted(_noted(outline, shop, facts, visits, now), key=lambda one: (one.at, one.customer, one.kind))
    forms = write_forms(rows, Trade(outline.business["trade"]), shop)
    sealer, mine = wiring.sealer(), {"business_id": shop.business_id}
    owner = sealer.new_key()
    owner_sealed = sealer.seal(owner, about_business_key(shop.business_id, 1))
    [owner_id] = rows.add(
        "keys.business_keys", [{**mine, "generation": 1, "sealed": _bytes(owner_sealed), "created_at": shop.opened_at}]
    )
    keys = {place: sealer.new_key() for place in dict.fromkeys(one.customer for one in noted)}
    rows.add("keys.customer_keys", [
        {**mine, "customer_id": customer_ids[place], "generation": 1, "business_key_id": owner_id, "created_at": shop.opened_at,
         "sealed": _bytes(sealer.keyed(owner).seal(key, about_customer_key(shop.business_id, customer_ids[place], 1)))}
        for place, key in keys.items()
    ])  # fmt: skip
    said = [_said(one, forms[one.kind], people[one.customer].name) for one in noted]
    records = rows.add("sealed_records", [
        {**mine, "customer_id": customer_ids[one.customer], "form_id": forms[one.kind].form_id, "kind": one.kind,
         "happened_on": one.day, "is_clear": is_clear(one.kind, answers), "member_id": one.member_id, "version": 1,
         "created_at": one.at}
        for one, answers in zip(noted, said, strict=True)
    ])  # fmt: skip
    rows.add("sealed_versions", [
        {**mine, "record_id": record, "version": 1, "form_version_id": forms[one.kind].version_id, "generation": 1,
         "member_id": one.member_id, "at": one.at, "plain": split(forms[one.kind].form.text, answers)[1],
         "signed_at": one.at if is_signed(forms[one.kind].form.text, answers) else None,
         "sealed": _bytes(sealer.keyed(keys[one.customer]).seal(
             json.dumps(split(forms[one.kind].form.text, answers)[0], ensure_ascii=False).encode(),
             about_record(shop.business_id, customer_ids[one.customer], one.kind, record, 1)))}
        for record, one, answers in zip(records, noted, said, strict=True)
    ])  # fmt: skip
    rows.add("record_openings", [
        {**mine, "customer_id": customer_ids[one.customer], "record_id": record, "version": 1, "member_id": one.member_id,
         "purpose": Purpose.VISIT.value, "words": "", "at": one.at + _READ_AFTER}
        for record, one in list(zip(records, noted, strict=True))[::3] if one.at + _READ_AFTER < now
    ])  # fmt: skip


def _noted(
    outline: Outline, shop: Opened, facts: dict[str, Any], visits: Sequence[Visit], now: datetime
) -> Iterator[Noted]:
    """At finished visits of the last months, the latest first until there are enough customers; then the rest of each."""
    since = now - timedelta(days=facts["days"])
    done = [v for v in visits if v.status is BookingStatus.FINISHED and since < v.starts_at and v.ends_at < now]
    theirs: dict[int, list[Visit]] = defaultdict(list)
    for visit in sorted(done, key=lambda visit: visit.starts_at, reverse=True):
        if any(outline.template.services[item.service].name in facts["by_service"] for item in visit.items):
            theirs[visit.customer].append(visit)
    for number, (customer, own) in enumerate(list(theirs.items())[: facts["most"]]):
        yield from _of_customer(outline, shop, facts, customer, own, number)


def _of_customer(
    outline: Outline, shop: Opened, facts: dict[str, Any], customer: int, own: list[Visit], number: int
) -> Iterator[Noted]:
    zone = zone_of(INDIA)

    def noted(person: int, sample: dict[str, Any], at: datetime) -> Noted:
        return Noted(customer, shop.members[person], at, to_wall(at, zone)[0], sample["kind"], sample["values"])

    for turn, visit in enumerate(own):
        for item in visit.items:
            samples = facts["by_service"].get(outline.template.services[item.service].name)
            if samples:
                yield noted(item.person, samples[(number + turn) % len(samples)], visit.ends_at)
    earliest = own[-1]
    person = earliest.items[0].person
    if facts["first"]:
        sample = facts["first"][number % len(facts["first"])]
        yield noted(person, sample, earliest.starts_at - _TESTED_BEFORE)
    if number < _SIGNED:
        yield noted(person, facts["signed"][number % len(facts["signed"])], own[0].starts_at)
    if number % _EVERY == 0:
        yield noted(person, facts["some"][number // _EVERY % len(facts["some"])], earliest.starts_at)


def _said(one: Noted, put: Put, customer: str) -> dict[str, str]:
    """Read as the product reads what is typed, so that the demo shows nothing that could not be written. The customer signs."""
    reader = Reader()
    signs = {name: value | {"name": customer} for name, value in one.values.items() if isinstance(value, dict)}
    answers = read_answers(put.form.text, one.values | signs, reader, Signing(one.at, fingerprint(put.form.text)))
    reader.done()
    return answers


def _bytes(value: bytes) -> str:
    """As PostgreSQL reads bytea out of JSON."""
    return f"\\x{value.hex()}"
