"""How far the nightly work has come that makes rows keep their promise to go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import belongs_to_business, identity, instant, tenant_key


class RetentionMark(SQLModel, table=True):
    """Rows of ``data_class`` up to (``at``, ``row_id``), by the moment that its rule counts from, have been seen to. Written with
    what was done, so that whoever is cut off goes on from here."""

    __tablename__ = "retention_marks"
    id: int | None = identity()
    business_id: int = tenant_key()
    data_class: str
    at: datetime = instant()
    row_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    changed_at: datetime = instant()
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "data_class"))
