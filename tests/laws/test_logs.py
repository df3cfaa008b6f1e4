"""Nothing personal reaches a log: planted names, phones and addresses come out redacted, whoever logs them."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from microcrm import observability

PLANTED = ("Asha Iyer", "asha@example.in", "98450 12345", "+919845012345", "s3cr3t-t0ken")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Logs as the product is set up to write them; the result reads the lines so far."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    observability.configure("debug")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = before
    structlog.reset_defaults()


def plant(say: structlog.stdlib.BoundLogger) -> None:
    say.info("customer.added", name="Asha Iyer", email="asha@example.in", phone="98450 12345", customer_id=7)
    say.info("message", detail="wrote to asha@example.in and called +91 98450-12345 or (080) 4123-45678")
    say.info("nested", facts={"recipient": "Asha Iyer", "rows": [{"mobile": "9845012345"}, "ring +919845012345"]})
    logging.getLogger("library").warning("GET /_event?token=%s&v=1", "s3cr3t-t0ken")
    logging.getLogger("library").warning("connecting to %s", "redis://:s3cr3t-t0ken@127.0.0.1:6379/0")
    try:
        raise ValueError("Asha Iyer (asha@example.in) exists already")
    except ValueError:
        say.exception("request.failed")
        logging.getLogger("library").exception("it failed")


def test_planted_values_never_come_out(logged: Callable[[], list[dict[str, object]]]) -> None:
    plant(structlog.get_logger("test"))
    lines = logged()
    assert len(lines) == 7
    everything = json.dumps(lines)
    for value in PLANTED:
        assert value not in everything
    assert "41 23" not in everything


def test_what_helps_is_kept(logged: Callable[[], list[dict[str, object]]]) -> None:
    observability.request_id.set("ab12cd34ef")
    plant(structlog.get_logger("test"))
    first, *_, failed, _ = logged()
    assert (first["event"], first["customer_id"], first["request_id"]) == ("customer.added", 7, "ab12cd34ef")
    assert first["level"] == "info"
    assert failed["exception"][0][0] == "ValueError"
    assert failed["exception"][0][1].endswith("plant")


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-24T10:22:33.123456Z",
        "2026-11-24 10:22:33,123",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "took 1234567 ms",
        "₹1,23,456.00",
        "05 Dec 2026 9:30 am",
        "version 15.18.2",
        "http://127.0.0.1:8000/health",
    ],
)
def test_times_ids_and_amounts_stay_readable(harmless: str) -> None:
    assert observability.clean_text(harmless) == harmless
