"""What became of messages that were handed over, or of which nobody knows; and what is done about it.

An outcome is written only while the lease is the writer's: a worker that was too slow has lost its say. Sending is not idempotent at
the provider, so an unknown outcome is looked up before anything else, and never repeated blindly.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from microcrm.domain.bell import BellKind
from microcrm.domain.messages import ELIDED, MessageState, told_state
from microcrm.domain.messenger import ANOTHER_CHANNEL, Channel, Handed, Outgoing, Refusal, RemoteMessage
from microcrm.domain.permissions import Permission
from microcrm.operations.bell.ringing import ring
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.messages.campaigned import campaigns_of
from microcrm.operations.messages.claiming import LEASE
from microcrm.operations.messages.facts import about
from microcrm.operations.messages.leaving import go_on, next_channel, order_of
from microcrm.operations.messages.own_secrets import secret_of
from microcrm.operations.messages.story import Told, note, tell
from microcrm.operations.messaging.accounts import all_channels, stop_channel
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.parts.channel_blocks import block
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ATTEMPTS = 6
MOST_LATER = 3
MOST_LOOKS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=20), timedelta(hours=1)
_MUCH_LATER = timedelta(minutes=30)
ASK_AFTER = timedelta(
    minutes=15
)  # about one that was handed over and of which nothing was heard; then four times as long
_ASK_AT_MOST = 4
_ANOTHER = ANOTHER_CHANNEL | {Refusal.TRANSIENT, Refusal.LATER, Refusal.UNKNOWN}

_HANDED = fixed("""
WITH handed AS (
  UPDATE messages m SET state = w.state, reason = '', provider_id = w.provider, handed_at = :now,
    look_at = CASE WHEN w.provider IS NOT NULL THEN cast(:look AS timestamptz) END, looks = 0
  FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS w (id bigint, attempt int, state text, provider text)
  WHERE m.business_id = :business AND m.id = w.id AND m.state = 'sending' AND m.attempts = w.attempt
  RETURNING m.id, m.state
)
INSERT INTO message_events (business_id, message_id, at, what, reason)
SELECT :business, id, :now, state, '' FROM handed
""")
_SET = fixed("""
UPDATE messages SET state = cast(:state AS text), reason = :reason, due_at = coalesce(:due, due_at), look_at = :look, looks = :looks,
  attempts = attempts - cast(:back AS int), finished_at = CASE WHEN cast(:state AS text) IN ('failed', 'unknown') THEN :now END
