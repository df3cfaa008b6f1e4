"""Messages on the timeline, with their ticks, for those who may see what was sent."""

from __future__ import annotations

from datetime import datetime

from microcrm.domain.message_words import channel_of, ticks, title_of
from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, sentence_of


def _message(found: Found, setting: Setting) -> Said:
    facts = found.facts
    due = datetime.fromisoformat(facts["due"])
    said = ticks(facts["state"], facts["reason"], due, facts["next"], setting.zone, setting.now)
    return Said(
        icon=said.icon,
        title=f"{title_of(facts['step'])}, {channel_of(facts['channel'])}",
        detail=sentence_of(said.why, said.to_do, f"“{facts['text']}”" if facts["text"] else ""),
        status=said.status,
        tone=said.tone,
    )


MESSAGE = Kind(
    name="message",
    filter=Filter.MESSAGES,
    needs=Permission.MESSAGES_VIEW,
    source="messages t",
    at="t.due_at",
    member="cast(null AS bigint)",
    where="t.state <> 'withdrawn'",
    facts=(
        "jsonb_build_object('step', t.step, 'channel', t.channel, 'state', t.state, 'reason', t.reason, 'due', t.due_at, "
        "'next', coalesce(t.details ->> 'next', ''), 'text', t.text)"
    ),
    write=_message,
)
