"""Forms as other operations need them: what their versions ask, who may open and fill them, and the ones to begin with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.form_fields import FormText
from microcrm.domain.form_text import fingerprint, from_json, to_json
from microcrm.domain.permissions import Role
from microcrm.domain.sealed_records import RecordKind
from microcrm.domain.starting_forms import STARTING_FORMS
from microcrm.domain.trades import Trade
from microcrm.models.forms import Form, FormVersion
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """One version of a form, with who may open and fill it now."""

    form_id: int
    code: str
    name: str
    number: int
    version_id: int
    text: FormText
    fingerprint: str
    readers: frozenset[Role]
    writers: frozenset[Role]
    retired_at: datetime | None
    position: int = 0


def put_starting_forms(uow: UnitOfWork, trade: Trade) -> int:
    """The forms of the trade that the business does not have yet, with their first version. Returns how many."""
    forms = STARTING_FORMS[trade]
    rows = [
        {"business_id": uow.business_id, "code": form.code.value, "name": form.title, "position": place, "issued": 1,
         "readers": sorted(form.readers), "writers": sorted(form.writers), "created_at": uow.now}
        for place, form in enumerate(forms, start=1)
    ]  # fmt: skip
    made = insert(Form).values(rows).on_conflict_do_nothing().returning(Form.id, Form.code)
    texts = {form.code.value: form.text for form in forms}
    versions = [
        {"business_id": uow.business_id, "form_id": row.id, "number": 1, "text": to_json(texts[row.code]),
         "fingerprint": fingerprint(texts[row.code]), "issued_at": uow.now}
        for row in uow.session.execute(made).all()
    ]  # fmt: skip
    if versions:
        uow.session.execute(insert(FormVersion), versions)
    return len(versions)


def issued_forms(uow: UnitOfWork) -> list[IssuedForm]:
    """The latest version of each form in use, in the owner's order. One statement."""
    query = _versions(uow).where(FormVersion.number == Form.issued, Form.retired_at.is_(None))
    rows = uow.session.execute(query.order_by(Form.position, Form.id))
    return [_issued(row) for row in rows]


def form_called(uow: UnitOfWork, code: RecordKind) -> IssuedForm | None:
    """The latest version of the form that the product knows by that code, unless the owner has retired it. One statement."""
    query = _versions(uow).where(FormVersion.number == Form.issued, Form.retired_at.is_(None), Form.code == code.value)
    row = uow.session.execute(query).first()
    return _issued(row) if row is not None else None


def versions_by_id(uow: UnitOfWork, version_ids: Collection[int]) -> dict[int, IssuedForm]:
    """Any version, of retired forms too. One statement."""
    rows = uow.session.execute(_versions(uow).where(FormVersion.id.in_(list(version_ids))))
    return {row.version_id: _issued(row) for row in rows}


def find_version(uow: UnitOfWork, form_id: int, number: int) -> tuple[IssuedForm, datetime | None] | None:
    """A version of a form, and since when a newer one has taken its place (or the form was retired). Whoever publishes or
    retires meanwhile waits until this transaction ends."""
    uow.session.execute(
        select(Form.id)
        .where(Form.business_id == uow.business_id, Form.id == form_id)
        .with_for_update(read=True, key_share=True)
    )
    row = uow.session.execute(_versions(uow).where(Form.id == form_id, FormVersion.number == number)).first()
    if row is None:
        return None
    newer = select(func.min(FormVersion.issued_at)).where(
        FormVersion.business_id == uow.business_id, FormVersion.form_id == form_id, FormVersion.number > number
    )
    ended = [at for at in (uow.session.execute(newer).scalar_one(), row.retired_at) if at is not None]
    return _issued(row), min(ended, default=None)


def _versions(uow: UnitOfWork) -> Select[Any]:
    return (
        select(
            Form.id.label("form_id"), Form.code, Form.name, Form.readers, Form.writers, Form.retired_at, Form.position,
            FormVersion.id.label("version_id"), FormVersion.number, FormVersion.text, FormVersion.fingerprint,
        )
        .join(FormVersion, (FormVersion.business_id == Form.business_id) & (FormVersion.form_id == Form.id))
        .where(Form.business_id == uow.business_id)
    )  # fmt: skip


def _issued(row: Any) -> IssuedForm:
    return IssuedForm(
        row.form_id, row.code, row.name, row.number, row.version_id, from_json(row.text), row.fingerprint,
        roles_of(row.readers), roles_of(row.writers), row.retired_at, row.position,
    )  # fmt: skip


def roles_of(stored: Collection[str]) -> frozenset[Role]:
    return frozenset(Role(role) for role in stored)
