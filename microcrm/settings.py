"""One frozen object with every setting, read from the environment and from ``.env``.

``settings()`` is cached for the life of the process; ``reset()`` forgets it (the CLI does, once it has started the
embedded engines and knows their addresses; tests do too).
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

APP_ROLE = "microcrm_app"  # reads and writes rows; owns nothing and cannot step around row-level security
OWNER_ROLE = "microcrm_owner"  # owns the schema and migrates it
_EXAMPLE_SECRETS = ("change", "example", "secret", "password")
_SHORTEST_SECRET = 32  # bytes
_IS_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")


class BadSettings(Exception):
    """A setting is missing or makes no sense. The text is one sentence for the person who starts the program."""


class Settings(BaseSettings):
    """Names are read with the prefix ``MICROCRM_``; the addresses of other services go by their usual plain names."""

    model_config = SettingsConfigDict(
        env_prefix="MICROCRM_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    environment: Literal["dev", "prod"] = "dev"
    home: Path = Path(".microcrm")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    app_url: str = ""
    given_database_url: str = Field(default="", validation_alias="DATABASE_URL", repr=False)
    given_database_url_direct: str = Field(default="", validation_alias="DATABASE_URL_DIRECT", repr=False)
    redis_url: str = Field(default="", validation_alias="REDIS_URL", repr=False)
    files_url: str = Field(default="", validation_alias="FILES_URL")
    s3_endpoint: str = Field(default="", validation_alias="AWS_ENDPOINT_URL")
    s3_region: str = Field(default="", validation_alias="AWS_REGION")
    s3_key_id: str = Field(default="", validation_alias="AWS_ACCESS_KEY_ID", repr=False)
    s3_secret: str = Field(default="", validation_alias="AWS_SECRET_ACCESS_KEY", repr=False)
    smtp_url: str = Field(default="", validation_alias="SMTP_URL", repr=False)
    mail_from: str = "MicroCRM <hello@microcrm.invalid>"
    secret_key: str = Field(default="", validation_alias=AliasChoices("MICROCRM_SECRET_KEY", "secret_key"), repr=False)
    master_keys: str = Field(default="", repr=False)
    web_workers: int = Field(default=2, ge=1, le=32)
    pool_size: int = Field(default=8, ge=1, le=100)
    trusted_proxy_hops: int = Field(default=0, ge=0, le=5)
    events_per_second: int = Field(default=30, ge=1)
    sockets_per_address: int = Field(default=100, ge=1)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    demo: bool = True
    sandbox: bool = True
    sandbox_port: int = Field(default=0, ge=0, le=65535)
    monitor_password: str = Field(default="", repr=False)
    gstr_version: str = Field(default="GST3.2.4", pattern=r"^[A-Za-z0-9.]{1,20}$")

    @model_validator(mode="after")
    def _fit_for_production(self) -> Settings:
        key = self.secret_key
        if key and len(key.encode()) < _SHORTEST_SECRET:
            raise ValueError(f"MICROCRM_SECRET_KEY must have at least {_SHORTEST_SECRET} characters")
        if self.files_url and not _IS_BUCKET.fullmatch(self.files_url):
            raise ValueError("FILES_URL must be like s3://bucket or s3://bucket/prefix, or empty for a folder")
        if any(len(one.encode()) < _SHORTEST_SECRET for one in self.master_keys.split()):
            raise ValueError(f"each of MICROCRM_MASTER_KEYS must have at least {_SHORTEST_SECRET} characters")
        if self.environment == "dev":
            return self
        if _is_weak(key):
            raise ValueError("MICROCRM_SECRET_KEY must be a long random text of your own outside development")
        if any(_is_weak(one) for one in self.master_keys.split()):
            raise ValueError("MICROCRM_MASTER_KEYS must be long random texts of your own outside development")
        if not self.given_database_url or not self.redis_url:
            raise ValueError("DATABASE_URL and REDIS_URL must be set outside development")
        if not self.app_url.startswith("https://"):
            raise ValueError("MICROCRM_APP_URL must be the public https:// address outside development")
        return self

    @property
    def sealing_secrets(self) -> tuple[str, ...]:
        """What master keys are made from: the first seals, all of them open. The secret key comes last, since it sealed
        whatever is older than the first master key."""
        return tuple(dict.fromkeys((*self.master_keys.split(), self.secret_key)))

    @property
    def public_url(self) -> str:
        """The address people use, without a slash at its end."""
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return (self.app_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def has_sandbox(self) -> bool:
        """Whether stand-ins for Razorpay and Twilio may run and be used: in development only."""
        return self.sandbox and self.environment == "dev"

    @property
    def sandbox_url(self) -> str:
        """Without a slash at its end. The port stays the same, since payment links lead to it."""
        beside = self.port + 700 if self.port < 64_000 else self.port - 700
        return f"http://127.0.0.1:{self.sandbox_port or beside}"

    @property
    def sandbox_seed(self) -> str:
        """What the keys of the sandbox are made from."""
        return self.derived_password("sandbox")

    @property
    def link_key(self) -> str:
        """What links to a customer's own choices are signed with."""
        return self.derived_password("customer links")

    @property
    def database_owner_url(self) -> str:
        """For migrations: the direct address, since poolers lose advisory locks and session settings."""
        return sqlalchemy_url(self.given_database_url_direct or self.given_database_url)

    @property
    def database_url(self) -> str:
        """For the app: the pooled address with the unprivileged role.

        A host such as Neon gives one user, who owns the database. Then the app signs in as ``microcrm_app``, which
        ``microcrm migrate`` makes, with a password derived from the secret key.
        """
        given = sqlalchemy_url(self.given_database_url)
        if not given or not self.derives_app_role:
            return given
        return with_user(given, APP_ROLE, self.derived_password(APP_ROLE))

    @property
    def database_direct_url(self) -> str:
        """The app's sign-in at the direct address, for what a pooler does not carry (LISTEN)."""
        app = urlsplit(self.database_url)
        direct = urlsplit(self.database_owner_url)
        return urlunsplit(direct._replace(netloc=f"{app.netloc.rpartition('@')[0]}@{direct.netloc.rpartition('@')[2]}"))

    @property
    def is_database_direct(self) -> bool:
        """Whether no pooler stands before the database: both addresses were given and lead to the same place. One address
        alone may be a pooler's."""
        app, direct = urlsplit(self.given_database_url), urlsplit(self.given_database_url_direct)
        return bool(direct.hostname) and (app.hostname, app.port) == (direct.hostname, direct.port)

    @property
    def derives_app_role(self) -> bool:
        """Whether only the owner's sign-in was given, so that ``microcrm_app`` is ours to make."""
        given = urlsplit(self.given_database_url)
        direct = urlsplit(self.given_database_url_direct or self.given_database_url)
        return given.username == direct.username and given.username != APP_ROLE

    def derived_password(self, name: str) -> str:
        """The same for the same secret key, so that every process knows it and nobody stores it."""
        return hmac.new(self.secret_key.encode(), f"password:{name}".encode(), hashlib.sha256).hexdigest()


