"""What a benchmark says: one object with the same six fields each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """``goal``: what ``figures`` must reach, by the same names, as "<= 20" or ">= 900"; ``peer``: the same work done by
    something else in the same run; ``limit``: what the machine or the library could do at best."""

    name: str
    figures: dict[str, Any]
    goal: dict[str, str]
    peer: dict[str, Any] = field(default_factory=dict)
    limit: dict[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """Goals that were not reached; a goal without its figure counts as missed."""
        return [name for name, goal in self.goal.items() if not _is_reached(self.figures.get(name), goal)]

    @property
    def ok(self) -> bool:
        return not self.missed

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "ok": self.ok}, ensure_ascii=False)

    def as_text(self) -> str:
        lines = [f"{self.name}: {'ok' if self.ok else 'MISSED ' + ', '.join(self.missed)}"]
        for name, figure in self.figures.items():
            goal = f"   goal {self.goal[name]}" if name in self.goal else ""
            lines.append(f"  {name:<34} {_short(figure)}{goal}")
        for title, facts in (("peer", self.peer), ("limit", self.limit)):
            lines += [f"  {title}: {name:<28} {_short(figure)}" for name, figure in facts.items()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Choice:
    """``is_quick``: at most 50 seconds, on little data. ``say`` tells the person at the terminal what is going on."""

    is_quick: bool
    say: Callable[[str], None]


def _is_reached(figure: Any, goal: str) -> bool:
    relation, _, bound = goal.partition(" ")
    if not isinstance(figure, int | float):
        return False
    return figure <= float(bound) if relation == "<=" else figure >= float(bound)


def _short(figure: Any) -> str:
    return json.dumps(figure, ensure_ascii=False) if isinstance(figure, dict | list) else str(figure)
