"""What a form about times keeps of a refusal: free times to choose instead, or the field for a reason."""

from __future__ import annotations

from typing import Any

from microcrm.domain.errors import DomainError, NotSafe, OutsideHours, SlotTaken
from microcrm.state.booking_card_view import time_choices
from microcrm.state.gate import current_seat


def keep_refusal(form: Any, error: DomainError) -> bool:
    """``form`` has ``asks_reason``, ``nearest`` and ``errors``, and ``asks_safety`` where a safety timer can be passed. Whether
    nothing more need be said."""
    if isinstance(error, NotSafe) and hasattr(form, "asks_safety"):
        form.asks_safety = form.asks_safety or error.may_override
    form.asks_reason = form.asks_reason or (isinstance(error, OutsideHours) and error.may_override)
    form.nearest = []
    if not isinstance(error, SlotTaken):
        return False
    form.nearest = time_choices(error.nearest, current_seat().actor.zone, error.wanted)
    form.errors = {"time": error.message}
    return True
