"""The stand-in for Razorpay as a process of its own, and short ways to what banks and merchants do there."""

from __future__ import annotations

import contextlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from microcrm import ports, processes
from microcrm.processes import Program
from microcrm.sandbox.keys import sandbox_keys

SEED = "a seed of the tests"
RECORDED = Path(os.environ.get("MICROCRM_TEST_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "razorpay"
_SERVE = (
    "import sys; from microcrm.sandbox.server import serve; "
    "serve(port=int(sys.argv[1]), seed=sys.argv[2], store=None, plays_razorpay=True)"
)


@dataclass(frozen=True)
class Merchant:
    """Somebody with keys of the sandbox. ``act`` is what they, or a bank, do there."""

    url: str
    key_id: str
    secret: str

    def act(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/_sim/{what}", json=given, auth=(self.key_id, self.secret), timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return requests.get(f"{self.url}{path}", auth=(self.key_id, self.secret), timeout=20).json()


@dataclass(frozen=True)
class Sandbox:
    url: str

    def merchant(self, name: str) -> Merchant:
        return Merchant(self.url, *sandbox_keys(SEED, name))


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Sandbox]:
    port = ports.free_port()
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    program = Program(
        "sandbox", [sys.executable, "-c", _SERVE, str(port), SEED], folder / "sandbox.log", is_ready=is_ready
    )
    running = processes.start(program)
    try:
        yield Sandbox(url)
    finally:
        running.stop()
