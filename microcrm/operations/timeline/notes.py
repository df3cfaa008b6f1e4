"""Notes and tasks on the timeline."""

from __future__ import annotations

from datetime import date

from microcrm.domain.formatting import format_near_day
from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by, sentence_of

_LONGEST = 240  # characters of a note; its card beside the timeline has all of it


def _note(found: Found, _: Setting) -> Said:
    words, is_pinned = found.facts["words"], found.facts["is_pinned"]
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST].rstrip()}…"
    return Said(
        icon="pin" if is_pinned else "sticky_note",
        title="Note, pinned" if is_pinned else "Note",
        detail=sentence_of(f"“{short}”", by(found.who)),
    )


def _task(found: Found, setting: Setting) -> Said:
    facts = found.facts
    due = date.fromisoformat(facts["due_on"])
    is_late = due < setting.today
    status, tone = ("Done", "ok") if facts["is_done"] else ("Late", "bad") if is_late else ("To do", "info")
    return Said(
        icon="list_checks",
        title=facts["title"],
        detail=sentence_of(
            f"For {facts['member']}, by {format_near_day(due, setting.today)}",
            f"Done by {facts['done_by']}" if facts["done_by"] else "",
            by(found.who),
        ),
        status=status,
        tone=tone,
    )


NOTE = Kind(
    name="note",
    filter=Filter.NOTES,
    needs=Permission.CUSTOMERS_VIEW,
    source="customer_notes t",
    at="t.at",
    where="t.removed_at IS NULL",
    facts="jsonb_build_object('words', t.words, 'is_pinned', t.is_pinned)",
    write=_note,
)
TASK = Kind(
    name="task",
    filter=Filter.TASKS,
    needs=Permission.CUSTOMERS_VIEW,
    source=(
        "customer_tasks t JOIN members w ON w.business_id = t.business_id AND w.id = t.member_id "
        "LEFT JOIN members d ON d.business_id = t.business_id AND d.id = t.done_by_member_id"
    ),
    at="t.created_at",
    where="t.removed_at IS NULL",
    member="t.created_by_member_id",
    facts=(
        "jsonb_build_object('title', t.title, 'due_on', t.due_on, 'is_done', t.done_at IS NOT NULL, 'member', w.name, "
        "'done_by', d.name)"
    ),
    write=_task,
)
