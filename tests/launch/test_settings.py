"""Settings: every one documented, none unsafe outside development, addresses understood however a host prints them."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from microcrm import settings as configuration
from microcrm.settings import BadSettings, Settings, stored_secret, with_user

KEY = "kX9-vq2LmZ7pT4sWd8yB1nRf6hJcG0aE"
PROD = {
    "MICROCRM_ENVIRONMENT": "prod",
    "MICROCRM_SECRET_KEY": KEY,
    "MICROCRM_APP_URL": "https://app.example.in",
    "DATABASE_URL": "postgres://owner:pw@db.example/shop",
    "REDIS_URL": "redis://:pw@redis.example:6379/0",
}
_PLAIN_NAMES = ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL", "SMTP_URL")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Settings as a process with exactly these variables would read them."""

    def reading(**variables: str) -> Settings:
        for name in (*_PLAIN_NAMES, *(f"MICROCRM_{n.upper()}" for n in Settings.model_fields)):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"MICROCRM_HOME": str(tmp_path)} | variables).items():
            monkeypatch.setenv(name, value)
        configuration.reset()
        return configuration.settings()

    yield reading
    monkeypatch.undo()
    configuration.reset()


def test_every_setting_is_in_the_example_file() -> None:
    root = Path(configuration.__file__).parents[1]
    listed = set(re.findall(r"^([A-Z_]+)=", (root / ".env.example").read_text(), re.MULTILINE))
    known = {
        str(field.validation_alias) if isinstance(field.validation_alias, str) else f"MICROCRM_{name.upper()}"
        for name, field in Settings.model_fields.items()
    }
    assert listed == known


def test_development_needs_no_setting_and_keeps_its_secret(read) -> None:
    first = read()
    assert len(first.secret_key) >= 32
    assert read().secret_key == first.secret_key
    assert stat.S_IMODE((first.home / "secrets.json").stat().st_mode) == 0o600


def test_production_starts_with_everything_given(read) -> None:
    assert read(**PROD).public_url == "https://app.example.in"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"MICROCRM_SECRET_KEY": ""}, "long random text"),
        ({"MICROCRM_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"MICROCRM_SECRET_KEY": "change-me-change-me-change-me-change-me"}, "long random text"),
        ({"MICROCRM_SECRET_KEY": "a" * 40}, "long random text"),
        ({"MICROCRM_APP_URL": "http://app.example.in"}, "https://"),
        ({"DATABASE_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
        ({"REDIS_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
        ({"MICROCRM_PORT": "70000"}, "MICROCRM_PORT"),
        ({"MICROCRM_LOG_LEVEL": "loud"}, "MICROCRM_LOG_LEVEL"),
        ({"MICROCRM_ENVIRONMENT": "staging"}, "MICROCRM_ENVIRONMENT"),
    ],
)
def test_production_refuses(read, change: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)) as refused:
        read(**(PROD | change))
    assert KEY not in str(refused.value)


def test_settings_print_no_secret(read) -> None:
    shown = repr(read(**PROD))
    assert "pw@" not in shown
    assert KEY not in shown


def test_a_pooler_is_seen_by_its_address(read) -> None:
    pooled = "postgresql://app:a@pooler.example/shop"
    direct = {"DATABASE_URL_DIRECT": "postgresql://owner:b@direct.example/shop"}
    assert not read(**(PROD | {"DATABASE_URL": pooled} | direct)).is_database_direct
    assert read(**(PROD | {"DATABASE_URL": "postgresql://app:a@direct.example/shop"} | direct)).is_database_direct
    assert not read(
        **(PROD | {"DATABASE_URL": "postgresql://app:a@direct.example:6432/shop"} | direct)
    ).is_database_direct
    assert not read(**(PROD | {"DATABASE_URL": pooled})).is_database_direct


def test_one_sign_in_makes_the_apps_own_and_a_pooler_keeps_its_host(read) -> None:
    given = read(**(PROD | {"DATABASE_URL_DIRECT": "postgresql://owner:pw@direct.example/shop?sslmode=require"}))
    assert given.database_owner_url == "postgresql+psycopg://owner:pw@direct.example/shop?sslmode=require"
    assert given.database_url.startswith("postgresql+psycopg://microcrm_app:")
    assert given.database_url.endswith("@db.example/shop")
    assert given.database_direct_url.startswith("postgresql+psycopg://microcrm_app:")
    assert given.database_direct_url.endswith("@direct.example/shop?sslmode=require")
    assert "pw" not in given.database_url.split("@")[0]


def test_two_sign_ins_are_used_as_they_are(read) -> None:
    given = read(
        **(
            PROD
            | {
                "DATABASE_URL": "postgresql://microcrm_app:a@pool.example/shop",
                "DATABASE_URL_DIRECT": "postgresql://owner:b@direct.example/shop",
            }
        )
    )
    assert not given.derives_app_role
    assert given.database_url == "postgresql+psycopg://microcrm_app:a@pool.example/shop"
    assert given.database_direct_url == "postgresql+psycopg://microcrm_app:a@direct.example/shop"


def test_the_derived_password_depends_on_the_secret(read) -> None:
    one = read(**PROD).derived_password("microcrm_app")
    assert one == read(**PROD).derived_password("microcrm_app")
    assert one != read(**(PROD | {"MICROCRM_SECRET_KEY": KEY[::-1]})).derived_password("microcrm_app")


def test_a_password_may_hold_any_character() -> None:
    assert (
        with_user("postgresql://a:b@host:5/x?y=1", "me", "p@ss/w:rd") == "postgresql://me:p%40ss%2Fw%3Ard@host:5/x?y=1"
    )


def test_secrets_differ_by_name_and_stay(tmp_path: Path) -> None:
    one, two = stored_secret(tmp_path, "one"), stored_secret(tmp_path, "two")
    assert one != two
    assert (stored_secret(tmp_path, "one"), stored_secret(tmp_path, "two")) == (one, two)
