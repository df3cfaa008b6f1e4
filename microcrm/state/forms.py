"""From a submitted form to a command. A form is any JSON value until an operation has read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

Start = TypeVar("Start", bound=Any)


@dataclass(frozen=True)
class Option:
    """One line of a select."""

    value: str
    label: str


def pick(form: Any, *names: str) -> dict[str, Any]:
    """The named fields; ``None`` for what is missing, whatever ``form`` is."""
    return {name: form.get(name) if isinstance(form, dict) else None for name in names}


def ticked(form: Any, prefix: str) -> list[str]:
    """What follows ``prefix`` in the names of the boxes that are ticked: an unticked box is not in a form at all."""
    return [name.removeprefix(prefix) for name in _names(form) if name.startswith(prefix) and form[name]]


def terms(form: Any, prefix: str = "does_") -> list[tuple[str, Any, Any]]:
    """(id, own price, own minutes) of the ticked lines of a list with those two fields on each line."""
    return [(one, form.get(f"price_{one}"), form.get(f"minutes_{one}")) for one in ticked(form, prefix)]


def with_typed(typed: dict[str, str], name: str, value: Any) -> dict[str, str]:
    """What is typed so far, after one more change."""
    return {**typed, name: str(value)[:20] if value else ""}


def with_time(start: Start, day: Any, time: Any) -> Start:
    """A time that was offered goes into the form: ``start`` has day, time and turn, with which it is drawn anew."""
    return replace(start, day=str(day)[:10], time=str(time)[:5], turn=start.turn + 1)


def _names(form: Any) -> list[str]:
    return [name for name in form if isinstance(name, str)] if isinstance(form, dict) else []
