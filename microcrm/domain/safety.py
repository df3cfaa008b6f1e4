"""Safety timers: what a service asks of the days before it, and why a day is too early, or too late; and what it uses.

A patch test is good from two days after it (that is when it is read) until the service's number of days have passed. What
it showed is sealed; known here is only whether it was clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from microcrm.domain.formatting import format_count, format_day

READ_AFTER = timedelta(days=2)  # 48 hours


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """Of one service. ``patch_test_days``: a clear test at most so old; ``rest_days``: between two sessions. Empty: neither.
    ``substances``: what it uses, that an allergy may speak against on any day."""

    service_id: int
    service: str
    patch_test_days: int | None = None
    rest_days: int | None = None
    substances: tuple[str, ...] = ()

    @property
    def has_timer(self) -> bool:
        return self.patch_test_days is not None or self.rest_days is not None


@dataclass(frozen=True, slots=True)
class PatchTest:
    day: date
    is_clear: bool


def why_unsafe(
    rule: SafetyRule, day: date, tests: Sequence[PatchTest], sessions: Sequence[date], today: date | None = None
) -> str:
    """One sentence, or "" for a day that is safe. ``tests`` in any order; ``sessions``: days of this service, past and to
    come, without the one that is asked about; ``today``: when a test could be made."""
    return _why_untested(rule, day, tests, today) or _why_too_soon(rule, day, sessions)


def why_against(service: str, *, may_read: bool) -> str:
    """What is said when an allergy names something that the service uses: never which, nor that it is an allergy. It is kept with the
    visit when somebody goes past it."""
    return f"A safety note of this customer speaks against {service}. {'Read it under Records.' if may_read else 'Ask the owner.'}"


def _why_untested(rule: SafetyRule, day: date, tests: Sequence[PatchTest], today: date | None) -> str:
    """The latest test before the day must be a clear one; an older one counts as long as it is good."""
    if rule.patch_test_days is None:
        return ""
    earlier = sorted((test for test in tests if test.day <= day), key=lambda test: (test.day, not test.is_clear))
    from_then = f" With one today it is safe from {format_day(today + READ_AFTER)} on." if today else ""
    if not earlier:
        return f"{rule.service} needs a patch test 48 hours before, and none is recorded.{from_then}"
    latest, age = earlier[-1], timedelta(days=rule.patch_test_days)
    told = f"patch test of {format_day(latest.day)}"
    if not latest.is_clear:
        return f"The {told} has no clear result, so {rule.service} is not safe."
    if any(test.is_clear and test.day + READ_AFTER <= day <= test.day + age for test in earlier):
        return ""
    if latest.day + READ_AFTER > day:
        return f"After the {told}, {rule.service} is safe from {format_day(latest.day + READ_AFTER)} on."
    days = format_count(rule.patch_test_days, "day")
    return f"The {told} is older than {days}: {rule.service} needs a new one.{from_then}"


def _why_too_soon(rule: SafetyRule, day: date, sessions: Sequence[date]) -> str:
    if rule.rest_days is None:
        return ""
    rest = timedelta(days=rule.rest_days)
    near = [session for session in sessions if abs(session - day) < rest]
    if not near:
        return ""
    nearest = min(near, key=lambda session: abs(session - day))
    why = f"{rule.service} needs {format_count(rule.rest_days, 'day')} between sessions"
    if nearest > day:
        return f"{why}, and the next one is on {format_day(nearest)}."
    return f"{why}: after {format_day(nearest)} it is safe from {format_day(nearest + rest)} on."
