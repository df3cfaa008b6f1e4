"""Are the engines there, and new enough? Each "no" is one sentence for whoever starts the program."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from microcrm.processes import Failed

_OLDEST_POSTGRES = 15
_OLDEST_REDIS = 7  # below it the optimistic lock of Reflex's shared state hangs every event
_LEAST_FREE = 500_000_000  # bytes


def check_disk(folder: Path) -> None:
    """Raises: Failed, when the disk has too little room to work with."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        raise Failed(f"The disk of {folder} is full: {free // 1_000_000} MB are free, 500 MB are needed.")


def check_database(url: str, setting: str = "DATABASE_URL") -> int:
    """The major version of the server. Raises: Failed."""
    if not _is_address(url, {"postgresql", "postgresql+psycopg"}):
        raise Failed(f"{setting} is not an address such as postgresql://user:password@host:5432/database.")
    try:
        with psycopg.connect(plain(url), connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except (psycopg.Error, ValueError) as error:
        raise Failed(f"{setting}: {_why(url, str(error))}") from None
    if version < _OLDEST_POSTGRES:
        raise Failed(f"{setting}: PostgreSQL {version} is too old; MicroCRM needs {_OLDEST_POSTGRES} or newer.")
    return version


def check_redis(url: str) -> str:
    """The version of the server. Raises: Failed."""
    if not _is_address(url, {"redis", "rediss"}):
        raise Failed("REDIS_URL is not an address such as redis://:password@host:6379/0.")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            version = str(client.info("server")["redis_version"])
    except ValueError:
        raise Failed("REDIS_URL is not an address such as redis://:password@host:6379/0.") from None
    except redis.AuthenticationError:
        raise Failed(f"REDIS_URL: Redis at {_place(url)} refused the password.") from None
    except redis.ResponseError as error:
        raise Failed(f"REDIS_URL: Redis at {_place(url)} refused: {error}.") from None
    except redis.RedisError:
        raise Failed(f"REDIS_URL: no Redis or Valkey answers at {_place(url)}.") from None
    if int(version.split(".")[0]) < _OLDEST_REDIS:
        raise Failed(f"REDIS_URL: Redis {version} is too old; MicroCRM needs {_OLDEST_REDIS} or newer.")
    return version


def plain(url: str) -> str:
    """For psycopg itself, which does not know SQLAlchemy's way of naming the driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else str(parts.hostname or "localhost")


def _why(url: str, reason: str) -> str:
    parts = urlsplit(url)
    if "password authentication failed" in reason or "no password supplied" in reason:
        return f"PostgreSQL at {_place(url)} refused the password of {parts.username}."
    if "does not exist" in reason and "database" in reason:
        return f"PostgreSQL at {_place(url)} has no database {parts.path.lstrip('/')}."
    if "role" in reason and "does not exist" in reason:
        return f"PostgreSQL at {_place(url)} knows no user {parts.username}."
    if "SSL" in reason or "certificate" in reason:
        return f"PostgreSQL at {_place(url)} and the sslmode of the address do not go together."
    if "URI" in reason or "connection option" in reason:
        return "something after the ? of the address is not an option of PostgreSQL."
    if "resolve" in reason or "not known" in reason:
        return f"no machine is called {parts.hostname}."
    return f"no PostgreSQL answers at {_place(url)}."
