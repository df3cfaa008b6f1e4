"""A customer fills in a form on their own phone, behind a secret link: for one version of it, once, until the link runs out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import FormText
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import RecordKind, may
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.models.form_links import FormLink
from microcrm.models.forms import FormVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.links import enter_behind, hash_of
from microcrm.operations.parts.form_versions import IssuedForm, issued_forms, versions_by_id
from microcrm.operations.public_shop import PublicShop, shop_inside
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.records import find_customer, read_filled, store_record

GOOD_FOR = timedelta(days=7)
_BEHIND = text("SELECT * FROM form_behind(:hash, :now)")


@dataclass(frozen=True, slots=True)
class AskedForm:
    """``token`` is said here once. ``words``: a message that a person may send along. ``phone``: of the customer, where this member
    may see it."""

    token: str
    title: str
    words: str
    phone: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PublicForm:
    """What the page behind the link shows; nothing of the customer. ``filled_at``: it was filled in already."""

    shop: PublicShop
    text: FormText
    fingerprint: str
    filled_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FillForm:
    """``values`` by the names of the form's fields, as typed."""

    token: Any
    values: Any = field(repr=False)


def ask_form(uow: UnitOfWork, customer_id: Any, form_id: Any) -> AskedForm:
    """A link to the latest version; an earlier one of the same form that was not filled in is good no more. Raises: NotFound,
    Forbidden (a form that the role does not fill in), Invalid (a form that is not in use)."""
    uow.require(Permission.RECORDS_WRITE)
    wanted = find_customer(uow, customer_id, is_kept=True)
    reader = Reader()
    wanted_form = reader.id("form_id", form_id, "Form")
    form = next((one for one in issued_forms(uow) if one.form_id == wanted_form and can_be_sent(one)), None)
    if form is None:
        raise Invalid("This business has no such form to send.", remedy="Choose one of the forms on the page.")
    if not may(form.writers, uow.actor.role):
        raise Forbidden
    _withdraw(uow, wanted, form.form_id)
    token = secrets.token_urlsafe(16)
    link = FormLink(
        business_id=uow.business_id, token_hash=hash_of(token), customer_id=wanted, form_version_id=form.version_id,
        member_id=uow.actor.member_id, created_at=uow.now, expires_at=uow.now + GOOD_FOR,
    )  # fmt: skip
    uow.session.add(link)
    uow.session.flush()
    uow.audit("form.asked", "customer_records", wanted, form=form.form_id, number=form.number)
    mine = (Business.id == uow.business_id, Customer.business_id == Business.id, Customer.id == wanted)
    shop, phone = uow.session.execute(select(Business.name, Customer.phone).where(*mine)).one()
    words = f"{shop} asks you to fill in “{form.text.title}”:"
    return AskedForm(
        token, form.text.title, words, phone if uow.may(Permission.CUSTOMERS_CONTACT) else "", link.expires_at
    )


def can_be_sent(form: IssuedForm) -> bool:
    """Not a patch test: safety timers go by what somebody of the shop has read off the skin."""
    return form.code != RecordKind.PATCH_TEST


def _withdraw(uow: UnitOfWork, customer_id: int, form_id: int) -> None:
    versions = select(FormVersion.id).where(FormVersion.business_id == uow.business_id, FormVersion.form_id == form_id)
    uow.session.execute(
        update(FormLink)
        .where(
            FormLink.business_id == uow.business_id, FormLink.customer_id == customer_id,
            FormLink.form_version_id.in_(versions), FormLink.record_id.is_(None), FormLink.revoked_at.is_(None),
        )
        .values(revoked_at=uow.now)
    )  # fmt: skip


def public_form(uow: UnitOfWork, token: Any) -> PublicForm:
    """Raises: NotFound, for a link that was never made, has run out or was replaced, and for a form that the shop has retired."""
    uow.require_public()
    link, form = _inside(uow, token)
    return PublicForm(shop_inside(uow), form.text, form.fingerprint, link.filled_at, link.expires_at)


def fill_form(uow: UnitOfWork, command: FillForm, sealer: Sealer) -> bool:
    """What was filled in is sealed like the desk's own; whose it is says the link. Returns whether it was stored now: the same link
    again changes nothing. Raises: NotFound, Invalid (at the fields)."""
    uow.require_public()
    link, form = _inside(uow, command.token, is_locked=True)
    if link.record_id is not None:
        return False
    today = today_in(zone_of(uow.actor.zone), uow.now)
    typed = command.values if isinstance(command.values, Mapping) else {}
    day, answers = read_filled(uow, form, today.isoformat(), typed)
    link.record_id = store_record(uow, link.customer_id, form, day, answers, sealer)
    link.filled_at = uow.now
    uow.session.add(link)
    uow.session.flush()
    return True


def _inside(uow: UnitOfWork, token: Any, *, is_locked: bool = False) -> tuple[FormLink, IssuedForm]:
    """From here on the transaction is inside the link's business."""
    row = enter_behind(uow, _BEHIND, token)
    query = select(FormLink).where(FormLink.business_id == uow.business_id, FormLink.id == row.link_id)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    link = uow.session.scalars(query).one()
    form = versions_by_id(uow, [link.form_version_id])[link.form_version_id]
    if link.revoked_at is not None or (form.retired_at is not None and link.record_id is None):
        raise NotFound
    return link, form
