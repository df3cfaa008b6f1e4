"""What the shop sells, and the rooms, chairs and equipment it needs for it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from microcrm.models.base import belongs_to_business, defaulted, identity, reference, tenant_key, within_business


class Category(SQLModel, table=True):
    __tablename__ = "categories"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    position: int = 0
    version: int = 1
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "name"))


class Service(SQLModel, table=True):
    """Minutes for time, paise for money. The staff member is free for ``gap_min`` minutes after ``gap_after_min``.
    More than one of ``seats`` makes it a class, booked by the seat of a scheduled session. Rules of booking are empty where
    the shop's booking policy holds; ``patch_test_days`` and ``rest_days`` (domain/safety.py) where nothing is asked; ``substances`` is
    what it uses, with commas between (domain/allergies.py). A form that is needed before it starts is good for so many months, or
    for ever."""

    __tablename__ = "services"
    id: int | None = identity()
    business_id: int = tenant_key()
    category_id: int | None = reference(nullable=True)
    name: str
    description: str = ""
    duration_min: int
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    gap_after_min: int = 0
    gap_min: int = 0
    price_paise: int
    is_price_with_tax: bool = True
    sac: str = ""
    tax_class: str = ""
    colour: str = "teal"
    is_online: bool = True
    is_active: bool = True
    position: int = 0
    seats: int = defaulted(1)
    min_notice_min: int | None = None
    horizon_days: int | None = None
    slot_step_min: int | None = None
    most_per_day: int | None = None
    needs_approval: bool | None = None
    deposit_kind: str | None = None
    deposit_paise: int = defaulted(0)
    deposit_percent: int = defaulted(0)
    patch_test_days: int | None = None
    rest_days: int | None = None
    substances: str = defaulted("")
    needed_form_id: int | None = reference(nullable=True)
    needed_form_months: int | None = None
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("category_id", "categories"),
        CheckConstraint("seats between 1 and 500", name="seats"),
        CheckConstraint("slot_step_min between 5 and 240", name="slot_step"),
        CheckConstraint("duration_min between 5 and 1440", name="duration"),
        CheckConstraint("buffer_before_min >= 0 and buffer_after_min >= 0", name="buffers"),
        CheckConstraint("gap_min >= 0 and gap_after_min >= 0 and gap_after_min + gap_min < duration_min", name="gap"),
        CheckConstraint("price_paise >= 0", name="price"),
        CheckConstraint("patch_test_days between 3 and 730", name="patch_test"),
        CheckConstraint("rest_days between 1 and 365", name="rest"),
        within_business("needed_form_id", "forms"),
        CheckConstraint(
            "needed_form_months is null or needed_form_id is not null and needed_form_months between 1 and 120",
            name="needed_form",
        ),
        CheckConstraint("deposit_kind in ('none', 'fixed', 'percent', 'full')", name="deposit_kind"),
        CheckConstraint("deposit_paise >= 0 and deposit_percent between 0 and 100", name="deposit"),
        Index("uq_services_active_name", "business_id", "name", unique=True, postgresql_where="is_active"),
    )


class ServiceMember(SQLModel, table=True):
    """This member does this service, perhaps at their own price or pace."""

    __tablename__ = "service_members"
    id: int | None = identity()
    business_id: int = tenant_key()
    service_id: int = reference()
    member_id: int = reference()
    price_paise: int | None = None
    duration_min: int | None = None
    __table_args__ = (
        *belongs_to_business(),
        within_business("service_id", "services", ondelete="CASCADE"),
        within_business("member_id", "members", ondelete="CASCADE"),
        UniqueConstraint("business_id", "service_id", "member_id"),
    )


class Resource(SQLModel, table=True):
    __tablename__ = "resources"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    kind: str  # room | chair | equipment
    is_active: bool = True
    position: int = 0
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "name"),
        CheckConstraint("kind in ('room', 'chair', 'equipment')", name="kind"),
    )


class ServiceResource(SQLModel, table=True):
    """The service needs one of the resources that share a ``choice`` number; several numbers are all needed."""

    __tablename__ = "service_resources"
    id: int | None = identity()
    business_id: int = tenant_key()
    service_id: int = reference()
    resource_id: int = reference()
    choice: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("service_id", "services", ondelete="CASCADE"),
        within_business("resource_id", "resources", ondelete="CASCADE"),
        UniqueConstraint("business_id", "service_id", "resource_id"),
    )
