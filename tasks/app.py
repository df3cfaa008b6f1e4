"""The Celery apps. Redis is the broker; what must happen exactly once is claimed in PostgreSQL (``tasks/outbox.py``)."""

from __future__ import annotations

from celery import Celery
from celery.signals import setup_logging

from microcrm import observability
from microcrm.settings import settings
from tasks.beat import SCHEDULE

TASK_MODULES = (
    "tasks.outbox",
    "tasks.audit",
    "tasks.heartbeat",
    "tasks.accounts",
    "tasks.holds",
    "tasks.waitlist",
    "tasks.inbox",
    "tasks.messages",
    "tasks.campaigns",
    "tasks.morning",
    "tasks.razorpay",
    "tasks.recurring",
    "tasks.imports",
    "tasks.files",
    "tasks.retention",
)


def _celery(*modules: str) -> Celery:
    made = Celery("microcrm", broker=settings().redis_url, include=modules, set_as_current=bool(modules))
    made.conf.update(
        beat_schedule=SCHEDULE,
        beat_schedule_filename=str(settings().home / "beat-schedule"),
        timezone="UTC",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # A task is acknowledged when it is done, and handed out again when its worker dies: each can run twice.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=20,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 900,  # seconds; longer than any task
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
    )
    return made


app = _celery(*TASK_MODULES)  # the worker's
clock = _celery()  # beat's: it sends by name, so it loads no task, no table and no engine


@setup_logging.connect
def _log_as_we_do(**_: object) -> None:
    observability.configure(settings().log_level)
