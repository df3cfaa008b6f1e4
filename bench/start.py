"""``start``: from nothing to the first page, from what is there to the first page, and the memory of everything.

Warm package cache: the environment is installed and the pages are built unless ``make run`` has never run here; with
``--quick`` the pages are not built anew, in full they are, as on a fresh machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.report import Choice, Report
from bench.site import pss_mb
from microcrm import ports
from microcrm.launch import frontend
from microcrm.processes import Failed

_PATIENCE = 180.0  # seconds
_OURS = ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL", "MICROCRM_APP_URL")


def measure(choice: Choice) -> Report:
    with tempfile.TemporaryDirectory(prefix="microcrm-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the account that runs PostgreSQL must be able to enter
        if not choice.is_quick:
            shutil.rmtree(frontend.ROOT / ".web" / "build", ignore_errors=True)
        choice.say("first start: empty data folder, demo shops" + ("" if choice.is_quick else ", pages built"))
        with _started(home) as (first, _):
            pass
        choice.say("second start")
        with _started(home) as (later, process):
            time.sleep(5)  # the worker and beat have begun their work
            memory = pss_mb(process.pid)
    figures = {
        "first_s": first,
        "first_builds_pages": not choice.is_quick,
        "later_s": later,
        "pss_mb": memory,
    }
    return Report("start", figures, goal={"first_s": "<= 90", "later_s": "<= 10", "pss_mb": "<= 1229"})


@contextmanager
def _started(home: Path) -> Iterator[tuple[float, subprocess.Popen[bytes]]]:
    """Seconds until the sign-in page is served, and the process of ``microcrm up``."""
    port = ports.free_port()
    variables = {name: value for name, value in os.environ.items() if name not in _OURS}
    variables |= {"MICROCRM_HOME": str(home), "MICROCRM_PORT": str(port)}
    began = time.monotonic()
    with (home / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "microcrm.cli", "up"],
            env=variables, cwd=frontend.ROOT, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        while not _is_served(f"http://127.0.0.1:{port}/sign-in"):
            if process.poll() is not None or time.monotonic() - began > _PATIENCE:
                raise Failed(f"'microcrm up' did not serve a page: {(home / 'up.log').read_text()[-300:]}")
            time.sleep(0.05)
        yield round(time.monotonic() - began, 1), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _is_served(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
