"""The owner writes forms: drafts, versions that never change, who may open and fill them, and retiring them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import FormText
from microcrm.domain.form_text import fingerprint, from_json, numbered, read_form, read_roles, to_json
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.sealed_records import RecordKind
from microcrm.models.forms import Form, FormVersion
from microcrm.models.vault import SealedRecord
from microcrm.operations.parts.form_versions import put_starting_forms, roles_of
from microcrm.operations.parts.order import move_row, next_position
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.records import trade_of

MOST = 60  # forms of a business, retired ones too


@dataclass(frozen=True, slots=True)
class FormLine:
    """``issued``: the number of the latest version; 0: never published. ``filled``: how many records were made with it."""

    id: int
    name: str
    issued: int
    issued_at: datetime | None
    has_draft: bool
    filled: int
    questions: int
    is_retired: bool


@dataclass(frozen=True, slots=True)
class FormDraft:
    """What the editor shows: the draft, or the latest version to begin a draft with."""

    id: int
    version: int
    code: str
    text: FormText
    readers: frozenset[Role]
    writers: frozenset[Role]
    issued: int
    has_draft: bool


@dataclass(frozen=True, slots=True)
class SaveForm:
    """As typed. ``text``: {title, day_label, fields}. Empty ``form_id``: a new form. ``is_published``: the draft becomes the next
    version at once."""

    text: Any
    readers: Any
    writers: Any
    form_id: Any = None
    version: Any = None
    is_published: Any = False


def list_forms(uow: UnitOfWork, *, is_retired: bool = False) -> list[FormLine]:
    """Two statements."""
    uow.require(Permission.BUSINESS_EDIT)
    counted = (
        select(SealedRecord.form_id, func.count().label("filled"))
        .where(SealedRecord.business_id == uow.business_id)
        .group_by(SealedRecord.form_id)
        .subquery()
    )
    latest = (FormVersion.business_id == Form.business_id) & (FormVersion.form_id == Form.id)
    query = (
        select(Form, FormVersion.issued_at, FormVersion.text, func.coalesce(counted.c.filled, 0).label("filled"))
        .outerjoin(FormVersion, latest & (FormVersion.number == Form.issued))
        .outerjoin(counted, counted.c.form_id == Form.id)
        .where(Form.business_id == uow.business_id, Form.retired_at.is_not(None) == is_retired)
        .order_by(Form.position, Form.id)
        .limit(MOST)
    )
    return [
        _line(row.Form, row.issued_at, row.text or row.Form.draft, row.filled) for row in uow.session.execute(query)
    ]


def _line(form: Form, issued_at: datetime | None, text: dict[str, Any], filled: int) -> FormLine:
    return FormLine(
        form.id or 0, form.name, form.issued, issued_at, form.draft is not None, filled, len(text["fields"]),
        form.retired_at is not None,
    )  # fmt: skip


def open_form(uow: UnitOfWork, form_id: Any) -> FormDraft:
    """Raises: NotFound."""
    uow.require(Permission.BUSINESS_EDIT)
    form = find(uow, Form, form_id, is_locked=False)
    return FormDraft(
        form.id or 0, form.version, form.code, from_json(form.draft or _issued_text(uow, form)), roles_of(form.readers),
        roles_of(form.writers), form.issued, form.draft is not None,
    )  # fmt: skip


def save_form(uow: UnitOfWork, command: SaveForm) -> int:
    """A draft, of a new form or of the next version of one; what is in use stays as it is until it is published. Who may open and
    fill it counts at once. Returns the form's id. Raises: Invalid, NotFound, Conflict when somebody else has changed it."""
    uow.require(Permission.BUSINESS_EDIT)
    form = None if command.form_id in (None, "") else find(uow, Form, command.form_id)
    if form is not None:
        same_version(command.version, form.version)
    reader = Reader()
    made = form.fields_made if form else 0
    text = read_form(command.text, form.code if form else RecordKind.OWN, reader, made)
    readers = read_roles("readers", command.readers, reader)
    writers = read_roles("writers", command.writers, reader, readers)
    is_published = reader.flag("is_published", command.is_published, "Publish")
    reader.done()
    if form is None:
        form = _new_form(uow)
    form.draft, form.fields_made = to_json(text), max(made, numbered(text))
    form.readers, form.writers = sorted(readers), sorted(writers)
    form.name = text.title if not form.issued else form.name
    form.version += 1
    uow.session.add(form)
    uow.session.flush()
    uow.audit("form.drafted", "form", form.id)
    if is_published:
        _publish(uow, form)
    return form.id or 0


