"""What the rules of keeping would let go by a day, for whoever runs the installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time

from microcrm.domain.retention import KEEP_RULES
from microcrm.operations.messages.tidying import every_business
from microcrm.operations.retention import forecast
from microcrm.operations.unit_of_work import system
from microcrm.processes import Failed
from microcrm.wiring import now, unit_of_work


def say_forecast(say: Callable[[str], None], on: str) -> None:
    """All shops together, a line a rule. ``on``: "" or a day (ISO 8601), whose end counts. Raises: Failed."""
    moment = _moment(on)
    rows: Counter[str] = Counter()
    with unit_of_work(system(), realm="worker") as uow:
        businesses = every_business(uow)
    for business_id in businesses:
        with unit_of_work(system(business_id)) as uow:
            for one in forecast(uow, moment):
                rows[one.rule.data_class] += one.rows
    say(f"By {moment:%d %b %Y}, {len(businesses)} businesses:")
    for rule in KEEP_RULES:
        kept = f"{rule.months} months from {rule.since}" if rule.months else "always"
        many = f"{rows[rule.data_class]:,} rows are {rule.end}" if rule.data_class in rows else "nothing by itself"
        say(f"  {rule.words}: kept {kept}; {many}. {rule.law}")


def _moment(on: str) -> datetime:
    if not on:
        return now()
    try:
        return datetime.combine(datetime.fromisoformat(on).date(), time.max, UTC)
    except ValueError:
        raise Failed(f"{on[:40]} is no day: write it like 2027-05-01.") from None