WHERE business_id = :business AND id = :id AND state = 'sending' AND attempts = :attempt
RETURNING id, channel, step
""")
_LOOK = fixed("""
WITH taken AS MATERIALIZED (
  SELECT id FROM messages WHERE business_id = :business AND look_at <= :now ORDER BY look_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET look_at = :lease, looks = m.looks + 1 FROM taken WHERE m.business_id = :business AND m.id = taken.id
RETURNING m.id, m.state, m.step, m.subject, m.subject_version, m.channel, m.text,
  m.attempts, m.looks, m.called_at, m.provider_id, m.customer_id,
  m.details ->> 'to' AS written_from
""")
_ADDRESSES = fixed("SELECT id, phone, email FROM customers WHERE business_id = :business AND id = ANY(:ids)")
_OTHERS = fixed("""
SELECT provider_id FROM messages WHERE business_id = :business AND customer_id = :customer AND provider_id IS NOT NULL
AND due_at > cast(:since AS timestamptz) - interval '8 days'
""")
_FOUND = fixed("""
UPDATE messages SET state = cast(:state AS text), reason = :reason, provider_id = :provider,
  handed_at = coalesce(handed_at, called_at), look_at = :look, finished_at = CASE WHEN cast(:state AS text) = 'failed' THEN :now END
WHERE business_id = :business AND id = :id AND state = :known
RETURNING id
""")
_LATER = fixed("UPDATE messages SET look_at = :look WHERE business_id = :business AND id = :id AND state = :known")


class Sent(NamedTuple):
    """The provider has it."""

    message_id: int
    attempt: int
    handed: Handed


class NotSent(NamedTuple):
    """It did not leave. ``code``: the provider's, or a word of ours."""

    message_id: int
    attempt: int
    kind: Refusal
    code: str


@dataclass(frozen=True, slots=True)
class Look:
    """One of which somebody has to find out what became. ``outgoing``: what was to leave, word for word; ``provider_id`` empty: nobody
    knows whether it did. ``others``: ids that belong to other messages to them."""

    message_id: int
    state: MessageState
    channel: Channel
    attempt: int
    looks: int
    called_at: datetime
    provider_id: str
    outgoing: Outgoing
    others: tuple[str, ...]


def note_sent(uow: UnitOfWork, sent: Sequence[Sent]) -> None:
    """All of a batch in one statement; a few are told to open cards besides."""
    uow.require(Permission.MESSAGES_ANSWER)
    if not sent:
        return
    rows = [
        {
            "id": one.message_id, "attempt": one.attempt, "provider": one.handed.provider_id or None,
            "state": told_state(MessageState.SENDING, one.handed.status).value,
        }
        for one in sent
    ]  # fmt: skip
    values = {"business": uow.business_id, "now": uow.now, "look": uow.now + ASK_AFTER, "rows": json.dumps(rows)}
    run(uow.session.connection(), _HANDED, values)
    tell(uow, [one.message_id for one in sent])


def note_not_sent(uow: UnitOfWork, one: NotSent, *, looks: int = 0) -> None:
    """Again later, by another channel, or never. A refusal that every message would meet stops the channel."""
    uow.require(Permission.MESSAGES_ANSWER)
    again = again_at(uow.now, one)
    state = "planned" if again or one.kind is Refusal.SETTINGS else "failed"
    back = int(one.kind is Refusal.SETTINGS)  # no attempt of this message's
    values = {
        "business": uow.business_id, "now": uow.now, "id": one.message_id, "attempt": one.attempt, "state": state,
        "reason": one.code[:40], "due": again, "look": None, "looks": looks, "back": back,
    }  # fmt: skip
    row = uow.session.connection().execute(_SET, values).first()
    if row is None:
        return
    note(uow, [Told(one.message_id, "failed" if state == "failed" else "again", one.code[:40])])
    follow_up(
        uow, Failed(one.message_id, Channel(row.channel), row.step, one.kind, one.code), is_over=state == "failed"
    )


class Failed(NamedTuple):
    message_id: int
    channel: Channel
    step: str
    kind: Refusal
    code: str


def follow_up(uow: UnitOfWork, one: Failed, *, is_over: bool) -> None:
    """What a refusal means for the channel, for the receiver, and for the next channel."""
    if one.kind is Refusal.SETTINGS:
        stop_channel(uow, one.channel, one.code)
        return
    person = about(uow, [one.message_id])[one.message_id]
    if one.kind is Refusal.OPTED_OUT and person.address(one.channel):
        block(uow, one.channel, person.address(one.channel).lower(), "provider")
    if is_over and one.kind in _ANOTHER:
        campaign = campaigns_of(uow, [one.message_id]).get(one.message_id)
        order = campaign.channels if campaign is not None else order_of(plan_of(uow), one.step)
        following = next_channel(order, one.channel, all_channels(uow), person)
        if following is not None:
            go_on(uow, [(one.message_id, following)])
            return
    if is_over:
        needs_a_person(uow)


def needs_a_person(uow: UnitOfWork) -> None:
    """On the bell, once an hour however many there are."""
    ring(uow, BellKind.FAILED, uow.now.strftime("%Y-%m-%d %H"))


def again_at(now: datetime, one: NotSent) -> datetime | None:
    if one.kind is Refusal.TRANSIENT and one.attempt < MOST_ATTEMPTS:
        return now + jittered(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (one.attempt - 1)))
    if one.kind is Refusal.LATER and one.attempt < MOST_LATER:
        return now + jittered(_MUCH_LATER)
    return None


def jittered(pause: timedelta) -> timedelta:
    """Up to half as long again, so that what failed together does not come back together."""
    return pause * (1 + secrets.randbelow(500) / 1_000)


def note_unknown(uow: UnitOfWork, message_id: int, attempt: int) -> None:
    """Nobody knows whether it left: looked up in a minute, when the provider's list has it if it ever will."""
    uow.require(Permission.MESSAGES_ANSWER)
    _keep_looking(uow, message_id, attempt, timedelta(minutes=1))


