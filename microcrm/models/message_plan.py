"""What a shop says to its customers by itself: when which message goes, and in which words."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    json_list,
    reference,
    tenant_key,
    within_business,
)


class MessagePlan(SQLModel, table=True):
    """One row a business; none yet means the defaults here. ``channels``: tried in this order. ``review_url``: where thanks lead to.
    ``sms_price``: hundredths of a paisa a segment, as agreed with whoever sends for the shop; nothing while it was not said."""

    __tablename__ = "message_plans"
    id: int | None = identity()
    business_id: int = tenant_key()
    channels: list[str] = json_list()
    review_url: str = defaulted("")
    sms_price: int | None = None
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id"),
        CheckConstraint("sms_price between 0 and 1000000", name="price"),
    )


class MessageStep(SQLModel, table=True):
    """When a step goes, where that differs from the plan a shop starts with (`domain/step_plan.py`): for the whole business, or for
    one service. ``offset_min`` and ``clock_min`` as in ``StepRule``; ``channels``: [] as the shop does it otherwise."""

    __tablename__ = "message_steps"
    id: int | None = identity()
    business_id: int = tenant_key()
    service_id: int | None = reference(nullable=True)
    step: str
    is_on: bool
    offset_min: int
    clock_min: int | None = None
    channels: list[str] = json_list()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("service_id", "services", ondelete="CASCADE"),
        Index(
            "uq_message_steps_step",
            "business_id",
            "step",
            "service_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("offset_min between 0 and 86400", name="offset"),
        CheckConstraint("clock_min is null or (clock_min between 0 and 1439 and offset_min % 1440 = 0)", name="clock"),
    )


class MessageTemplate(SQLModel, table=True):
    """A shop's own words for one step, channel and language; "" keeps the built-in ones (`domain/notice_texts.py`).
    ``content_sid``: of the text as WhatsApp has it registered; ``dlt_text``: the text as it stands on the DLT portal since
    ``dlt_on``, with its tags. ``version`` counts how often it was changed."""

    __tablename__ = "message_templates"
    id: int | None = identity()
    business_id: int = tenant_key()
    step: str
    channel: str
    language: str
    text: str = defaulted("")
    content_sid: str = defaulted("")
    dlt_template_id: str = defaulted("")
    dlt_text: str = defaulted("")
    dlt_on: date | None = None
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "step", "channel", "language"),
        CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name="channel"),
        CheckConstraint("content_sid = '' or channel = 'whatsapp'", name="content"),
        CheckConstraint("(dlt_template_id = '' and dlt_text = '') or channel = 'sms'", name="dlt"),
        CheckConstraint("(dlt_text = '') = (dlt_template_id = '')", name="registered"),
    )
