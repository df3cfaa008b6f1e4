"""Telling the stand-in for Razorpay where a shop's webhooks go, as an owner does in Razorpay's dashboard."""

from __future__ import annotations

import requests

from microcrm.domain.errors import Upstream

_TIMEOUT = 3.0  # seconds


def register_hook(url: str, key_id: str, key_secret: str, *, hook_url: str, hook_secret: str) -> None:
    """Raises: Upstream, when the sandbox does not run."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{url}/_sim/hook",
                json={"url": hook_url, "secret": hook_secret},
                auth=(key_id, key_secret),
                timeout=_TIMEOUT,
            )
        except requests.RequestException:
            answer = None
    if answer is None or answer.status_code != 200:
        raise Upstream(
            "The sandbox does not run.", remedy="Start it with 'microcrm sandbox', or everything with 'make run'."
        )
