"""What the provider says of a message on its way: late, twice, out of order, and sometimes never."""

from __future__ import annotations

from typing import Any

from microcrm.domain.messages import MessageState, told_state
from microcrm.domain.messenger import Channel, DeliveryTold, Refusal
from microcrm.domain.permissions import Permission
from microcrm.domain.twilio import why_of
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.messages.outcomes import ASK_AFTER, Failed, NotSent, again_at, follow_up
from microcrm.operations.messages.story import Told, note
from microcrm.operations.unit_of_work import UnitOfWork

_LARGEST = 2**63 - 1
_BY_ID = fixed("""
SELECT id, state, channel, step, attempts, provider_id FROM messages WHERE business_id = :business AND id = :id FOR UPDATE
""")
_BY_PROVIDER = fixed("""
SELECT id, state, channel, step, attempts, provider_id FROM messages
WHERE business_id = :business AND provider_id = :provider ORDER BY id LIMIT 1 FOR UPDATE
""")
_MOVE = fixed("""
UPDATE messages SET state = :state, reason = :reason, provider_id = coalesce(provider_id, :provider), looks = 0,
  handed_at = coalesce(handed_at, called_at, :now), look_at = :look, due_at = coalesce(:due, due_at),
  finished_at = CASE WHEN :over THEN :now END
WHERE business_id = :business AND id = :id
""")
# It arrived after all: what was to say the same by another channel and has not left.
_NOT_TWICE = fixed("""
UPDATE messages n SET state = 'withdrawn', reason = 'arrived', finished_at = :now FROM messages m
WHERE m.business_id = :business AND m.id = :id AND n.business_id = :business AND n.subject = m.subject
AND n.subject_version = m.subject_version AND n.step = m.step AND n.id <> m.id AND n.state = 'planned'
RETURNING n.id
""")
_MAY_MOVE = frozenset(MessageState) - {MessageState.SUPPRESSED, MessageState.WITHDRAWN}
_ON_ITS_WAY = (MessageState.HANDED, MessageState.SENT)


def take_status(uow: UnitOfWork, told: DeliveryTold) -> bool:
    """Whether it was about a message of ours. It never goes back; what failed for now is planned again, what failed for good on this
    channel may go by another one."""
    uow.require(Permission.MESSAGES_ANSWER)
    row = _find(uow, told)
    if row is None:
        return False
    known = MessageState(row.state)
    state = told_state(known, told.status)
    if known not in _MAY_MOVE or state is known or (known is MessageState.PLANNED and not row.attempts):
        return True
    if state is MessageState.FAILED:
        _has_failed(uow, row, told)
        return True
    _move(uow, row.id, told, state)
    note(uow, [Told(row.id, state.value)])
    if known is MessageState.FAILED:
        _say_it_once(uow, row.id)
    return True


def _find(uow: UnitOfWork, told: DeliveryTold) -> Any:
    connection = uow.session.connection()
    if told.reference.isascii() and told.reference.isdigit() and int(told.reference) <= _LARGEST:
        found = connection.execute(_BY_ID, {"business": uow.business_id, "id": int(told.reference)}).first()
        if found is not None:
            return found
    return connection.execute(_BY_PROVIDER, {"business": uow.business_id, "provider": told.provider_id}).first()


def _has_failed(uow: UnitOfWork, row: Any, told: DeliveryTold) -> None:
    """Of an attempt before the last one nothing is to be done: the last one is under way."""
    if row.provider_id not in (None, told.provider_id):
        return
    code = str(told.error_code or told.status.value)
    kind = why_of(told.error_code).kind if told.error_code else Refusal.UNKNOWN
    again = again_at(uow.now, NotSent(row.id, row.attempts, kind, code))
    state = MessageState.PLANNED if again else MessageState.FAILED
    _move(uow, row.id, told, state, reason=code, due=again)
    note(uow, [Told(row.id, "again" if again else "failed", code)])
    follow_up(uow, Failed(row.id, Channel(row.channel), row.step, kind, code), is_over=not again)


def _say_it_once(uow: UnitOfWork, message_id: int) -> None:
    values = {"business": uow.business_id, "now": uow.now, "id": message_id}
    note(
        uow,
        [Told(one, "taken_back", "arrived") for one in uow.session.connection().execute(_NOT_TWICE, values).scalars()],
    )


def _move(
    uow: UnitOfWork, message_id: int, told: DeliveryTold, state: MessageState, *, reason: str = "", due: Any = None
) -> None:
    values = {
        "business": uow.business_id, "now": uow.now, "id": message_id, "state": state.value, "reason": reason, "due": due,
        "provider": told.provider_id, "over": state is MessageState.FAILED,
        "look": uow.now + ASK_AFTER if state in _ON_ITS_WAY else None,
    }  # fmt: skip
    uow.session.connection().execute(_MOVE, values)
