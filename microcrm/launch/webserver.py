"""Serves the built pages, the websocket and the HTTP routes on one port.

Like ``reflex run --env prod --single-port``, without compiling again: the app is imported once, then workers are forked
from it, so that they share its memory.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from microcrm.launch import frontend
from microcrm.settings import Settings

_APP = "microcrm.microcrm"
_SERVING = {
    # Reflex's own names for: the pages are compiled already; serve them from the backend.
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    # Any worker may get any event of a tab. The worker that has it keeps its state in memory, and another that wants it
    # asks and gets it at once; each time it is written to Redis and read back costs more than the event itself.
    "REFLEX_STATE_MANAGER_MODE": "redis",
    "REFLEX_OPLOCK_ENABLED": "1",
    "REFLEX_OPLOCK_HOLD_TIME": "15s",
    "REFLEX_SOCKET_INTERVAL": "10s",
    "REFLEX_SOCKET_TIMEOUT": "20s",
}
# Granian's log goes where ours goes.
_LOG_TO_OURS = {"version": 1, "disable_existing_loggers": False, "loggers": {"_granian": {"handlers": []}}}


def serve(settings: Settings) -> None:
    """Until a stop signal; open requests get ten seconds to end."""
    os.environ.update(frontend.environment(settings) | _SERVING | {"REFLEX_REDIS_URL": settings.redis_url})
    os.chdir(frontend.ROOT)
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        importlib.import_module(_APP)
        calm_collector()
    Server(
        target=f"{_APP}:app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.web_workers,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels(settings.log_level),
        log_access=False,
        log_dictconfig=_LOG_TO_OURS,
    ).serve()


def calm_collector() -> None:
    """Garbage collection of a process that serves: what was loaded is set aside, else each collection in a worker would
    copy the shared pages; one that walks what a burst of tabs has left, and stops everybody for as long, comes often enough to
    be short; and a full one, which walks the states of all open tabs, is rare."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 200)
