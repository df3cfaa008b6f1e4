"""The whole product, served as in production, on a database of its own: for browser and socket tests."""

from __future__ import annotations

import contextlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from microcrm import ports, processes
from microcrm.launch import frontend
from microcrm.processes import Program
from microcrm.settings import Settings, settings
from tests.support import shops
from tests.support.servers import Servers
from tests.support.shops import TwoShops

DATABASE = "microcrm_site"
_REDIS_DATABASE = 14


@dataclass(frozen=True, slots=True)
class Site:
    """``url`` without a slash at its end. What the tests commit there stays until the run ends."""

    url: str
    shops: TwoShops
    variables: dict[str, str]


@contextlib.contextmanager
def served(servers: Servers) -> Iterator[Site]:
    """Build the pages if they have changed, then serve them with one web worker and one task worker."""
    servers.create(DATABASE)
    port = ports.free_port()
    variables = {
        "MICROCRM_HOME": servers.home,
        "MICROCRM_ENVIRONMENT": "dev",
        "MICROCRM_PORT": str(port),
        "MICROCRM_WEB_WORKERS": "1",
        "MICROCRM_SANDBOX_PORT": str(ports.free_port()),
        "DATABASE_URL": servers.app_url.format(database=DATABASE),
        "DATABASE_URL_DIRECT": servers.owner_url.format(database=DATABASE),
        "REDIS_URL": f"{servers.redis_url.removesuffix('/0')}/{_REDIS_DATABASE}",
        "SMTP_URL": "",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUNBUFFERED": "1",
    }
    url = f"http://127.0.0.1:{port}"
    frontend.build_if_changed(settings(), lambda _: None)
    with contextlib.ExitStack() as stack:
        for name in ("web", "worker"):
            program = _program(name, variables, settings(), url if name == "web" else "")
            stack.callback(processes.start(program).stop)
        yield Site(url, shops.find(variables["DATABASE_URL_DIRECT"]), variables)


@contextlib.contextmanager
def with_sandbox(site: Site) -> Iterator[str]:
    """The stand-in for Razorpay beside the site; its address."""
    url = f"http://127.0.0.1:{site.variables['MICROCRM_SANDBOX_PORT']}"
    running = processes.start(_program("sandbox", site.variables, settings(), url))
    try:
        yield url
    finally:
        running.stop()


def _program(name: str, variables: dict[str, str], current: Settings, url: str) -> Program:
    return Program(
        name=name,
        argv=[sys.executable, "-m", "microcrm.cli", name],
        log=_log_folder(current) / f"site-{name}.log",
        cwd=frontend.ROOT,
        env=variables,
        patience=90,
        is_ready=lambda: not url or _answers(url),
    )


def _log_folder(current: Settings) -> Path:
    """Where a failed run can be looked at afterwards; else with the other things that vanish."""
    return Path(os.environ.get("MICROCRM_TEST_LOGS", str(current.home / "logs"))).resolve()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
