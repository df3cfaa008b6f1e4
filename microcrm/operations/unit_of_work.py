"""One use case, one transaction. Only the edges (state, http, tasks, cli, tests) open a unit of work; operations receive
it, ask it for permission first, and never commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlmodel import Session

from microcrm.domain.errors import Forbidden, SignedOut
from microcrm.domain.permissions import READING, Permission, Role
from microcrm.operations.capabilities import Sealer
from microcrm.operations.fixed_sql import fixed, run

Realm = Literal["", "accounts", "worker"]
_REALMS: dict[Realm, str] = {"": "", "accounts": "accounts", "worker": "worker"}  # nothing else gets into SQL


_LOG = fixed("""
INSERT INTO audit_events (business_id, at, user_id, member_id, is_viewing_as, action, subject, subject_id, facts)
VALUES (:business, :now, :user, :member, :viewing, :action, :subject, :subject_id, :facts) RETURNING id
""")
_UNDO = fixed("""
INSERT INTO undos (business_id, audit_event_id, at, member_id, label, entity, entity_id, before, after_version)
VALUES (:business, :event, :now, :member, :label, :entity, :entity_id, :before, :version) RETURNING id
""")
_ENQUEUE = fixed("""
INSERT INTO outbox (business_id, kind, key, payload, state, created_at, due_at, attempts, last_error)
VALUES (:business, :kind, :key, :payload, 'queued', :now, :due, 0, '') ON CONFLICT (key) DO NOTHING
""")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``account`` is signed in but (yet) in no business; ``system`` is a task or the command line."""

    kind: Literal["visitor", "account", "member", "system"]
    user_id: int | None = None
    business_id: int | None = None
    member_id: int | None = None
    role: Role | None = None
    permissions: frozenset[Permission] = frozenset()
    session_id: int | None = None
    is_own_calendar_only: bool = False
    is_viewing_as: bool = False
    zone: str = "Asia/Kolkata"
    address: str = ""  # network address, for throttles and security mails
    browser: str = ""

    @property
    def allowed(self) -> frozenset[Permission]:
        """What may be done now: whoever looks as somebody else looks, and nothing more."""
        return self.permissions & READING if self.is_viewing_as else self.permissions


VISITOR = Actor("visitor")


def system(business_id: int | None = None, zone: str = "Asia/Kolkata") -> Actor:
    """A task or the command line, within one business or none; it may do everything its realm lets it see."""
    return Actor("system", business_id=business_id, permissions=frozenset(Permission), zone=zone)


@dataclass(frozen=True, slots=True)
class Door:
    """What the door of a shop's public pages said when this transaction came in: of what a shop has not set up, nothing is read."""

    is_code_needed: bool
    takes_payments: bool
    has_own_messages: bool


@dataclass(slots=True)
class UnitOfWork:
    """``now`` is the same aware UTC instant throughout the transaction. ``sealer``: for the one question that many operations ask
    of what is sealed (`operations/vault/allergies.py`); whoever shows or writes records is handed it by name."""

    session: Session
    actor: Actor
    now: datetime
    realm: Realm = ""
    sealer: Callable[[], Sealer] | None = None
    door: Door | None = None  # none for whoever came in otherwise
    nudges: set[str] = field(default_factory=set)  # after commit: which queues have something to do
    told: list[Callable[[UnitOfWork], None]] = field(default_factory=list)  # see `note_even_if_refused`

    def require(self, permission: Permission) -> None:
        """The second wall. First line of each operation."""
        if self.actor.is_viewing_as and permission not in READING:
            raise Forbidden("You are looking as somebody else.", remedy="Stop viewing as them to make changes.")
        if permission in self.actor.permissions:
            return
        if self.actor.kind == "visitor":
            raise SignedOut
        raise Forbidden

    def require_public(self) -> None:
        """Said by the few operations that anybody may call (sign-up, sign-in, reset): the law test wants one or the
        other as the first line, so that open doors are open on purpose."""

    def may(self, permission: Permission) -> bool:
        return permission in self.actor.allowed

    @property
    def business_id(self) -> int:
        """The tenant of this transaction; operations filter by it as well as relying on the policy."""
        if self.actor.business_id is None:
            raise Forbidden("Open a business first.", remedy="Choose or create your business, then try again.")
        return self.actor.business_id

    def enter_business(self, business_id: int) -> None:
        """The rest of the transaction belongs to it. For doors that find out which one it is: sign-up, joining, links, a queue."""
        self.session.connection().execute(
            text("SELECT set_config('app.business_id', :b, true)"), {"b": str(business_id)}
        )
        self.actor = replace(self.actor, business_id=business_id)

    def audit(self, action: str, subject: str, subject_id: int | None = None, **facts: Any) -> int:
        """Append to the business's log, in this transaction. No personal values in ``facts``. Returns the event's id."""
        self.session.flush()
        values = {
            "business": self.business_id, "now": self.now, "user": self.actor.user_id, "member": self.actor.member_id,
            "viewing": self.actor.is_viewing_as, "action": action, "subject": subject, "subject_id": subject_id,
            "facts": Jsonb(facts),
        }  # fmt: skip
        return int(run(self.session.connection(), _LOG, values, tuple_row).fetchall()[0][0])

    def note_even_if_refused(self, write: Callable[[UnitOfWork], None]) -> None:
        """``write`` now, and once more when a refusal takes this transaction back: what it told somebody, they know."""
        write(self)
        self.told.append(write)

    def undoable(
        self,
        label: str,
        entity: str,
        entity_id: int,
        *,
        before: dict[str, Any] | None,
        after_version: int | None = None,
        audit_event_id: int | None = None,
    ) -> int:
        """Remember how a settings row was (``None``: it did not exist) so that the change can be taken back."""
        self.session.flush()
        values = {
            "business": self.business_id, "event": audit_event_id, "now": self.now, "member": self.actor.member_id,
            "label": label, "entity": entity, "entity_id": entity_id, "version": after_version,
            "before": None if before is None else Jsonb(before),
        }  # fmt: skip
        return int(run(self.session.connection(), _UNDO, values, tuple_row).fetchall()[0][0])

    def enqueue(self, kind: str, key: str, payload: dict[str, Any], due_at: datetime | None = None) -> None:
        """Ask for an effect after commit. The same ``key`` again is the same effect and changes nothing."""
        values = {
            "business": None if self.realm == "accounts" else self.actor.business_id, "kind": kind, "key": key,
            "payload": Jsonb(payload), "now": self.now, "due": due_at or self.now,
        }  # fmt: skip
        run(self.session.connection(), _ENQUEUE, values)
        self.nudges.add("outbox")


def opening_of(actor: Actor, realm: Realm) -> str:
    """The SQL that each transaction begins with: drop to the unprivileged role (whatever role connected), and say whose rows
    these are. One text without parameters, so that it travels together with ``BEGIN``."""
    business = "" if actor.business_id is None else int(actor.business_id)
    user = "" if actor.user_id is None else int(actor.user_id)
    return (
        f"SET LOCAL ROLE microcrm_app; SET LOCAL app.business_id = '{business}'; SET LOCAL app.user_id = '{user}'; "
        f"SET LOCAL app.realm = '{_REALMS[realm]}'"
    )
