"""The shop's customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    INSTANT,
    belongs_to_business,
    empty_dict,
    empty_list,
    identity,
    instant,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)

# What the list sorts by: those who never came stand before everybody who did, and a keyset needs no case for NULL. A column
# of its own: behind a policy PostgreSQL does not search an index of a coalesce, which it does not know to keep secrets.
NEVER = "'1970-01-01 00:00:00+00'::timestamp with time zone"
LAST_VISIT_KEY = f"COALESCE(last_visit_at, {NEVER})"
BIRTH_KEY = "extract(month from birthday) * 100 + extract(day from birthday)"


def _key() -> Column[Any]:
    """Collation C: only then do prefix comparisons stay leakproof and use the index under row-level security."""
    return Column(Text(collation="C"), nullable=False, server_default="")


class Customer(SQLModel, table=True):
    """``phone`` is E.164 and unique in the business, save for rows marked ``is_sharing_phone``: a family member who uses
    the phone of somebody else. ``name_key`` is the normalised name. ``birth_key``: 1224 for 24 December. ``billed_paise``: bills
    that stand, less credit notes; a trigger of ``documents`` counts."""

    __tablename__ = "customers"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    name_key: str = Field(sa_column=_key())
    phone: str = Field(default="", sa_column=_key())
    phone_reversed: str = Field(default="", sa_column=_key())  # for a search by trailing digits
    is_sharing_phone: bool = False
    email: str = ""
    email_key: str = Field(default="", sa_column=_key())
    address: str = ""
    birthday: date | None = None
    tags: list[str] = Field(default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False))
    birth_key: int | None = Field(
        default=None, sa_column=Column(SmallInteger, Computed(BIRTH_KEY, persisted=True), nullable=True)
    )
    last_visit_at: datetime | None = maybe_instant()
    last_visit_key: datetime | None = Field(
        default=None, sa_column=Column(INSTANT, Computed(LAST_VISIT_KEY, persisted=True), nullable=True)
    )
    visit_count: int = 0
    billed_paise: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    archived_at: datetime | None = maybe_instant()
    merged_into_id: int | None = reference(nullable=True)  # the record that took over everything (models/merging.py)
    created_at: datetime = instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("merged_into_id", "customers"),
        Index(
            "uq_customers_phone",
            "business_id",
            "phone",
            unique=True,
            postgresql_where="phone <> '' and not is_sharing_phone",
        ),
        Index("ix_customers_name", "business_id", "name_key", "id"),
        Index("ix_customers_phone", "business_id", "phone"),
        Index("ix_customers_phone_reversed", "business_id", "phone_reversed"),
        Index("ix_customers_email", "business_id", "email_key"),
        Index("ix_customers_last_visit", "business_id", "last_visit_key", "id"),
        Index("ix_customers_created", "business_id", "created_at", "id"),
        Index("ix_customers_billed", "business_id", "billed_paise", "id"),
        Index("ix_customers_merged", "business_id", "merged_into_id", postgresql_where="merged_into_id is not null"),
        Index("ix_customers_sharing", "business_id", "phone", postgresql_where="is_sharing_phone"),
        Index("ix_customers_birth", "business_id", "birth_key", postgresql_where="birth_key is not null"),
    )


class CustomerWord(SQLModel, table=True):
    """A word by which a customer is found through a plain btree: of the name, in its script and in Latin letters, and "#tag".
    ``sound``: how a word of the name sounds (``domain/found_by.py`` makes both)."""

    __tablename__ = "customer_words"
    business_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    word: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    customer_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    sound: str = Field(default="", sa_column=_key())
    __table_args__ = (
        within_business("customer_id", "customers", ondelete="CASCADE"),  # and so within the business
        Index("ix_customer_words_customer", "business_id", "customer_id"),
        Index("ix_customer_words_sound", "business_id", "sound", "customer_id"),
    )


class NameSpelling(SQLModel, table=True):
    """A word that a shop's customers are found by, once however many have it, and the same word without each of its letters: a
    wrong letter in a search is forgiven through these (``domain/spelling.py``). Triggers of ``customer_words`` keep them."""

    __tablename__ = "name_spellings"
    business_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    spelling: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    word: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.id"], ondelete="CASCADE"),)


class Segment(SQLModel, table=True):
    """A group of customers under a name. ``rules``: what ``domain/segments.py`` writes."""

    __tablename__ = "segments"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    rules: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    version: int = 1
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "name"))


# Bills that stand add to what a customer was billed, credit notes take from it, and what is called off no longer counts.
COUNT_BILLED = [
    """
