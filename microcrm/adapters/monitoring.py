"""How the workers are doing, in numbers: what waits and for how long, what failed, what is stuck, who has gone quiet.

For whoever runs the installation: no shop, no customer and no text is in them. The transaction must be of the realm ``worker``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import text
from sqlmodel import Session

_QUEUE = """
SELECT count(*) FILTER (WHERE due_at <= :now) AS due, min(due_at) FILTER (WHERE due_at <= :now) AS oldest,
  count(*) FILTER (WHERE leased_until < :now) AS stuck FROM {table} WHERE state = '{waiting}'
"""
_FAILED = "SELECT count(*) FROM {table} WHERE state = 'failed' AND finished_at > :day"
_MESSAGES = text("SELECT due, oldest_due, overdue_looks, failed_today, unknown, broken FROM messages_in_all(:now)")
_BEATS = text("SELECT name, at FROM heartbeats ORDER BY name")
_WATCHED = ("worker",)  # also while they have never said anything
_QUEUES = {"outbox": "queued", "inbox": "new"}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gauge:
    """``limit``: above it somebody should look; none where any number may be right."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    limit: float | None = None

    @property
    def is_well(self) -> bool:
        return self.limit is None or self.value <= self.limit


def gauges(session: Session, now: datetime) -> list[Gauge]:
    """Six statements."""
    return [
        *(gauge for name in _QUEUES for gauge in _of_queue(session, name, now)),
        *_of_messages(session, now),
        *_of_beats(session, now),
    ]


def _of_queue(session: Session, name: str, now: datetime) -> Sequence[Gauge]:
    labels = {"queue": name}
    row = session.execute(text(_QUEUE.format(table=name, waiting=_QUEUES[name])), {"now": now}).one()
    failed = session.execute(text(_FAILED.format(table=name)), {"day": now - _DAY}).scalar_one()
    return (
        Gauge("microcrm_queue_due", "Rows that are due.", row.due, labels),
        Gauge("microcrm_queue_age_seconds", "How long the oldest has been due.", _age(row.oldest, now), labels, 120),
        Gauge("microcrm_queue_stuck", "Rows whose worker has died, to be taken again.", row.stuck, labels, 20),
        Gauge("microcrm_queue_failed", "Rows given up within a day.", failed, labels, 0),
    )


def _of_messages(session: Session, now: datetime) -> Sequence[Gauge]:
    row = session.execute(_MESSAGES, {"now": now}).one()
    return (
        Gauge("microcrm_messages_due", "Messages to customers that are due.", row.due),
        Gauge(
            "microcrm_messages_age_seconds",
            "How long the oldest has been due where nobody has come by for a minute.",
            _age(row.oldest_due, now),
            limit=300,
        ),
        Gauge(
            "microcrm_messages_stuck",
            "Messages of which nobody found out in time what became.",
            row.overdue_looks,
            limit=0,
        ),
        Gauge("microcrm_messages_failed", "Messages that could not be sent within a day.", row.failed_today),
        Gauge(
            "microcrm_messages_unknown",
            "Messages of which a person has to say whether they left.",
            row.unknown,
            limit=0,
        ),
        Gauge(
            "microcrm_channels_broken",
            "Channels of shops that stopped by themselves; their owners see why in Settings, Messages.",
            row.broken,
        ),
    )


def _of_beats(session: Session, now: datetime) -> Sequence[Gauge]:
    rows = session.execute(_BEATS).all()
    words = "Since the last sign of life. Beat asks for one, the worker gives it."
    ages = dict.fromkeys(_WATCHED, math.inf) | {row.name: _age(row.at, now) for row in rows}
    return [Gauge("microcrm_heartbeat_age_seconds", words, age, {"process": name}, 120) for name, age in ages.items()]


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def exposition(found: Sequence[Gauge]) -> str:
    """The text format that Prometheus reads, version 0.0.4."""
    lines: list[str] = []
    for gauge in found:
        if f"# TYPE {gauge.name} gauge" not in lines:
            lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
        labels = ",".join(f'{key}="{value}"' for key, value in gauge.labels.items())
        lines.append(f"{gauge.name}{f'{{{labels}}}' if labels else ''} {_number(gauge.value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else f"{value:g}"
