"""The third wall alone: raw SQL as the app role, with no gate and no operation in front."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.schema import ACCOUNT_TABLES, METADATA, OTHER_TABLES, TENANT_TABLES
from microcrm.operations.unit_of_work import VISITOR, Actor, Realm, opening_of, system
from tests.support.furniture import WITH_USER, furnish
from tests.support.servers import Servers
from tests.support.shops import TwoShops, find

LOGS = {
    "advance_uses", "audit_events", "bank_statements", "booking_events", "consent_notices", "consents", "contact_reveals",
    "file_openings", "form_versions", "ledger_entries", "message_events", "record_openings", "sealed_versions", "stock_movements",
    "till_closings",
}  # fmt: skip
DATABASE = f"microcrm_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_rows"


@pytest.fixture(scope="module")
def behind(engines: Servers) -> Iterator[Engine]:
    """The owner's view of a database with a row in every table."""
    engines.create(DATABASE)
    engine = wiring.make_engine(engines.owner_url.format(database=DATABASE), pool_size=1)
    furnish(engine, find(str(engine.url.render_as_string(hide_password=False))))
    yield engine
    engine.dispose()
    engines.drop(DATABASE)


@pytest.fixture(scope="module")
def both(behind: Engine) -> TwoShops:
    return find(behind.url.render_as_string(hide_password=False))


@pytest.fixture
def as_app(engines: Servers, behind: Engine, both: TwoShops) -> Iterator[Connection]:
    """Signed in as ``microcrm_app``; what happens is rolled back."""
    engine = wiring.make_engine(engines.app_url.format(database=DATABASE), pool_size=1)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def enter(connection: Connection, actor: Actor, realm: Realm = "") -> None:
    connection.exec_driver_sql(opening_of(actor, realm))


def key(table: str) -> str:
    return "id" if table == "businesses" else "business_id"


def rows(connection: Connection, table: str, business_id: int) -> int:
    return connection.execute(
        text(f"SELECT count(*) FROM {table} WHERE {key(table)} = :b"), {"b": business_id}
    ).scalar_one()


def columns(table: str) -> list[str]:
    """Those that a statement may write."""
    return [c.name for c in METADATA.tables[table].columns if c.identity is None and c.computed is None]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_shop_reads_its_own_rows_and_none_of_its_neighbour_s(
    table: str, as_app: Connection, behind: Engine, both: TwoShops
) -> None:
    with behind.connect() as owner:
        mine, theirs = (rows(owner, table, shop.business_id) for shop in (both.a, both.b))
    assert mine > 0 and theirs > 0, "each table needs rows of both shops, or this test could not fail"
    enter(as_app, both.a.actor())
    assert rows(as_app, table, both.a.business_id) == mine
    assert rows(as_app, table, both.b.business_id) == 0
    assert as_app.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == mine


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_shop_there_is_nothing(table: str, as_app: Connection) -> None:
    for actor in (VISITOR, system(), Actor("account", user_id=1)):
        enter(as_app, actor)
        assert as_app.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
        as_app.rollback()


