"""What a move of visits or classes runs into: said while it is typed, and once more at the press.

A ``form`` here has ``clashes``, ``nearest``, ``asks_reason`` and ``errors``, and ``asks_safety`` where days can be unsafe. ``own`` is
the place of the one that was pointed at: when that cannot go there, nothing can be moved as it was asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from microcrm.domain.errors import DomainError, NotSafe, OutsideHours, SlotTaken
from microcrm.operations.series import SeriesPreview
from microcrm.state.gate import current_seat
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_dates import clash_rows


async def look_ahead(form: Any, preview: Any, command: Any, own: str) -> SeriesPreview | None:
    """While somebody types. Nothing, while what is typed makes no sense."""
    form.clashes, form.nearest = [], []
    form.errors = {name: words for name, words in form.errors.items() if name != "time"}
    try:
        seen: SeriesPreview = await form._look(preview, command)
    except DomainError:
        return None
    try:
        form.clashes = clash_rows(seen, own, current_seat().actor.zone)
        _ask_past(form, seen)
    except (SlotTaken, OutsideHours, NotSafe) as refusal:
        if not keep_refusal(form, refusal):
            form.errors = {**form.errors, "time": refusal.message}
    return seen


async def without_clashes(form: Any, preview: Any, command: Any, own: str) -> Any:
    """At the press: the command that leaves out what clashes, when just that is on the screen. Else nothing: then it is
    shown now, and the next press goes through. Raises: SlotTaken, NotSafe or OutsideHours, see ``own``."""
    shown = [row.place for row in form.clashes]
    seen: SeriesPreview = await form._tried(preview, command)
    form.clashes = clash_rows(seen, own, current_seat().actor.zone)
    _ask_past(form, seen)
    found = tuple(row.place for row in form.clashes)
    return replace(command, skip=found) if list(found) == shown else None


def _ask_past(form: Any, seen: SeriesPreview) -> None:
    """Whoever may is asked for a reason beside the visits that would stay because a day is not safe."""
    if seen.may_override and any(one.is_unsafe for one in seen.dates):
        form.asks_safety = True
