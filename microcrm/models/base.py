"""What every table shares: column helpers, the tenant mixin.

Tables hold columns, constraints and policies; rules live in ``domain``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

INSTANT = TIMESTAMP(timezone=True)


# Pydantic looks at the parameters of a default factory each time it calls it, and reads those of ``dict`` and ``list`` out of their
# documentation: a quarter of a millisecond a row.
def empty_dict() -> dict[str, Any]:
    return {}


def empty_list() -> list[Any]:
    return []


def json_object() -> Any:
    return Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


def json_list() -> Any:
    return Field(default_factory=empty_list, sa_column=Column(JSONB, nullable=False, server_default="[]"))


def identity() -> Any:
    """A primary key that the database counts (``bigint generated always as identity``)."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


def instant(*, index: bool = False) -> Any:
    """A moment in UTC that must be given."""
    return Field(sa_column=Column(INSTANT, nullable=False, index=index))


def maybe_instant(*, index: bool = False) -> Any:
    """A moment in UTC that may be absent."""
    return Field(default=None, sa_column=Column(INSTANT, nullable=True, index=index))


def reference(*, nullable: bool = False) -> Any:
    """A bigint that a composite foreign key of the table points with."""
    kwargs: dict[str, Any] = {"sa_column": Column(BigInteger, nullable=nullable)}
    return Field(default=None, **kwargs) if nullable else Field(**kwargs)


def defaulted(value: Any) -> Any:
    """A column that the database fills in too: for rows that an older version or a plain COPY writes."""
    words = str(value).lower() if isinstance(value, bool) else str(value)
    return Field(default=value, sa_column_kwargs={"server_default": words})


def tenant_key() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


def belongs_to_business() -> tuple[Any, ...]:
    """Each tenant table: its business, and the pair that composite foreign keys of other tables point at."""
    return (
        ForeignKeyConstraint(["business_id"], ["businesses.id"], ondelete="CASCADE"),
        UniqueConstraint("business_id", "id"),
    )


def within_business(column: str, table: str, *, ondelete: str = "RESTRICT") -> ForeignKeyConstraint:
    """A link that cannot leave the business: ``(business_id, column) -> table (business_id, id)``."""
    return ForeignKeyConstraint(["business_id", column], [f"{table}.business_id", f"{table}.id"], ondelete=ondelete)
