"""The activity page has words for whatever an operation writes into the log."""

from __future__ import annotations

import ast

from microcrm.domain.activity_tables import ACTIONS, KINDS, SUBJECTS
from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.operations.undo import OTHERS, ROWS
from tests.support.sources import sources

# Calls that write an event: which argument is the action, and which the subject.
WRITERS = {"uow.audit": (0, 1)}
STEPS = {"amend": 1, "create": 1, "remove": 1, "save_set": 1}  # the subject is their second argument


def texts(nodes: list[ast.expr]) -> set[str]:
    """Literal texts anywhere inside."""
    return {
        n.value for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def written() -> tuple[set[str], set[str]]:
    actions: set[str] = set()
    subjects: set[str] = set()
    for source in sources("microcrm/operations"):
        for name, call in source.calls():
            if name in WRITERS and len(call.args) >= 2:
                actions |= {a.value for a in call.args[:1] if isinstance(a, ast.Constant)}
                subjects |= {s.value for s in call.args[1:2] if isinstance(s, ast.Constant)}
            if name in STEPS and len(call.args) > STEPS[name] and isinstance(call.args[1], ast.Constant):
                subjects.add(call.args[1].value)
            if name in STEPS:
                actions |= texts([k.value for k in call.keywords if k.arg == "action"])
            if name == "note_event" and len(call.args) > 2 and isinstance(call.args[2], ast.Constant):
                actions.add(f"booking.{call.args[2].value}")
    return actions, subjects


def test_each_action_and_subject_has_words() -> None:
    actions, subjects = written()
    actions |= {f"booking.{status.value}" for status in BookingStatus if status not in CANCELLED}
    assert {"add", "change", "archive", "booking.moved"} <= actions
    assert actions - ACTIONS.keys() == set()
    assert subjects - SUBJECTS.keys() == set()


def test_what_can_be_undone_has_words() -> None:
    assert (ROWS.keys() | OTHERS.keys()) - SUBJECTS.keys() == set()


def test_each_subject_is_in_one_kind_of_the_filter() -> None:
    inside = [subject for _, covered in KINDS.values() for subject in covered]
    assert sorted(inside) == sorted(SUBJECTS)
