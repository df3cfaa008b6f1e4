"""The business itself: what it is called, where it is, its GSTIN, its logo, its clock and its booking link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import select

from microcrm.domain.email import parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.gstin import check_gstin, display_gstin, parse_gstin
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.pictures import check_logo
from microcrm.domain.slug import parse_slug
from microcrm.domain.states import STATES, parse_pin, parse_state, pin_caution
from microcrm.domain.trades import Trade
from microcrm.domain.zones import parse_zone
from microcrm.models.business import Business
from microcrm.operations.parts.rows import amend, same_version
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BusinessView:
    """``pin_caution``: a sentence when the PIN code looks wrong for the State, else ""."""

    name: str
    legal_name: str
    trade: str
    phone: str
    email: str
    address: str
    city: str
    state_code: str
    pin: str
    pin_caution: str
    gstin: str
    zone: str
    slug: str
    has_logo: bool
    version: int


@dataclass(frozen=True, slots=True)
class SaveProfile:
    name: Any
    legal_name: Any
    trade: Any
    phone: Any
    email: Any
    version: Any


@dataclass(frozen=True, slots=True)
class SaveAddress:
    address: Any
    city: Any
    state_code: Any
    pin: Any
    gstin: Any
    version: Any


@dataclass(frozen=True, slots=True)
class SaveLogo:
    """The bytes of the file. Empty: no logo any more."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what is being typed would do, in a sentence for the person who types."""

    is_good: bool
    words: str


def business_view(uow: UnitOfWork) -> BusinessView:
    uow.require(Permission.SHOP_VIEW)
    row = _own(uow)
    names = [name for name in BusinessView.__slots__ if name not in ("pin_caution", "has_logo")]
    return BusinessView(
        **{name: getattr(row, name) for name in names},
        pin_caution=pin_caution(row.pin, row.state_code) if row.pin and row.state_code else "",
        has_logo=row.logo is not None,
    )


def save_profile(uow: UnitOfWork, command: SaveProfile) -> str:
    """Names, trade, and how customers reach the shop. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    fields = Reader()
    values = {
        "name": fields.text("name", command.name, "The name of the shop", limit=120, least=2),
        "legal_name": fields.text("legal_name", command.legal_name, "Legal name", limit=160, required=False),
        "trade": fields.member("trade", command.trade, "Kind of business", Trade).value,
        "phone": fields.by("phone", parse_phone, command.phone, required=False, instead=""),
        "email": fields.by("email", parse_email, command.email, required=False, instead=""),
    }
    fields.done()
    return _save(uow, command.version, values, "name and contact")


def save_address(uow: UnitOfWork, command: SaveAddress) -> str:
    """Where the shop is, and the GSTIN, which must belong to that State. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    fields = Reader()
    state_code = fields.by("state_code", parse_state, command.state_code, instead="")
    values = {
        "address": fields.note("address", command.address, "Address", limit=300),
        "city": fields.text("city", command.city, "City or town", limit=80, required=False),
        "state_code": state_code,
        "pin": fields.by("pin", parse_pin, command.pin, required=False, instead=""),
        "gstin": fields.by("gstin", parse_gstin, command.gstin, state_code=state_code, instead=""),
    }
    fields.done()
    return _save(uow, command.version, values, "address and GST")


def save_zone(uow: UnitOfWork, zone: Any, version: Any) -> str:
    """The clock by which the shop opens. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    fields = Reader()
    values = {"zone": fields.by("zone", parse_zone, zone, instead="")}
    fields.done()
    return _save(uow, version, values, "time zone")


def save_slug(uow: UnitOfWork, slug: Any, version: Any) -> str:
    """The booking link's last part. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    fields = Reader()
    wanted = fields.by("slug", parse_slug, slug, instead="")
    fields.done()
    if wanted != _own(uow).slug and _is_taken(uow, wanted):
        raise Invalid(fields={"slug": "Another business has this link already. Add your area or town."})
    return _save(uow, version, {"slug": wanted}, "booking link")


def save_logo(uow: UnitOfWork, command: SaveLogo) -> str:
    """A PNG, JPEG or WebP picture, judged by its content. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    if not command.data:
        return _save(uow, None, {"logo": None, "logo_kind": ""}, "logo")
    picture = check_logo(command.data)
    return _save(uow, None, {"logo": command.data, "logo_kind": picture.kind}, "logo")


def logo(uow: UnitOfWork) -> tuple[bytes, str] | None:
    """The picture and its media type."""
    uow.require(Permission.SHOP_VIEW)
    row = _own(uow)
    return (row.logo, row.logo_kind) if row.logo is not None else None


def judge_slug(uow: UnitOfWork, raw: Any) -> Verdict:
    """Whether this booking link is free, while it is being typed."""
    uow.require(Permission.BUSINESS_EDIT)
    try:
        wanted = parse_slug(raw)
    except Invalid as refusal:
        return Verdict(False, refusal.message)
    if wanted == _own(uow).slug:
        return Verdict(True, "This is your link now.")
    return Verdict(False, "Another business has this link.") if _is_taken(uow, wanted) else Verdict(True, "It is free.")


def judge_gstin(uow: UnitOfWork, raw: Any) -> Verdict:
    """Whether this can be a GSTIN, while it is being typed: form and check character only."""
    uow.require(Permission.BUSINESS_EDIT)
    verdict = check_gstin(raw)
    if verdict.reason or not verdict.value:
        return Verdict(not verdict.reason, verdict.reason)
    return Verdict(True, f"{display_gstin(verdict.value)}, registered in {STATES[verdict.state_code].name}.")


def _save(uow: UnitOfWork, version: Any, values: dict[str, Any], label: str) -> str:
    row = uow.session.exec(select(Business).where(Business.id == uow.business_id).with_for_update()).one()
    if version is not None:
        same_version(version, row.version)
    return amend(uow, "business", row, values, label)


def _own(uow: UnitOfWork) -> Business:
    return uow.session.exec(select(Business).where(Business.id == uow.business_id)).one()


def _is_taken(uow: UnitOfWork, slug: str) -> bool:
    return bool(uow.session.connection().execute(text("SELECT slug_is_taken(:slug)"), {"slug": slug}).scalar())
