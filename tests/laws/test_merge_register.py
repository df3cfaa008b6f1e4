"""Whatever names a customer has its place when customers are merged."""

from __future__ import annotations

from sqlalchemy import Engine, text

from microcrm.domain.merging import FIELDS
from microcrm.models.merging import ROUTED, ROUTED_SINCE, SEALED
from microcrm.models.schema import METADATA
from microcrm.operations.merge_register import COUNTED, LINKS, MADE, OWN, Fate


def links() -> set[tuple[str, str]]:
    """Columns that point at a customer, and those that are called as if they did."""
    pointing = {
        (table.fullname, column)
        for table in METADATA.tables.values()
        for link in table.foreign_key_constraints
        if link.referred_table.name == "customers"
        for column in link.column_keys
        if column != "business_id"
    }
    named = {
        (table.fullname, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if column.name.endswith("customer_id")
    }
    return pointing | named


def test_every_link_to_a_customer_is_in_the_register() -> None:
    """Say in ``operations/merge_register.py`` what becomes of it when the customer is merged: it moves (then give its table the
    trigger ``merging.route`` in its migration, and a place in ``merging.ROUTED``), or it stays, and why."""
    assert links() == set(LINKS)


def test_nothing_can_be_hung_on_a_record_that_was_merged_away(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, t.tgname "
                "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE t.tgname IN ('route_customer', 'refuse_merged_customer')"
            )
        ).all()
    assert {row.name for row in rows if row.tgname == "route_customer"} == {*ROUTED, *ROUTED_SINCE}
    assert {row.name for row in rows if row.tgname == "refuse_merged_customer"} == set(SEALED)
    moving = {table for (table, column), fate in LINKS.items() if fate is Fate.MOVES and column == "customer_id"}
    assert moving <= {*ROUTED, *ROUTED_SINCE} and {"sealed_records"} <= set(SEALED)


def test_what_moves_can_be_named_by_an_id() -> None:
    assert {
        table for (table, _), fate in LINKS.items() if fate is not Fate.STAYS and "id" not in METADATA.tables[table].c
    } == set()


def test_every_column_of_a_customer_is_chosen_made_counted_or_the_record_s_own() -> None:
    columns = {column.name for column in METADATA.tables["customers"].columns}
    chosen = {column for field in FIELDS for column in field.columns}
    assert columns == chosen | MADE | COUNTED | OWN
    assert len(columns) == len(chosen) + len(MADE) + len(COUNTED) + len(OWN)
