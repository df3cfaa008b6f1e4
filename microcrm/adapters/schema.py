"""The database's schema: which version it has, which one this code needs, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from microcrm.adapters.embedded_postgres import make_role
from microcrm.adapters.reachable import check_database, plain
from microcrm.processes import Failed
from microcrm.settings import APP_ROLE, Settings

State = Literal["empty", "behind", "current", "newer"]
_NEWER = "The database has a newer schema than this MicroCRM: install the newer version again."
_ROOT = Path(__file__).resolve().parents[2]


def migrate(settings: Settings) -> None:
    """Bring the database to this code's schema, as the owner. Raises: Failed."""
    url = settings.database_owner_url
    check_database(url, "DATABASE_URL_DIRECT" if settings.given_database_url_direct else "DATABASE_URL")
    if state(url) == "newer":
        raise Failed(_NEWER)
    if settings.derives_app_role:
        _make_app_role(settings)
    command.upgrade(_config(url), "head")
    with psycopg.connect(plain(url), connect_timeout=5) as connection:
        connection.execute(f"GRANT SELECT ON public.alembic_version TO {APP_ROLE}")
    check_database(settings.database_url)


def check(url: str) -> None:
    """Raises: Failed, when the schema is not the one that this code needs."""
    found = state(url)
    if found == "newer":
        raise Failed(_NEWER)
    if found != "current":
        raise Failed(f"The schema of the database is {found}: run 'microcrm migrate'.")


def state(url: str) -> State:
    """How the schema compares with this code's."""
    found = revision(url)
    script = ScriptDirectory.from_config(_config(url))
    if found is None:
        return "empty"
    if found == script.get_current_head():
        return "current"
    try:
        script.get_revision(found)
    except CommandError:
        return "newer"
    return "behind"


def revision(url: str) -> str | None:
    """The revision that the database says it has; readable by the app's role too."""
    with psycopg.connect(plain(url), connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return str(row[0]) if row else None


def head() -> str | None:
    """The revision that this code needs."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "alembic"))
    config.attributes["url"] = url
    return config


def _make_app_role(settings: Settings) -> None:
    owner = plain(settings.database_owner_url)
    try:
        with psycopg.connect(owner, autocommit=True, connect_timeout=5) as connection:
            make_role(connection, APP_ROLE, settings.derived_password(APP_ROLE))
    except psycopg.errors.InsufficientPrivilege:
        raise Failed(
            f"DATABASE_URL: its user may not make the role {APP_ROLE}. Make it yourself, give its sign-in as "
            "DATABASE_URL and the owner's as DATABASE_URL_DIRECT."
        ) from None
