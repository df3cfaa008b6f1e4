"""Shared by the domain tests: the worked cases handed to the team, and one Hypothesis profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("domain", deadline=None, max_examples=100)
settings.load_profile("domain")

_VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors.json"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """The worked cases of the shared folder beside the repository; they are not part of it."""
    if not _VECTORS.exists():
        pytest.skip("no shared folder beside the repository")
    found: dict[str, Any] = json.loads(_VECTORS.read_text(encoding="utf-8"))
    return found
