"""Telling the stand-ins for Razorpay and Twilio where a shop is told what happens, as an owner does in their consoles."""

from __future__ import annotations

import requests

from microcrm.domain.errors import Upstream

_TIMEOUT = 3.0  # seconds


def register_hook(url: str, key_id: str, key_secret: str, *, hook_url: str, hook_secret: str) -> None:
    """Raises: Upstream, when the sandbox does not run."""
    _post(f"{url}/_sim/hook", (key_id, key_secret), {"url": hook_url, "secret": hook_secret})


def register_inbound(url: str, account_sid: str, auth_token: str, hook_url: str) -> None:
    """Where messages of customers are posted to. Raises: Upstream, when the sandbox does not run."""
    _post(f"{url}/_sim/twilio/hook", (account_sid, auth_token), {"url": hook_url})


def _post(url: str, auth: tuple[str, str], body: dict[str, str]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(url, json=body, auth=auth, timeout=_TIMEOUT)
        except requests.RequestException:
            answer = None
    if answer is None or answer.status_code != 200:
        raise Upstream(
            "The sandbox does not run.", remedy="Start it with 'microcrm sandbox', or everything with 'make run'."
        )
