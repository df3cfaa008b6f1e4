"""The demo shops' messages leave, to the sandbox: its account and its senders, as one press in the settings would connect them."""

from __future__ import annotations

import secrets
from datetime import datetime

from microcrm import wiring
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.messenger import Channel
from microcrm.operations.links import hash_of
from microcrm.operations.messaging.accounts import PACE, about_secret, sandbox_senders
from microcrm.sandbox.twilio_keys import sandbox_account
from microcrm.settings import settings


def write_messaging(rows: Rows, shop: Opened, now: datetime) -> None:
    """Nothing where no sandbox may run."""
    if not settings().has_sandbox:
        return
    mine, seed = {"business_id": shop.business_id}, settings().sandbox_seed
    sid, auth_token = sandbox_account(seed, f"business {shop.business_id}")
    hook = secrets.token_urlsafe(16)

    def sealed(name: str, value: str) -> str:
        return f"\\x{wiring.sealer().seal(value.encode(), about_secret(shop.business_id, name)).hex()}"

    rows.add("messaging_accounts", [
        {**mine, "account_sid": sid, "auth_token": sealed("auth_token", auth_token), "hook_hash": f"\\x{hash_of(hook).hex()}",
         "hook_token": sealed("hook_token", hook), "is_sandbox": True, "checked_at": now, "version": 1}
    ])  # fmt: skip
    senders = sandbox_senders(seed, sid)
    rows.add("message_channels", [
        {**mine, "channel": channel.value, "sender": senders[channel], "is_on": True, "per_second": PACE[channel],
         "dlt_entity_id": "", "broken": "", "tokens": 0, "version": 1}
        for channel in Channel
    ])  # fmt: skip
