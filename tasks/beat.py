"""What runs by the clock. Each entry may run twice or late without harm, so two beats are safe."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

_NIGHT = crontab(minute="30", hour="20")  # two at night in India; UTC
# Seconds. ``expires`` drops ticks that piled up while the worker was away.
SCHEDULE: dict[str, dict[str, Any]] = {
    "send what is due": {"task": "tasks.outbox.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "send messages": {"task": "tasks.messages.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "plan campaigns": {"task": "tasks.campaigns.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "tidy messages": {"task": "tasks.messages.tidy", "schedule": 1800.0, "options": {"expires": 1800}},
    "write to owners at seven": {"task": "tasks.morning.sweep", "schedule": 300.0, "options": {"expires": 300}},
    "chain the audit log": {"task": "tasks.audit.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "let holds lapse": {"task": "tasks.holds.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "tidy accounts": {"task": "tasks.accounts.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    "ask the next on the waiting list": {"task": "tasks.waitlist.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "work off what was told": {"task": "tasks.inbox.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "ask Razorpay how things stand": {"task": "tasks.razorpay.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "write bills that recur": {"task": "tasks.recurring.sweep", "schedule": 300.0, "options": {"expires": 300}},
    "bring customers in": {"task": "tasks.imports.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "forget files": {"task": "tasks.files.sweep", "schedule": 900.0, "options": {"expires": 900}},
    "tidy the file store": {"task": "tasks.files.tidy", "schedule": 86400.0, "options": {"expires": 86400}},
    "let go what was kept long enough": {
        "task": "tasks.retention.sweep",
        "schedule": _NIGHT,
        "options": {"expires": 43200},
    },
    "tidy the inbox": {"task": "tasks.inbox.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    "sign of life": {"task": "tasks.heartbeat.beat", "schedule": 20.0, "options": {"expires": 20}},
}