def _is_weak(key: str) -> bool:
    return not key or len(set(key)) < 10 or any(word in key.lower() for word in _EXAMPLE_SECRETS)


def sqlalchemy_url(url: str) -> str:
    """Whatever a host prints (``postgres://``, ``postgresql://``) as SQLAlchemy wants it for psycopg 3."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def with_user(url: str, user: str, password: str) -> str:
    """The same address with another sign-in."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def stored_secret(home: Path, name: str) -> str:
    """A random secret of this installation, made once and kept in ``home/secrets.json`` (mode 0600)."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "secrets.json"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known: dict[str, str] = json.loads(file.read() or "{}")
        if name not in known:
            known[name] = secrets.token_urlsafe(36)
            file.seek(0)
            file.write(json.dumps(known, indent=1))
            file.truncate()
    return known[name]


@cache
def settings() -> Settings:
    """The settings of this process.

    Raises: BadSettings, with every problem in one sentence.
    """
    try:
        read = Settings()
        if not read.secret_key:
            read = read.model_copy(update={"secret_key": stored_secret(read.home, "secret_key")})
    except ValidationError as error:
        problems = "; ".join(_problem(e["loc"], e["msg"]) for e in error.errors())
        raise BadSettings(f"Settings: {problems}.") from None
    except OSError as error:
        raise BadSettings(f"The data folder can't be used: {error}.") from None
    return read


def reset() -> None:
    """Read the environment anew at the next use."""
    settings.cache_clear()


def _problem(where: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"MICROCRM_{str(where[0]).upper()}: {text[0].lower()}{text[1:]}" if where else text
