"""Tells the worker, after a commit, that there is something to do.

A nudge is only a hurry-up: what is to be done is in PostgreSQL, and beat sweeps every few seconds. So a broker that is
down costs a delay, never a request and never a message.
"""

from __future__ import annotations

import os
import threading
import time
from functools import cache

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from microcrm.settings import settings

_PAUSE_AFTER_FAILURE = 5.0  # seconds without another try, so that no request pays for each time-out
_PENDING_FOR = 15  # seconds; the length of beat's own sweep
_TIMEOUTS = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0}

log = structlog.get_logger()
_quiet_until = 0.0
_making = threading.Lock()


def pending_key(queue: str) -> str:
    """Set while a nudge is on its way: a thousand commits need one sweep. The sweep clears it before it looks."""
    return f"microcrm:nudged:{queue}"


def nudge(queue: str) -> None:
    """Have ``tasks.<queue>.sweep`` run soon. Never raises for a broker that does not answer."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        if client().set(pending_key(queue), "1", nx=True, ex=_PENDING_FOR):
            _producer().send_task(f"tasks.{queue}.sweep", ignore_result=True, retry=False)
    except (redis.RedisError, OperationalError) as error:
        _quiet_until = time.monotonic() + _PAUSE_AFTER_FAILURE
        log.warning("queue.unreachable", queue=queue, reason=type(error).__name__)


def client() -> redis.Redis:
    """A connection pool for short questions, one for the process: of two that are made at once, the one that is thrown away
    would close connections which are in use."""
    with _making:
        return _client()


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, **_TIMEOUTS)


@cache
def _producer() -> Celery:
    producer = Celery("microcrm-producer", broker=settings().redis_url)
    producer.conf.broker_transport_options = dict(_TIMEOUTS)
    return producer


def _forget_connections() -> None:
    _client.cache_clear()
    _producer.cache_clear()


os.register_at_fork(after_in_child=_forget_connections)
