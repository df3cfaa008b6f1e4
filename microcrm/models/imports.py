"""Lists of customers that were brought in: what came of each, and how to take it back. Personal data of a file is here only sealed,
with a key of the import's own that goes with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    empty_list,
    identity,
    instant,
    json_list,
    json_object,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)
from microcrm.models.vault import sealed_bytes

AT_WORK = ("reading", "rehearsing", "committing", "undoing")
_AT_WORK = ", ".join(f"'{state}'" for state in AT_WORK)


def _ids() -> Any:
    return Field(default_factory=empty_list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default="{}"))


class CustomerImport(SQLModel, table=True):
    """``state``: reading, mapping, rehearsing, rehearsed, committing, done, undoing, undone, or failed. ``fault`` of a file that
    could not be read is one of ``FileFault``. ``sealed_key`` seals the pieces; NULL once they are gone. ``headings``, ``mapping`` and
    ``days`` go by the columns of the file. ``done`` of ``total`` rows, of what is at work."""

    __tablename__ = "customer_imports"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int | None = reference(nullable=True)
    state: str
    file_name: str = ""
    kind: str = ""
    fault: str = ""
    headings: list[str] = json_list()
    mapping: list[str] = json_list()
    days: list[list[int]] = json_list()
    day_order: str = ""
    counts: dict[str, int] = json_object()
    total: int = 0
    done: int = 0
    sealed_key: bytes | None = sealed_bytes(nullable=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    committed_at: datetime | None = maybe_instant()
    undone_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        CheckConstraint(
            f"state in ({_AT_WORK}, 'mapping', 'rehearsed', 'done', 'undone', 'failed')",
            name="state",
        ),
        Index("ix_customer_imports_created", "business_id", "created_at", "id"),
        Index("ix_customer_imports_at_work", "business_id", "id", postgresql_where=f"state in ({_AT_WORK})"),
        Index("ix_customer_imports_expiring", "business_id", "expires_at", postgresql_where="sealed_key is not null"),
    )


class ImportPiece(SQLModel, table=True):
    """Some rows of a list. ``file``: bytes as they came, until they are read; ``cells``: the rows; ``people``: what they say, with
    words about each; ``verdicts``: a letter a row. Once ``is_done``: who was ``added``, how those
    were ``before`` who were changed, and who was ``kept`` when it was taken back."""

    __tablename__ = "import_pieces"
    id: int | None = identity()
    business_id: int = tenant_key()
    import_id: int = reference()
    part: str
    place: int
    first_row: int = 0
    row_count: int = 0
    file: bytes | None = sealed_bytes(nullable=True)
    cells: bytes | None = sealed_bytes(nullable=True)
    people: bytes | None = sealed_bytes(nullable=True)
    before: bytes | None = sealed_bytes(nullable=True)
    verdicts: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    is_done: bool = defaulted(False)
    added: list[int] = _ids()
    kept: list[int] = _ids()
    __table_args__ = (
        *belongs_to_business(),
        within_business("import_id", "customer_imports", ondelete="CASCADE"),
        UniqueConstraint("business_id", "import_id", "part", "place"),
    )


# The worker asks, before it knows whose: which businesses have an import that is at work, or data whose time is over.
WITH_IMPORTS = f"""
CREATE FUNCTION businesses_with_imports(at timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT business_id FROM customer_imports WHERE state IN ({_AT_WORK})
  UNION SELECT business_id FROM customer_imports WHERE sealed_key IS NOT NULL AND expires_at < at
$$
"""  # noqa: S608 - states of ours
FUNCTION_NAMES = ("businesses_with_imports(timestamp with time zone)",)

# A list brings more customers within seconds than the shop ever had, and statistics would know of them a minute later: until then
# PostgreSQL takes the shop for empty and reads all of it for a single row.
ANALYSE_CUSTOMERS = """
CREATE FUNCTION analyse_customers() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  ANALYZE (SKIP_LOCKED) customers, customer_words, customer_notes, sealed_records;
END $$
"""
LATER_FUNCTION_NAMES = ("analyse_customers()",)
