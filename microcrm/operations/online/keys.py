"""A shop's own keys of Razorpay: kept sealed, shown masked, found by the address that webhooks come to."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from microcrm.domain.bell import BellKind
from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.gateway import GatewayAccount, PayRequest
from microcrm.operations.bell.ringing import ring
from microcrm.operations.capabilities import Sealer
from microcrm.operations.parts.online_mode import mode_of
from microcrm.operations.parts.provider_secrets import good_now, hash_of_address, new_address, opened
from microcrm.operations.parts.rows import same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.sandbox.keys import is_sandbox, sandbox_keys

PREVIOUS_LASTS = timedelta(hours=24)  # Razorpay repeats older events for as long, signed with the old secret
SECRETS = ("key_secret", "hook_secret", "previous_secret", "hook_token")  # columns that are sealed
_KEY_ID = re.compile(r"rzp_(?:test|live)_[A-Za-z0-9]{10,20}", re.ASCII)
_BEHIND = text("SELECT * FROM hook_behind(:hash)")
_SANDBOX = text("SELECT sandbox_is_wanted()")


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the account. ``is_sandbox``: of the stand-in, with which no money moves."""

    key_id: str
    key_secret: str = field(repr=False)
    is_sandbox: bool


@dataclass(frozen=True, slots=True)
class SaveKeys:
    """As typed. An empty secret stays as it is; ``version`` 0: there are no keys yet."""

    version: Any
    key_id: Any
    key_secret: Any = field(repr=False)
    hook_secret: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the owner sees; no secret. ``hook_token`` ends the address for webhooks. ``mode``: "", live, test or sandbox."""

    mode: str = ""
    key_id: str = ""
    hook_token: str = ""
    checked_at: datetime | None = None
    heard_at: datetime | None = None
    previous_until: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Hook:
    """The secrets that may sign what comes to one address now."""

    business_id: int
    zone: str
    secrets: tuple[str, ...] = field(repr=False)


def view_account(uow: UnitOfWork, sealer: Sealer) -> AccountView:
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is None:
        return AccountView()
    ends = row.previous_until
    return AccountView(
        mode=mode_of(row.key_id, is_sandbox=row.is_sandbox),
        key_id=row.key_id,
        hook_token=opened(sealer, row.hook_token, _about(uow, "hook_token")),
        checked_at=row.checked_at,
        heard_at=row.heard_at,
        previous_until=ends if ends is not None and ends > uow.now else None,
        version=row.version,
    )


def keys_to_try(uow: UnitOfWork, command: SaveKeys, sealer: Sealer) -> Keys:
    """What would be saved, to be tried at Razorpay first. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    return _read(uow, command, sealer)[0]


def save_keys(uow: UnitOfWork, command: SaveKeys, sealer: Sealer) -> None:
    """After they were tried. A changed webhook secret leaves the old one good for a day."""
    uow.require(Permission.BUSINESS_EDIT)
    keys, hook_secret = _read(uow, command, sealer)
    _store(uow, keys, hook_secret, sealer)


def use_sandbox(uow: UnitOfWork, seed: str, sealer: Sealer) -> tuple[Keys, str]:
    """Keys of the stand-in for a shop without keys. Returns them with the webhook secret, for the stand-in to be told."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is not None and not row.is_sandbox:
        raise Conflict("This shop has keys of Razorpay.", remedy="Remove them first; customers then cannot pay online.")
    key_id, key_secret = sandbox_keys(seed, f"business {uow.business_id}")
    keys, hook_secret = Keys(key_id, key_secret, is_sandbox=True), secrets.token_urlsafe(24)
    _store(uow, keys, hook_secret, sealer)
    return keys, hook_secret


def remove_keys(uow: UnitOfWork, version: Any) -> None:
    """From now on nobody can pay online; what was paid stays."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is None:
        raise NotFound
    same_version(version, row.version)
    _end_requests(uow)
    uow.session.delete(row)
    uow.session.flush()
    uow.audit("gateway.removed", "gateway_account", row.id)
    _tell(uow, "removed")


def keys_of(uow: UnitOfWork, sealer: Sealer) -> Keys:
    """For work in the shop's name. Raises: Conflict, when it has none."""
    uow.require(Permission.PAYMENTS_TAKE)
    row = _row(uow)
    if row is None:
        raise Conflict(
            "This shop takes no payments online.", remedy="The owner sets that up in Settings, Online payments."
        )
    secret = opened(sealer, row.key_secret, _about(uow, "key_secret"))
    if not secret:
        raise Conflict(
            "The keys of Razorpay can’t be read any more.", remedy="The owner has to enter them again in Settings."
        )
    return Keys(row.key_id, secret, row.is_sandbox)


def sandbox_is_wanted(uow: UnitOfWork) -> bool:
    """By any shop of this installation, for payments or for messages; also while no shop has connected anything, since one press does.
    Where all that is connected is real, no stand-in should run beside it."""
    uow.require(Permission.BUSINESS_EDIT)
    return bool(uow.session.execute(_SANDBOX).scalar_one())