CREATE FUNCTION billed_by(kind text, state text, total bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN state NOT IN ('issued', 'part_paid', 'paid') THEN 0 WHEN kind = 'credit_note' THEN -total
         WHEN kind IN ('tax_invoice', 'bill_of_supply', 'invoice_cum_bill', 'plain_bill', 'debit_note') THEN total ELSE 0 END
$$
""",
    """
CREATE FUNCTION count_billed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  more bigint := billed_by(NEW.kind, NEW.state, NEW.total_paise);
BEGIN
  IF TG_OP = 'UPDATE' THEN
    more := more - billed_by(OLD.kind, OLD.state, OLD.total_paise);
  END IF;
  IF more <> 0 AND NEW.customer_id IS NOT NULL THEN
    UPDATE customers SET billed_paise = billed_paise + more WHERE business_id = NEW.business_id AND id = NEW.customer_id;
  END IF;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER count_billed AFTER INSERT OR UPDATE OF state ON documents FOR EACH ROW EXECUTE FUNCTION count_billed()",
]

SPELLINGS_OF = """
CREATE FUNCTION spellings_of(word text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT CASE WHEN n = 0 THEN word ELSE overlay(word PLACING '' FROM n FOR 1) END
  FROM generate_series(0, length(word)) n WHERE word ~ '^[a-z]{4,20}$'
$$
"""
# Whoever adds a word keeps its spellings from being deleted until the end of the transaction, and whoever deletes the last
# customer with a word looks again once nobody is just adding one: a word never stays without its spellings. Each different word is
# looked up by itself, in order: what PostgreSQL would plan for all of them at once goes through the whole shop as long as there are no
# statistics, and a list of customers is taken over before there are any.
_DIFFERENT = "(SELECT DISTINCT business_id, word FROM {} ORDER BY 1, 2) one"
_OWN = "name_spellings s WHERE s.business_id = one.business_id AND s.spelling = one.word AND s.word = one.word"
KEEP_SPELLINGS = f"""
CREATE OR REPLACE FUNCTION keep_spellings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM {_DIFFERENT.format("added")}, LATERAL (SELECT FROM {_OWN} FOR KEY SHARE) kept;
  INSERT INTO name_spellings (business_id, spelling, word)
  SELECT one.business_id, spelling, one.word
  FROM {_DIFFERENT.format("added")} LEFT JOIN LATERAL (SELECT true AS is_there FROM {_OWN} LIMIT 1) kept ON true,
    spellings_of(one.word) spelling
  WHERE kept.is_there IS NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""  # noqa: S608 - SQL of ours
# A customer who is deleted takes their words along, and this runs for each, also for those whose words went before.
FORGET_SPELLINGS = f"""
CREATE OR REPLACE FUNCTION forget_spellings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  business bigint;
  unused text[];
BEGIN
  IF NOT EXISTS (SELECT FROM gone) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM {_DIFFERENT.format("gone")}, LATERAL (SELECT FROM {_OWN} FOR UPDATE) kept;
  FOR business, unused IN
    SELECT one.business_id, array_agg(one.word) FROM {_DIFFERENT.format("gone")} LEFT JOIN LATERAL (
      SELECT true AS is_there FROM customer_words w WHERE w.business_id = one.business_id AND w.word = one.word LIMIT 1) used ON true
    WHERE used.is_there IS NULL GROUP BY one.business_id
  LOOP
    DELETE FROM name_spellings s USING unnest(unused) one(word), spellings_of(one.word) spelling
    WHERE s.business_id = business AND s.spelling = spelling.spelling AND s.word = one.word;
  END LOOP;
  RETURN NULL;
END $$
"""  # noqa: S608
SPELLINGS = [
    SPELLINGS_OF,
    KEEP_SPELLINGS,
    FORGET_SPELLINGS,
    """
CREATE TRIGGER keep_spellings AFTER INSERT ON customer_words REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION keep_spellings()
""",
    """
CREATE TRIGGER forget_spellings AFTER DELETE ON customer_words REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION forget_spellings()
""",
]