def _new_form(uow: UnitOfWork) -> Form:
    count = select(func.count()).select_from(Form).where(Form.business_id == uow.business_id)
    if uow.session.execute(count).scalar_one() >= MOST:
        raise Invalid(fields={"title": f"A business can have {MOST} forms, retired ones included."})
    return Form(
        business_id=uow.business_id, code=RecordKind.OWN.value, name="", position=next_position(uow, Form), readers=[],
        writers=[], version=0, created_at=uow.now,
    )  # fmt: skip


def publish_form(uow: UnitOfWork, form_id: Any, version: Any) -> int:
    """The draft becomes the next version; answers that were given to the earlier ones keep their words. Returns its number.
    Raises: NotFound, Conflict, Invalid without a draft."""
    uow.require(Permission.BUSINESS_EDIT)
    form = find(uow, Form, form_id)
    same_version(version, form.version)
    return _publish(uow, form)


def _publish(uow: UnitOfWork, form: Form) -> int:
    """A draft that says what the latest version says makes no new one."""
    if form.draft is None:
        raise Invalid("There is no draft to publish.", remedy="Change the form first.")
    text = from_json(form.draft)
    if form.issued and fingerprint(text) == fingerprint(from_json(_issued_text(uow, form))):
        number = form.issued
    else:
        number = form.issued + 1
        uow.session.add(
            FormVersion(
                business_id=uow.business_id, form_id=form.id or 0, number=number, text=to_json(text),
                fingerprint=fingerprint(text), member_id=uow.actor.member_id, issued_at=uow.now,
            )
        )  # fmt: skip
    form.issued, form.draft, form.name = number, None, text.title
    form.version += 1
    uow.session.add(form)
    uow.session.flush()
    uow.audit("form.published", "form", form.id, number=number)
    return number


def discard_draft(uow: UnitOfWork, form_id: Any, version: Any) -> None:
    """A form that was never published goes; of others only the draft. Raises: NotFound, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    form = find(uow, Form, form_id)
    same_version(version, form.version)
    if not form.issued:
        uow.session.delete(form)
    else:
        form.draft = None
        form.version += 1
        uow.session.add(form)
    uow.session.flush()
    uow.audit("form.discarded", "form", form.id)


def retire_form(uow: UnitOfWork, form_id: Any) -> None:
    """Nobody fills it any more; what was filled in stays. Raises: NotFound."""
    uow.require(Permission.BUSINESS_EDIT)
    _set_retired(uow, form_id, is_retired=True)


def restore_form(uow: UnitOfWork, form_id: Any) -> None:
    uow.require(Permission.BUSINESS_EDIT)
    _set_retired(uow, form_id, is_retired=False)


def _set_retired(uow: UnitOfWork, form_id: Any, *, is_retired: bool) -> None:
    form = find(uow, Form, form_id)
    if (form.retired_at is not None) == is_retired:
        return
    form.retired_at = uow.now if is_retired else None
    form.version += 1
    uow.session.add(form)
    uow.session.flush()
    uow.audit("form.retired" if is_retired else "form.restored", "form", form.id)


def move_form(uow: UnitOfWork, form_id: Any, direction: str) -> str:
    """Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    return move_row(uow, "form", find(uow, Form, form_id), direction)


def add_starting_forms(uow: UnitOfWork) -> int:
    """Those of the business's trade that it lacks, say because it has changed its trade. Returns how many came."""
    uow.require(Permission.BUSINESS_EDIT)
    trade = trade_of(uow)
    made = put_starting_forms(uow, trade)
    if made:
        uow.audit("apply_template", "forms", None, trade=trade.value, forms=made)
    return made


def _issued_text(uow: UnitOfWork, form: Form) -> dict[str, Any]:
    found = select(FormVersion.text).where(
        FormVersion.business_id == uow.business_id, FormVersion.form_id == form.id, FormVersion.number == form.issued
    )
    return uow.session.execute(found).scalar_one()