def hook_behind(uow: UnitOfWork, token: Any, sealer: Sealer) -> Hook:
    """Whose webhooks come to this address. ``NotFound`` for one that was never given out."""
    uow.require_public()
    row = uow.session.execute(_BEHIND, {"hash": hash_of_address(token)}).first()
    if row is None:
        raise NotFound
    about = about_secret(row.business_id, "hook_secret")
    found = good_now(sealer, about, row.hook_secret, row.previous_secret, row.previous_until, uow.now)
    return Hook(row.business_id, row.zone, found)


def _row(uow: UnitOfWork) -> GatewayAccount | None:
    query = select(GatewayAccount).where(GatewayAccount.business_id == uow.business_id)
    return uow.session.scalars(query.with_for_update()).first()


def about_secret(business_id: int, name: str) -> str:
    """Where a sealed column belongs. The secret from before is the same text moved to another column."""
    return f"gateway:{business_id}:{'hook_secret' if name == 'previous_secret' else name}"


def _about(uow: UnitOfWork, name: str) -> str:
    return about_secret(uow.business_id, name)


def _read(uow: UnitOfWork, command: SaveKeys, sealer: Sealer) -> tuple[Keys, str]:
    row = _row(uow)
    same_version(command.version, 0 if row is None else row.version)
    reader = Reader()
    key_id = reader.text("key_id", command.key_id, "Key id", limit=40)
    is_new = row is None or row.key_id != key_id
    key_secret = reader.text("key_secret", command.key_secret, "Key secret", limit=80, least=16, required=is_new)
    hook_secret = reader.text(
        "hook_secret", command.hook_secret, "Webhook secret", limit=80, least=8, required=row is None or row.is_sandbox
    )
    if key_id and not _KEY_ID.fullmatch(key_id):
        words = "Keys of Razorpay begin with rzp_live_ or rzp_test_. Copy the whole key id."
        reader.refuse("key_id", "That is a key of the sandbox." if is_sandbox(key_id) else words)
    if row is not None:
        key_secret = key_secret or opened(sealer, row.key_secret, _about(uow, "key_secret"))
        hook_secret = hook_secret or opened(sealer, row.hook_secret, _about(uow, "hook_secret"))
        for name, kept in (("key_secret", key_secret), ("hook_secret", hook_secret)):
            if not kept:
                reader.refuse(name, "It can’t be read any more: enter it again.")
    reader.done()
    if key_secret == hook_secret:
        raise Invalid(fields={"hook_secret": "The webhook secret is not the key secret: choose a text of your own."})
    return Keys(key_id, key_secret, is_sandbox=False), hook_secret


def _store(uow: UnitOfWork, keys: Keys, hook_secret: str, sealer: Sealer) -> None:
    row = _row(uow)
    sealed = sealer.seal(keys.key_secret.encode(), _about(uow, "key_secret"))
    hook_sealed = sealer.seal(hook_secret.encode(), _about(uow, "hook_secret"))
    if row is None:
        address, token = new_address(sealer, _about(uow, "hook_token"))
        row = GatewayAccount(
            business_id=uow.business_id,
            key_id=keys.key_id,
            key_secret=sealed,
            hook_secret=hook_sealed,
            hook_hash=address,
            hook_token=token,
            is_sandbox=keys.is_sandbox,
            checked_at=uow.now,
        )
    else:
        if row.key_id != keys.key_id:
            _end_requests(uow)
        if not opened(sealer, row.hook_token, _about(uow, "hook_token")):
            row.hook_hash, row.hook_token = new_address(sealer, _about(uow, "hook_token"))
        if opened(sealer, row.hook_secret, _about(uow, "hook_secret")) != hook_secret:
            row.previous_secret, row.previous_until = row.hook_secret, uow.now + PREVIOUS_LASTS
            row.hook_secret = hook_sealed
        row.key_id, row.key_secret, row.is_sandbox = keys.key_id, sealed, keys.is_sandbox
        row.checked_at, row.version = uow.now, row.version + 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit("gateway.connected", "gateway_account", row.id, sandbox=keys.is_sandbox)
    if not keys.is_sandbox:
        _tell(uow, "entered")


def _tell(uow: UnitOfWork, what: str) -> None:
    """Owners, on the bell: whoever changes the keys moves where money goes."""
    ring(uow, BellKind.KEYS, f"razorpay:{uow.now.timestamp()}", who=uow.actor.member_id, of="razorpay", what=what)


def _end_requests(uow: UnitOfWork) -> None:
    """What was asked for with other keys cannot be looked up any more."""
    uow.session.execute(
        update(PayRequest)
        .where(PayRequest.business_id == uow.business_id, PayRequest.state.in_(("wanted", "open")))
        .values(state="ended")
    )
