"""Serves the bare app as the product is served: the same server, as many workers, the same shared state in Valkey.

Runs as a script in its own folder, where Reflex finds the bare app's configuration. No pages: the load needs none.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import sys

from granian.constants import Interfaces
from granian.server import Server


def serve(port: int, workers: int) -> None:
    os.environ.setdefault("__REFLEX_SKIP_COMPILE", "true")
    multiprocessing.set_start_method("fork", force=True)
    importlib.import_module("bare")
    gc.collect()
    gc.freeze()
    Server(
        target="bare:app",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        workers_kill_timeout=10,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
