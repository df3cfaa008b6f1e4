"""Logs: one JSON object a line, with a request's id, and without anything about a person.

Code logs ids and counts. What slips through is caught here: fields that are personal by name, and anything in a text
that looks like an e-mail address or a phone number; tokens are cut out of addresses.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
import uuid
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

REDACTED = "[redacted]"
_PERSONAL_KEYS = frozenset({
    "name", "first_name", "last_name", "full_name", "legal_name", "display_name", "customer_name", "member_name",
    "user_name", "email", "phone", "mobile", "address", "street", "pin", "gstin", "pan", "birthday", "dob",
    "password", "token", "secret", "cookie", "authorization", "code", "otp", "ip", "browser", "user_agent",
    "note", "notes", "text", "body", "subject", "recipient", "payload", "query", "search",
})  # fmt: skip
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# Ten digits or more, however they are spaced; dates, times and our own short ids stay readable.
_PHONE = re.compile(r"(?<![\w.:-])\+?\(?\d(?:[ ()\-.]{0,2}\d){9,14}(?![\w:-])")
_TOKEN = re.compile(r"\b((?:\w+_)?(?:token|sid|signature|code|key|password))=[^&\s\"'#]+", re.IGNORECASE)
_SIGN_IN = re.compile(r"(\w+://)[^/@\s]+@")  # the user and password of a server's address
# Chatty at "info", a line or two for every tick of the clock.
_ONLY_WARNINGS = (
    "alembic", "amqp", "asyncio", "celery.app.trace", "celery.beat", "celery.worker.strategy", "httpcore", "httpx", "kombu"
)  # fmt: skip
# Their messages repeat what a browser sent, names included; where they were written says as much.
_QUOTES_BROWSERS = ("reflex", "reflex_base", "socketio", "engineio")
_KEPT = frozenset({"timestamp", "level", "logger", "request_id", "event_id", "at"})

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """Short enough to read out on the phone; shown to people as the reference of an error."""
    made = uuid.uuid4().hex[:10]
    request_id.set(made)
    return made


def configure(level: str = "info") -> None:
    """Send the logs of this process, its libraries' included, to standard output. Call once, early."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
        add_request_id,
        name_the_place,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[
                *shared,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in _ONLY_WARNINGS:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event.setdefault("request_id", current)
    return event


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What went wrong and where, without the message: it repeats values (a unique key that exists, a text that does not
    parse), and a name can't be told from any other word."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exception()
    chain = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        chain.append([type(error).__qualname__, *(f"{f.filename}:{f.lineno} {f.name}" for f in frames)])
        error = error.__cause__ or error.__context__
    event["exception"] = chain
    return event


def name_the_place(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For libraries that quote what browsers send: the place of the message instead of the message."""
    record = event.get("_record")
    if record is not None and record.name.partition(".")[0] in _QUOTES_BROWSERS:
        event["event"] = f"{record.module}.{record.funcName} line {record.lineno}"
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last processor before rendering: nothing personal gets past it."""
    return {key: value if key in _KEPT or key.startswith("_") else _clean(key, value) for key, value in event.items()}


def clean_text(text: str) -> str:
    """A text without addresses, phone numbers and tokens."""
    text = _SIGN_IN.sub(rf"\1{REDACTED}@", text)
    text = _TOKEN.sub(rf"\1={REDACTED}", text)
    return _PHONE.sub(REDACTED, _EMAIL.sub(REDACTED, text))


def _clean(key: str, value: Any) -> Any:
    if key.lower() in _PERSONAL_KEYS and value not in (None, ""):
        return REDACTED
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bytes):
        return REDACTED
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v) for k, v in value.items()}
    if isinstance(value, Iterable):
        return [_clean("", item) for item in value]
    return value