@pytest.mark.parametrize("realm", ["accounts", "worker"])
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_no_realm_opens_a_shop(table: str, realm: Realm, as_app: Connection, both: TwoShops) -> None:
    enter(as_app, system(), realm)
    assert as_app.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_neighbour_s_row_cannot_be_inserted(table: str, as_app: Connection, behind: Engine, both: TwoShops) -> None:
    model = METADATA.tables[table]
    with behind.connect() as owner:
        row = owner.execute(select(model).where(model.c[key(table)] == both.b.business_id)).mappings().first()
    assert row is not None
    enter(as_app, both.a.actor())
    names = [*columns(table), "id"] if table == "businesses" else columns(table)
    with pytest.raises(DBAPIError) as caught:
        as_app.execute(model.insert().values({name: row[name] for name in names}))
    assert isinstance(caught.value.orig, errors.InsufficientPrivilege)
    assert "row-level security" in str(caught.value.orig)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_neighbour_s_row_cannot_be_changed_or_taken_over(
    table: str, as_app: Connection, behind: Engine, both: TwoShops
) -> None:
    enter(as_app, both.a.actor())
    name = "place" if table == "audit_events" else key(table)
    try:
        with as_app.begin_nested():
            statement = f"UPDATE {table} SET {name} = {name} WHERE {key(table)} = :b"
            assert as_app.execute(text(statement), {"b": both.b.business_id}).rowcount == 0
            assert as_app.execute(text(statement), {"b": both.a.business_id}).rowcount > 0 or table == "audit_events"
    except DBAPIError as error:
        assert isinstance(error.orig, errors.InsufficientPrivilege | errors.RestrictViolation)
        assert table in LOGS, "only the logs may refuse their own shop"


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_row_cannot_be_given_to_the_neighbour(table: str, as_app: Connection, both: TwoShops) -> None:
    enter(as_app, both.a.actor())
    with pytest.raises(DBAPIError) as caught:
        as_app.execute(
            text(f"UPDATE {table} SET {key(table)} = :b WHERE {key(table)} = :a"),
            {"a": both.a.business_id, "b": both.b.business_id},
        )
    expected = errors.InsufficientPrivilege | errors.GeneratedAlways
    assert isinstance(caught.value.orig, expected)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_neighbour_s_row_cannot_be_deleted(table: str, as_app: Connection, behind: Engine, both: TwoShops) -> None:
    enter(as_app, both.a.actor())
    try:
        deleted = as_app.execute(text(f"DELETE FROM {table} WHERE {key(table)} = :b"), {"b": both.b.business_id})
        assert deleted.rowcount == 0
    except DBAPIError as error:
        assert isinstance(error.orig, errors.InsufficientPrivilege)
        assert table in LOGS | {"businesses"}, "what can't be deleted at all"
    with behind.connect() as owner:
        assert rows(owner, table, both.b.business_id) > 0


ONE_OF = {
    "pay_requests": ({"document_id", "booking_id"},),
    "occupancies": ({"member_id", "resource_id"}, {"booking_item_id", "session_id"}),
    "public_links": ({"booking_id", "feed_member_id", "offer_id", "ticket_id", "document_id", "entry_id"},),
}
LINKS = [
    (table.fullname, constraint.name)
    for table in sorted(METADATA.tables.values(), key=lambda t: t.fullname)
    for constraint in sorted(table.foreign_key_constraints, key=lambda c: str(c.name))
    if len(constraint.columns) == 2
]


@pytest.mark.parametrize(("table", "constraint"), LINKS)
def test_a_link_to_a_neighbour_s_row_cannot_be_stored(
    table: str, constraint: str, behind: Engine, both: TwoShops
) -> None:
    """As the owner role, before whom the policies stand aside: the composite keys alone hold."""
    link = next(c for c in METADATA.tables[table].foreign_key_constraints if c.name == constraint)
    column = next(name for name in link.column_keys if name != "business_id")
    # Where a row has exactly one of several links, its check constraint would speak first.
    others = [other for group in ONE_OF.get(table, ()) if column in group for other in group - {column}]
    changes = ", ".join([f"{column} = :id", *(f"{other} = NULL" for other in others)])
    statement = text(
        f"UPDATE {table} SET {changes} WHERE ctid IN (SELECT ctid FROM {table} WHERE business_id = :a ORDER BY ctid DESC LIMIT 1)"
    )

    def latest(of: str, business_id: int) -> int:
        return owner.execute(text(f"SELECT max(id) FROM {of} WHERE {key(of)} = :b"), {"b": business_id}).scalar_one()

    with behind.connect() as owner:
        target = link.referred_table.fullname
        mine, theirs = (latest(target, shop.business_id) for shop in (both.a, both.b))
        with owner.begin_nested() as kept:
            assert owner.execute(statement, {"id": mine, "a": both.a.business_id}).rowcount == 1
            kept.rollback()
        with pytest.raises(IntegrityError) as caught:
            owner.execute(statement, {"id": theirs, "a": both.a.business_id})
        assert isinstance(caught.value.orig, errors.ForeignKeyViolation)


