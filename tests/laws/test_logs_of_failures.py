"""No name, phone number or e-mail address gets into a log, whichever way it tries."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from microcrm import observability, wiring
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from tests.support import tabs
from tests.support.shops import Shop, TwoShops

NAME = "Lakshmibai Venkataraghavan"
EMAIL = "lakshmi.v@example.in"
PHONES = ("+919845012345", "98450 12345", "+91 98450-12345", "(098450) 12345")
PLANTED = (NAME, "Lakshmibai", EMAIL, *PHONES, "9845012345")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What this process writes as its log."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    observability.configure("debug")
    out = io.StringIO()
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    structlog.configure(cache_logger_on_first_use=False)
    yield out
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def planted_in(text: str) -> list[str]:
    return [word for word in PLANTED if word in text]


def test_the_plants_would_be_noticed() -> None:
    assert planted_in(f"hello {NAME}, {PHONES[1]}") != []


def test_fields_that_are_personal_by_name(written: io.StringIO) -> None:
    structlog.get_logger().info("customer.added", name=NAME, phone=PHONES[0], email=EMAIL, customer_id=7)
    line = json.loads(written.getvalue())
    assert planted_in(written.getvalue()) == []
    assert (line["event"], line["customer_id"]) == ("customer.added", 7)


@pytest.mark.parametrize("value", [EMAIL, *PHONES])
def test_values_in_any_field_or_sentence(value: str, written: io.StringIO) -> None:
    log = structlog.get_logger()
    log.warning(f"could not reach {value} twice", detail={"list": [f"x {value}"]}, url=f"https://x.in/?q={value}")  # noqa: G004
    logging.getLogger("some.library").error("failed for %s", value)
    logging.getLogger("some.library").error("failed", extra={"who": value})
    assert len(written.getvalue().splitlines()) == 3
    assert planted_in(written.getvalue()) == []


def test_an_exception_that_repeats_what_was_typed(written: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot parse {NAME} <{EMAIL}>")
    except ValueError:
        structlog.get_logger().exception("unforeseen")
        logging.getLogger("some.library").exception("unforeseen")
    assert "ValueError" in written.getvalue()
    assert planted_in(written.getvalue()) == []


def test_a_database_error_that_quotes_the_row(written: io.StringIO, shop: Shop, unit_of_work: object) -> None:
    def twice(uow: UnitOfWork) -> None:
        for _ in range(2):
            uow.session.add(Customer(business_id=shop.business_id, name=NAME, phone=PHONES[0], created_at=uow.now))
        uow.session.flush()

    with unit_of_work(shop.actor()) as uow:  # type: ignore[operator]
        try:
            twice(uow)
        except IntegrityError:
            structlog.get_logger().exception("unforeseen")
            uow.session.rollback()
    assert "IntegrityError" in written.getvalue()
    assert planted_in(written.getvalue()) == []


async def test_an_event_with_arguments_of_the_wrong_shape(
    written: io.StringIO, server: tabs.Server, fresh_database: TwoShops
) -> None:
    """Reflex itself logs arguments that it cannot convert, and the frames it cannot read."""
    shop = fresh_database.a
    tab = server.tab(tabs.sign_in(next(iter(shop.users.values())), shop.business_id))
    await tab.open()
    await tab.send(AppState.dismiss, notice=NAME)
    await tab.send(AppState.undo, token={"name": NAME, "phone": PHONES[0]})
    await tab.send(f"no_such_state.{NAME}", name=NAME)
    await tab.send(AppState.dismiss, surprise=NAME)
    assert written.getvalue() != ""
    assert planted_in(written.getvalue()) == []


def test_each_line_is_one_json_object(written: io.StringIO) -> None:
    structlog.get_logger().info("one")
    logging.getLogger("some.library").warning("two\nlines")
    for line in written.getvalue().splitlines():
        assert {"timestamp", "level", "event"} <= set(json.loads(line))


def test_no_code_prints(shop: Shop) -> None:
    """Prints would go around the filter; the command line is the one place that talks to a person."""
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "T20", "--quiet", "microcrm", "tasks"], capture_output=True
    )
    assert found.stdout == b"", found.stdout.decode()
    assert wiring.engine() is not None
