"""Every setting is in ``.env.example``, with a word on what it does and a default that works."""

from __future__ import annotations

import re

import pytest
from pydantic import AliasChoices

from microcrm import settings as configuration
from microcrm.settings import BadSettings, Settings
from tests.support.sources import ROOT, sources

EXAMPLE = (ROOT / ".env.example").read_text()
NAMES = re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)


def names_of_settings() -> set[str]:
    found = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            alias = alias.choices[0]
        found.add(str(alias) if alias else f"MICROCRM_{name.upper()}")
    return found


def test_the_example_names_each_setting_and_no_other() -> None:
    assert set(NAMES) == names_of_settings()
    assert len(NAMES) == len(set(NAMES))


def test_each_setting_is_explained() -> None:
    """A comment above it, or above the group it stands in."""
    lines = EXAMPLE.splitlines()
    for at, line in enumerate(lines):
        if "=" in line and not line.startswith("#"):
            above = [one for one in lines[:at] if one.strip()]
            assert above[-1].startswith("#") or "=" in above[-1], line


def test_the_example_itself_is_a_sound_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    defaults = Settings(_env_file=None)
    example = Settings(_env_file=ROOT / ".env.example")
    assert example == defaults


def test_the_environment_is_read_by_settings_alone() -> None:
    """Programs we start get theirs from us; tests and Reflex's own switches are the exceptions."""
    allowed = {
        "microcrm/settings.py",
        "microcrm/launch/frontend.py",  # PATH for the build
        "microcrm/launch/webserver.py",  # Reflex's own switches
        "microcrm/processes.py",  # what a child inherits
        "microcrm/adapters/embedded.py",  # publishes the addresses of what it started
    }
    readers = {s.name for s in sources("microcrm", "tasks") if "os.environ" in s.text or "os.getenv" in s.text}
    assert readers - allowed == set()


@pytest.mark.parametrize("key", ["", "changeme" * 5, "a" * 40, "your-secret-key-goes-right-here-1234567"])
def test_outside_development_a_default_secret_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = {
        "MICROCRM_ENVIRONMENT": "prod",
        "MICROCRM_APP_URL": "https://app.example.in",
        "DATABASE_URL": "postgresql://u:p@db.example.in/microcrm",
        "REDIS_URL": "redis://:p@cache.example.in/0",
        "MICROCRM_SECRET_KEY": "Zk3-9vQw_77LmXc2RtYp0sNd8HbGfJe5UaOi4",
    }
    for name, value in sound.items():
        monkeypatch.setenv(name, value)
    configuration.reset()
    assert configuration.settings().environment == "prod"
    monkeypatch.setenv("MICROCRM_SECRET_KEY", key)
    configuration.reset()
    with pytest.raises(BadSettings, match="MICROCRM_SECRET_KEY"):
        configuration.settings()
    monkeypatch.undo()
    configuration.reset()