@pytest.mark.parametrize("table", WITH_USER)
def test_accounts_are_seen_in_their_realm_or_by_their_own_person(
    table: str, as_app: Connection, both: TwoShops
) -> None:
    me, them = both.a.users[Role.OWNER], both.b.users[Role.OWNER]
    column = "id" if table == "users" else "user_id"

    def seen() -> set[int]:
        return set(as_app.execute(text(f"SELECT DISTINCT {column} FROM {table}")).scalars())

    for actor, realm, expected in (
        (VISITOR, "", set()),
        (system(both.a.business_id), "", set()),
        (system(), "worker", set()),
        (both.a.actor(), "", {me}),
    ):
        enter(as_app, actor, realm)
        assert seen() == expected
        as_app.rollback()
    enter(as_app, VISITOR, "accounts")
    assert {me, them} <= seen()


@pytest.mark.parametrize("table", ACCOUNT_TABLES)
def test_outside_their_realm_accounts_cannot_be_written(table: str, as_app: Connection, both: TwoShops) -> None:
    field = columns(table)[-1]
    for statement in (f"UPDATE {table} SET {field} = {field}", f"DELETE FROM {table}"):
        enter(as_app, both.a.actor())
        assert as_app.execute(text(statement)).rowcount == 0
        as_app.rollback()
        enter(as_app, both.a.actor(), "worker")
        assert as_app.execute(text(statement)).rowcount == 0
        as_app.rollback()
    enter(as_app, VISITOR, "accounts")
    assert as_app.execute(text(f"UPDATE {table} SET {field} = {field}")).rowcount > 0


def test_the_outbox_is_seen_by_its_shop_and_by_the_worker(as_app: Connection, both: TwoShops) -> None:
    def seen() -> set[int | None]:
        return set(as_app.execute(text("SELECT business_id FROM outbox")).scalars())

    expected: list[tuple[Actor, Realm, set[int | None]]] = [
        (VISITOR, "", set()),
        (VISITOR, "accounts", set()),
        (both.a.actor(), "", {both.a.business_id}),
        (system(), "worker", {both.a.business_id, both.b.business_id}),
    ]
    for actor, realm, businesses in expected:
        enter(as_app, actor, realm)
        assert seen() == businesses
        as_app.rollback()


def test_the_mailbox_is_for_the_worker(as_app: Connection, both: TwoShops) -> None:
    insert = text(
        "INSERT INTO mailbox (key, at, recipient, subject, text, html) VALUES ('k', now(), 'a', 'b', 'c', '')"
    )
    for actor, realm in ((both.a.actor(), ""), (VISITOR, "accounts")):
        enter(as_app, actor, realm)
        with pytest.raises(DBAPIError, match="row-level security"):
            as_app.execute(insert)
        as_app.rollback()
    enter(as_app, system(), "worker")
    assert as_app.execute(insert).rowcount == 1
    assert "mailbox" in OTHER_TABLES


def test_a_setting_of_one_transaction_is_gone_in_the_next(as_app: Connection, both: TwoShops) -> None:
    """Behind a pooler the same server connection serves the next shop."""
    enter(as_app, both.a.actor())
    assert rows(as_app, "customers", both.a.business_id) > 0
    as_app.commit()
    assert as_app.execute(text("SELECT count(*) FROM customers")).scalar_one() == 0


def test_erasing_a_shop_takes_each_of_its_rows_and_no_other(behind: Engine, both: TwoShops) -> None:
    """By the role that owns the tables; the app itself may not delete a business."""
    with behind.connect() as owner:
        owner.execute(text("DELETE FROM businesses WHERE id = :a"), {"a": both.a.business_id})
        for table in TENANT_TABLES:
            assert rows(owner, table, both.a.business_id) == 0
            assert rows(owner, table, both.b.business_id) > 0
        owner.rollback()