def _keep_looking(uow: UnitOfWork, message_id: int, attempt: int, pause: timedelta, looks: int = 0) -> None:
    values = {
        "business": uow.business_id, "now": uow.now, "id": message_id, "attempt": attempt, "state": "sending", "reason": "",
        "due": None, "look": uow.now + pause, "looks": looks, "back": 0,
    }  # fmt: skip
    uow.session.connection().execute(_SET, values)


def claim_looks(uow: UnitOfWork, most: int, link_key: str) -> list[Look]:
    """Leases those that have to be looked at now."""
    uow.require(Permission.MESSAGES_ANSWER)
    values = {"business": uow.business_id, "now": uow.now, "lease": uow.now + LEASE, "most": most}
    rows = uow.session.connection().execute(_LOOK, values).all()
    customers = sorted({row.customer_id for row in rows if row.customer_id is not None})
    people = {
        row.id: row
        for row in uow.session.connection().execute(_ADDRESSES, {"business": uow.business_id, "ids": customers})
    }
    return [_look(uow, row, people.get(row.customer_id), link_key) for row in rows]


def _look(uow: UnitOfWork, row: Any, person: Any, link_key: str) -> Look:
    channel, state = Channel(row.channel), MessageState(row.state)
    known = "" if person is None else person.email if channel is Channel.EMAIL else person.phone
    address = row.written_from or known
    text = row.text.replace(
        ELIDED, secret_of(link_key, uow.business_id, row.id, row.step, row.subject, row.subject_version)
    )
    others: tuple[str, ...] = ()
    if state is MessageState.SENDING:
        values = {"business": uow.business_id, "customer": row.customer_id, "since": row.called_at}
        others = tuple(uow.session.connection().execute(_OTHERS, values).scalars())
    return Look(
        row.id, state, channel, row.attempts, row.looks, row.called_at, row.provider_id or "",
        Outgoing(channel, address, text, str(row.id)), others,
    )  # fmt: skip


def note_found(uow: UnitOfWork, look: Look, remote: RemoteMessage) -> None:
    """The provider has it, or has news of it."""
    uow.require(Permission.MESSAGES_ANSWER)
    state = told_state(look.state, remote.status)
    is_new = look.state is MessageState.SENDING
    later = look.looks < _ASK_AT_MOST and state in (MessageState.HANDED, MessageState.SENT)
    reason = str(remote.error_code or "") if state is MessageState.FAILED else ""
    values = {
        "business": uow.business_id, "now": uow.now, "id": look.message_id, "state": state.value, "reason": reason,
        "provider": remote.provider_id, "known": look.state.value,
        "look": uow.now + ASK_AFTER * 4 ** (0 if is_new else look.looks) if later else None,
    }  # fmt: skip
    if uow.session.connection().execute(_FOUND, values).first() and (is_new or state is not look.state):
        note(uow, [Told(look.message_id, "looked_up"), Told(look.message_id, state.value, reason)])


def note_absent(uow: UnitOfWork, look: Look) -> None:
    """It never arrived there, so it is sent again."""
    uow.require(Permission.MESSAGES_ANSWER)
    note_not_sent(uow, NotSent(look.message_id, look.attempt, Refusal.TRANSIENT, "not_arrived"))


def note_no_answer(uow: UnitOfWork, look: Look) -> None:
    """Asked in vain. After some times a person has to decide."""
    uow.require(Permission.MESSAGES_ANSWER)
    pause = jittered(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**look.looks))
    if look.state is not MessageState.SENDING:
        values = {"business": uow.business_id, "id": look.message_id, "known": look.state.value}
        end = look.looks >= MOST_LOOKS
        uow.session.connection().execute(_LATER, {**values, "look": None if end else uow.now + pause})
    elif look.looks >= MOST_LOOKS:
        give_up(uow, look)
    else:
        _keep_looking(uow, look.message_id, look.attempt, pause, look.looks)


def give_up(uow: UnitOfWork, look: Look) -> None:
    """Nobody can say whether it left: it is listed for a person to decide."""
    uow.require(Permission.MESSAGES_ANSWER)
    values = {
        "business": uow.business_id, "now": uow.now, "id": look.message_id, "attempt": look.attempt, "state": "unknown",
        "reason": "unknown", "due": None, "look": None, "looks": look.looks, "back": 0,
    }  # fmt: skip
    if uow.session.connection().execute(_SET, values).first():
        note(uow, [Told(look.message_id, "unknown")])
        needs_a_person(uow)
