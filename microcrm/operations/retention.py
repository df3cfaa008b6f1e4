"""Makes rows go when their time is over, class by class and step by step. A step is one transaction, with what it did in the log and
how far it came; it can be cut off anywhere and done twice. Nothing younger than its rule says is ever touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text

from microcrm.domain.permissions import Permission
from microcrm.domain.retention import DataClass, End, KeepRule, goes_before, rule_of
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

STEP = 500  # rows of one class in one transaction
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_OF_A_PERSON = ("text", "to", "services")  # of a message's details: what was written, to which number, about what

# In the order of an index, from the place where the last step ended.
_BLANK_MESSAGES = fixed("""
WITH old AS MATERIALIZED (
  SELECT id, due_at FROM messages WHERE business_id = :business AND due_at < :before
  AND (due_at, id) > (cast(:at AS timestamptz), cast(:row AS bigint)) ORDER BY due_at, id LIMIT :most FOR UPDATE
), done AS (
  UPDATE messages m SET text = '', details = m.details - cast(:personal AS text[])
  FROM old WHERE m.business_id = :business AND m.id = old.id AND (m.text <> '' OR m.details ?| cast(:personal AS text[]))
  RETURNING m.id
)
SELECT (SELECT count(*) FROM old) AS seen, (SELECT count(*) FROM done) AS done, last.due_at AS at, last.id AS row
FROM (SELECT) one LEFT JOIN (SELECT due_at, id FROM old ORDER BY due_at DESC, id DESC LIMIT 1) last ON true
""")
# Their events go with them: the last of these has to be old enough as well.
_DELETE_MESSAGES = fixed("""
WITH old AS MATERIALIZED (
  SELECT m.id FROM messages m WHERE m.business_id = :business AND m.due_at < :before AND NOT EXISTS (
    SELECT FROM message_events e WHERE e.business_id = :business AND e.message_id = m.id AND e.at >= :logs)
  ORDER BY m.due_at, m.id LIMIT :most FOR UPDATE OF m SKIP LOCKED
)
DELETE FROM messages m USING old WHERE m.business_id = :business AND m.id = old.id
""")
_DELETE_INBOUND = fixed("""
WITH old AS MATERIALIZED (
  SELECT id FROM inbound_messages WHERE business_id = :business AND at < :before AND coalesce(settled_at, at) < :before
  ORDER BY at, id LIMIT :most FOR UPDATE SKIP LOCKED
)
DELETE FROM inbound_messages m USING old WHERE m.business_id = :business AND m.id = old.id
""")
_DELETE_LINKS = fixed("""
WITH old AS MATERIALIZED (
  SELECT id FROM public_links WHERE business_id = :business AND expires_at < :before
  ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
)
DELETE FROM public_links l USING old WHERE l.business_id = :business AND l.id = old.id
""")
_DELETE: Mapping[DataClass, TextClause] = MappingProxyType(
    {
        DataClass.MESSAGES: _DELETE_MESSAGES,
        DataClass.INBOUND_MESSAGES: _DELETE_INBOUND,
        DataClass.MESSAGE_LINKS: _DELETE_LINKS,
    }
)
# Who is first has the class for this step; another worker leaves it alone.
_MARK = fixed("""
INSERT INTO retention_marks (business_id, data_class, at, changed_at) VALUES (:business, :class, :at, :now)
ON CONFLICT (business_id, data_class) DO NOTHING
""")
_IS_MARKED = fixed("SELECT id FROM retention_marks WHERE business_id = :business AND data_class = :class")
_PLACE = fixed("""
SELECT at, row_id FROM retention_marks WHERE business_id = :business AND data_class = :class FOR UPDATE SKIP LOCKED
""")
_GO_ON = fixed("""
UPDATE retention_marks SET at = :at, row_id = :row, changed_at = :now WHERE business_id = :business AND data_class = :class
""")
_COUNT: Mapping[DataClass, TextClause] = MappingProxyType(
    {
        DataClass.MESSAGE_WORDS: text(
            "SELECT count(*) FROM messages WHERE business_id = :business AND due_at < :before AND text <> ''"
        ),
        DataClass.MESSAGES: text("""
            SELECT count(*) FROM messages m WHERE m.business_id = :business AND m.due_at < :before AND NOT EXISTS (
              SELECT FROM message_events e WHERE e.business_id = :business AND e.message_id = m.id AND e.at >= :logs)"""),
        DataClass.INBOUND_MESSAGES: text("""
            SELECT count(*) FROM inbound_messages
            WHERE business_id = :business AND at < :before AND coalesce(settled_at, at) < :before"""),
        DataClass.MESSAGE_LINKS: text(
            "SELECT count(*) FROM public_links WHERE business_id = :business AND expires_at < :before"
        ),
    }
)
CLASSES = (DataClass.MESSAGE_WORDS, *_DELETE)


@dataclass(frozen=True, slots=True)
class Step:
    """``done``: rows that were changed or went. ``is_more``: there may be more to do now."""

    done: int = 0
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    rule: KeepRule
    rows: int


def let_go(uow: UnitOfWork, data_class: DataClass, most: int = STEP) -> Step:
    """One step for one business, in the worker."""
    uow.require(Permission.MESSAGES_ANSWER)
    rule, before = _rule(data_class, uow.now)
    if rule is None or before is None:
        return Step()
    step = _blank(uow, before, most) if rule.end is End.BLANKED else _delete(uow, data_class, before, most)
    if step.done:
        action = "retention.blanked" if rule.end is End.BLANKED else "retention.deleted"
        uow.audit(action, "kept_rows", None, count=step.done, of=data_class.value)
    return step


def forecast(uow: UnitOfWork, on: datetime) -> list[Forecast]:
    """What would go if nothing happened until then; changes nothing."""
    uow.require(Permission.MESSAGES_ANSWER)
    found = []
    for data_class in CLASSES:
        rule, before = _rule(data_class, on)
        if rule is not None and before is not None:
            found.append(
                Forecast(rule, _run(uow, _COUNT[data_class], _values(uow, data_class, before, on)).scalar_one())
            )
    return found


def _rule(data_class: DataClass, now: datetime) -> tuple[KeepRule | None, datetime | None]:
    rule = rule_of(data_class, now.date())
    return rule, goes_before(rule, now) if rule else None


def _values(uow: UnitOfWork, data_class: DataClass, before: datetime, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"business": uow.business_id, "before": before}
    if data_class is DataClass.MESSAGES:
        _, logs = _rule(DataClass.MESSAGE_EVENTS, now)
        values["logs"] = logs
    return values


def _blank(uow: UnitOfWork, before: datetime, most: int) -> Step:
    mine = {"business": uow.business_id, "class": DataClass.MESSAGE_WORDS.value}
    if _run(uow, _IS_MARKED, mine).first() is None:
        _run(uow, _MARK, {**mine, "now": uow.now, "at": _FIRST})
    place = _run(uow, _PLACE, mine).first()
    if place is None:
        return Step()
    values = {
        "business": uow.business_id, "before": before, "at": place.at, "row": place.row_id, "most": most,
        "personal": list(_OF_A_PERSON),
    }  # fmt: skip
    row = _run(uow, _BLANK_MESSAGES, values).one()
    if row.seen:
        _run(uow, _GO_ON, {**mine, "now": uow.now, "at": row.at, "row": row.row})
    return Step(row.done, row.seen == most)


def _delete(uow: UnitOfWork, data_class: DataClass, before: datetime, most: int) -> Step:
    done = _run(uow, _DELETE[data_class], _values(uow, data_class, before, uow.now) | {"most": most}).rowcount
    return Step(done, done == most)


def _run(uow: UnitOfWork, statement: TextClause, values: Mapping[str, Any]) -> Any:
    return uow.session.connection().execute(statement, values)
