"""The stand-ins for Razorpay and Twilio as a process of their own, and short ways to what others do there."""

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
from microcrm.sandbox.twilio_keys import sandbox_account, sandbox_number

SEED = "a seed of the tests"
_DATA = Path(os.environ.get("MICROCRM_TEST_SHARED", Path(__file__).parents[3] / "shared")) / "data"
RECORDED = _DATA / "razorpay"
TWILIO_API = _DATA / "twilio" / "twilio_api_v2010.messages.json"
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
class Texter:
    """Somebody with an account at the stand-in for Twilio. ``act`` is what they, or a phone, do there."""

    url: str
    sid: str
    token: str
    sender: str

    def act(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/_sim/twilio/{what}", json=given, auth=(self.sid, self.token), timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, **form: str) -> requests.Response:
        """A message as somebody would send it without our adapter."""
        path = f"{self.url}/2010-04-01/Accounts/{self.sid}/Messages.json"
        return requests.post(path, data=form, auth=(self.sid, self.token), timeout=20)


@dataclass(frozen=True)
class Sandbox:
    url: str

    def merchant(self, name: str) -> Merchant:
        return Merchant(self.url, *sandbox_keys(SEED, name))

    def texter(self, name: str) -> Texter:
        sid, token = sandbox_account(SEED, name)
        return Texter(self.url, sid, token, sandbox_number(SEED, sid))


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
