"""The shop's terms of cancelling and moving, in a visitor's words."""

from __future__ import annotations

from collections.abc import Sequence

from microcrm.domain.booking_policy import PolicyTerms
from microcrm.http.book.tongues import Tongue
from microcrm.operations.public_visit import PublicItem

_DAY, _HOUR = 24 * 60, 60


def rules_of(terms: PolicyTerms, tongue: Tongue) -> list[str]:
    """Until when one may move and cancel, and what being later costs."""
    lines = []
    if terms.cancel_cutoff_min == terms.reschedule_cutoff_min:
        lines.append(
            tongue.say(
                "You can move or cancel until %(before)s before.", before=length(terms.cancel_cutoff_min, tongue)
            )
            if terms.cancel_cutoff_min
            else tongue.say("You can move or cancel until it begins.")
        )
    else:
        lines.append(_until(terms.reschedule_cutoff_min, tongue, is_move=True))
        lines.append(_until(terms.cancel_cutoff_min, tongue, is_move=False))
    for step in sorted(terms.fee_ladder, reverse=True):
        before = length(step.within_min, tongue)
        lines.append(
            tongue.say(
                "Cancelling within %(before)s of it costs %(percent)s%% of the price.",
                before=before,
                percent=step.percent,
            )
        )
    if terms.no_show_percent:
        lines.append(tongue.say("Not coming costs %(percent)s%% of the price.", percent=terms.no_show_percent))
    return lines


def move_rule(terms: PolicyTerms, tongue: Tongue) -> str:
    """Only until when one may move it."""
    return _until(terms.reschedule_cutoff_min, tongue, is_move=True)


def timer_rules(items: Sequence[PublicItem], tongue: Tongue) -> list[str]:
    """Why days may be missing: the rules of the services, never what is known of the customer."""
    lines = []
    for item in items:
        if item.patch_test_days is not None:
            lines.append(tongue.say("%(service)s needs a patch test at least 48 hours before.", service=item.service))
        if item.rest_days is not None:
            days = tongue.count("%(num)s day", "%(num)s days", item.rest_days)
            lines.append(tongue.say("%(service)s needs %(days)s between two visits.", service=item.service, days=days))
    if lines:
        lines.append(tongue.say("Days that are too early for that are not shown."))
    return list(dict.fromkeys(lines))


def form_rules(items: Sequence[PublicItem], tongue: Tongue) -> list[str]:
    """Which services ask for a form; whether this customer has filled it in is not said behind a link."""
    lines = [
        tongue.say(
            "Before %(service)s starts, the shop asks you to fill in a form: there, or on your phone.",
            service=item.service,
        )
        for item in items
        if item.needs_form
    ]
    return list(dict.fromkeys(lines))


def length(minutes: int, tongue: Tongue) -> str:
    """Like "2 days", "4 hours", "45 minutes": in the largest unit that comes out even."""
    if minutes >= 2 * _DAY and minutes % _DAY == 0:
        return tongue.count("%(num)s day", "%(num)s days", minutes // _DAY)
    if minutes >= _HOUR and minutes % _HOUR == 0:
        return tongue.count("%(num)s hour", "%(num)s hours", minutes // _HOUR)
    return tongue.count("%(num)s minute", "%(num)s minutes", minutes)


def _until(minutes: int, tongue: Tongue, *, is_move: bool) -> str:
    if not minutes:
        return (
            tongue.say("You can move it until it begins.") if is_move else tongue.say("You can cancel until it begins.")
        )
    before = length(minutes, tongue)
    if is_move:
        return tongue.say("You can move it until %(before)s before.", before=before)
    return tongue.say("You can cancel until %(before)s before.", before=before)
