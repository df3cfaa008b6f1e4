"""What each table must have so that a shop's rows stay in the shop."""

from __future__ import annotations

import inspect

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Table, UniqueConstraint, text
from sqlmodel import SQLModel

from microcrm.models import campaigns, doors, form_links, gateway, imports, messages, messaging, monitoring, recurring
from microcrm.models.schema import ACCOUNT_TABLES, METADATA, OTHER_TABLES, TENANT_TABLES
from microcrm.models.walls import FUNCTION_NAMES
from microcrm.settings import APP_ROLE, settings
from tests.support.servers import Servers
from tests.support.sources import ROOT

TENANTS = [METADATA.tables[name] for name in TENANT_TABLES if name != "businesses"]
MODELS = sorted((mapper.class_ for mapper in SQLModel._sa_registry.mappers), key=lambda model: model.__name__)
OF_A_CUSTOMER = frozenset({"customer_words"})  # rows without a life of their own: their customer says whose they are
by_name = pytest.mark.parametrize("table", TENANTS, ids=lambda t: t.name)


@by_name
def test_a_tenant_table_names_its_business(table: Table) -> None:
    column = table.columns["business_id"]
    assert not column.nullable
    named = {key.target_fullname for key in column.foreign_keys}
    assert ("customers.business_id" if table.name in OF_A_CUSTOMER else "businesses.id") in named


@by_name
def test_others_can_point_at_it_only_together_with_its_business(table: Table) -> None:
    keys = [{c.name for c in u.columns} for u in table.constraints if isinstance(u, UniqueConstraint)]
    assert {"business_id", "id"} in keys or "business_id" in {c.name for c in table.primary_key.columns}


@by_name
def test_its_links_stay_within_the_business(table: Table) -> None:
    """Each foreign key to another tenant table is composite; only the link to the business itself is not."""
    for link in table.foreign_key_constraints:
        if link.referred_table.name != "businesses":
            assert link.referred_table.fullname in TENANT_TABLES, "accounts are not linked from a tenant's rows"
            assert "business_id" in link.column_keys and len(link.column_keys) == 2


@by_name
def test_its_indexes_begin_with_the_business(table: Table) -> None:
    """Otherwise a query of one shop walks the rows of all shops."""
    starts = {index.name: next(iter(index.columns)).name for index in table.indexes}
    assert {name for name, column in starts.items() if column not in {"business_id", "user_id"}} == set()


def test_every_table_has_a_kind() -> None:
    kinds = [*TENANT_TABLES, *ACCOUNT_TABLES, *OTHER_TABLES]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) == set(METADATA.tables)


def test_every_table_forces_row_security_and_has_a_policy(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        found = {
            row.name: (row.relrowsecurity, row.relforcerowsecurity, row.policies)
            for row in connection.execute(
                text(
                    "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, "
                    "c.relrowsecurity, c.relforcerowsecurity, (SELECT count(*) FROM pg_policies p WHERE "
                    "p.schemaname = n.nspname AND p.tablename = c.relname AND :app = ANY(p.roles)) AS policies "
                    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "WHERE n.nspname IN ('public', 'keys') AND c.relkind IN ('r', 'p')"
                ),
                {"app": APP_ROLE},
            )
        }
    found.pop("alembic_version")
    assert set(found) == set(METADATA.tables)
    assert {name for name, (has, forces, policies) in found.items() if not (has and forces and policies)} == set()


def test_the_tenant_policy_compares_the_business_for_reading_and_for_writing(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        policies = connection.execute(
            text(
                "SELECT CASE schemaname WHEN 'public' THEN '' ELSE schemaname || '.' END || tablename AS name, "
                "cmd, qual, with_check FROM pg_policies WHERE policyname = 'tenant'"
            )
        ).all()
    assert {policy.name for policy in policies} == set(TENANT_TABLES)
    for policy in policies:
        assert policy.cmd == "ALL"
        for condition in (policy.qual, policy.with_check):
            assert "app.business_id" in condition and " OR " not in condition.upper()


def test_the_app_role_owns_nothing_and_cannot_step_around_policies(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = :app"),
            {"app": APP_ROLE},
        ).one()
        owned = connection.execute(
            text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = :app"), {"app": APP_ROLE}
        ).scalar_one()
        may_create = connection.execute(
            text(
                "SELECT has_schema_privilege(:app, 'public', 'CREATE') OR has_schema_privilege(:app, 'keys', 'CREATE')"
            ),
            {"app": APP_ROLE},
        ).scalar_one()
    assert tuple(role) == (False, False, False, False)
    assert (owned, may_create) == (0, False)


def test_functions_that_look_past_the_policies_are_few_and_pinned(owner_engine: Engine) -> None:
    """Each SECURITY DEFINER function is in the list, has a fixed search path, and is not open to everybody."""
    with owner_engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT p.oid::regprocedure::text AS name, p.proconfig, p.proacl::text AS acl FROM pg_proc p "
                "WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
            )
        ).all()
    expected = {
        *FUNCTION_NAMES,
        *doors.FUNCTION_NAMES,
        *doors.LATER_FUNCTION_NAMES,
        *gateway.FUNCTION_NAMES,
        gateway.SANDBOX_IS_WANTED_NAME,
        *recurring.FUNCTION_NAMES,
        *imports.FUNCTION_NAMES,
        form_links.FORM_BEHIND_NAME,
        *messages.FUNCTION_NAMES,
        campaigns.CAMPAIGNS_DUE_NAME,
        messaging.TWILIO_BEHIND_NAME,
        monitoring.MESSAGES_IN_ALL_NAME,
        *imports.LATER_FUNCTION_NAMES,
    } - doors.REPLACED_NAMES
    assert {row.name.replace(" ", "") for row in found} == {name.replace(" ", "") for name in expected}
    for row in found:
        assert row.proconfig and row.proconfig[0].startswith("search_path=")
        assert "{=X" not in row.acl and ",=X" not in row.acl


def test_the_migrations_build_what_the_models_say(engines: Servers) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = settings().database_owner_url
    command.check(config)  # raises when a difference is found


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    assert len(scripts.get_heads()) == 1


def test_moments_carry_their_zone(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        naive = connection.execute(
            text(
                "SELECT table_name || '.' || column_name FROM information_schema.columns "
                "WHERE table_schema IN ('public', 'keys') AND data_type IN ('timestamp without time zone', 'real', 'double precision')"
            )
        ).all()
    assert naive == [], "moments are timestamptz, and money is never a float"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_row_is_made_without_looking_up_builtins(model: type[SQLModel]) -> None:
    """See ``models.base.empty_dict``."""
    made_by = {name: field.default_factory for name, field in model.model_fields.items() if field.default_factory}
    assert not [name for name, factory in made_by.items() if not inspect.isfunction(factory)]
