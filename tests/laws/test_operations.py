"""Each operation asks for permission before anything else, and leaves the transaction to the edge."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from microcrm.domain.permissions import Permission
from tests.support.sources import ROOT, Source, sources

Function = ast.FunctionDef | ast.AsyncFunctionDef
EDGES = ("microcrm/state", "microcrm/http", "microcrm/cli.py", "microcrm/launch", "microcrm/demo", "tasks", "bench")
# Anybody may call these, signed in or not. Opening another door means adding it here, on purpose.
OPEN_DOORS = {
    "accounts.credentials.change_email",
    "accounts.credentials.new_email_behind",
    "accounts.joining.join_as_new",
    "accounts.joining.look_at_invitation",
    "accounts.my_sessions.sign_out",
    "accounts.reset.ask_for_reset",
    "accounts.reset.reset_password",
    "accounts.reset.whose_reset",
    "accounts.second_step.answer_second_step",
    "accounts.second_step.whose_second_step",
    "accounts.sign_in.sign_in",
    "accounts.sign_up.ask_for_account",
    "accounts.sign_up.confirm_account",
    "accounts.sign_up.look_at_link",
    "accounts.sign_up.mail_again",
    "accounts.sign_up.waiting_in",
    "billing.sharing.business_of_bill",
    "billing.sharing.public_bill",
    "forms.asking.fill_form",
    "forms.asking.public_form",
    "replies.preferences.choose",
    "replies.preferences.own_preferences",
    "booking_codes.ask_code",
    "booking_codes.prove",
    "booking_policy.policy_of",
    "free_times.public_free_times",
    "hold.confirm_public",
    "hold.hold_public",
    "hold.release_public",
    "links.behind",
    "manage.customer_cancel",
    "manage.customer_move",
    "manage.own_visit",
    "calendar_feed.feed",
    "messaging.accounts.twilio_behind",
    "online.asking.ask_by_public_page",
    "online.deposits.ask_for_deposit",
    "online.deposits.business_of_visit",
    "online.keys.hook_behind",
    "public_booking.book_held",
    "public_booking.take_and_book",
    "public_booking.take_time",
    "public_booking.times_in_shop",
    "public_booking.times_near",
    "public_visit.times_instead",
    "public_visit.times_to_move",
    "public_shop.public_logo",
    "public_shop.shop_front",
    "public_shop.shops_to_find",
    "public_visit.public_visit",
    "queue.leave_line",
    "queue_view.leave_by_link",
    "queue_view.read_board",
    "queue_view.read_place",
    "sessions.take_seat",
    "sessions.touch",
    "waitlist_offers.answer_offer",
    "public_waiting.join_list",
    "public_waiting.leave_list",
    "public_waiting.own_entry",
    "public_waiting.way_on",
    "waitlist_offers.read_offer",
}


def with_unit_of_work() -> dict[str, tuple[Source, Function]]:
    """Public functions whose first argument is the unit of work, by dotted name."""
    return {
        f"{source.module}.{node.name}": (source, node)
        for source in sources("microcrm/operations")
        for node in source.tree.body
        if isinstance(node, Function) and not node.name.startswith("_") and _takes_uow(node)
    }


def _takes_uow(node: Function) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args]
    return bool(arguments) and arguments[0].arg == "uow"


@cache
def used_by_edges() -> set[str]:
    """Dotted names that edges take from operations, as ``from … import add`` or as ``customers.add``."""
    used: set[str] = set()
    for source in sources(*(folder for folder in EDGES if (ROOT / folder).exists())):
        modules: dict[str, str] = {}
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("microcrm.operations"):
                for alias in node.names:
                    used.add(f"{node.module}.{alias.name}")
                    modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                used.add(f"{modules[node.value.id]}.{node.attr}")
    return used


def first_call(node: Function) -> tuple[str, list[str]]:
    """The first statement after the docstring, when it is a call: its name and its arguments."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    first = body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Call):
        return "", []
    return ast.unparse(first.value.func), [ast.unparse(argument) for argument in first.value.args]


CANDIDATES = with_unit_of_work()
# A function that an edge calls is an operation. One that only operations call is a step of theirs and asks nobody.
OPERATIONS = sorted(name for name in CANDIDATES if name in used_by_edges())


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_requires_first(name: str) -> None:
    source, node = CANDIDATES[name]
    called, asked = first_call(node)
    where = f"{source.name}:{node.lineno}"
    assert called in {"uow.require", "uow.require_public"}, f"{where} {name} begins with {called or 'something else'}"
    if called == "uow.require":
        assert asked[0].startswith("Permission.") and hasattr(Permission, asked[0].removeprefix("Permission.")), where


def test_a_requirement_is_always_the_first_line() -> None:
    """Never somewhere below, after something has been read or written."""
    late = [
        f"{source.name}:{call.lineno}"
        for source in sources("microcrm/operations")
        for function in source.functions()
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"uow.require", "uow.require_public"}
        and first_call(function)[0] != ast.unparse(call.func)
    ]
    assert late == []


def test_the_doors_that_stand_open_are_these() -> None:
    is_open = {name for name, (_, node) in CANDIDATES.items() if first_call(node)[0] == "uow.require_public"}
    assert {name.removeprefix("microcrm.operations.") for name in is_open} == OPEN_DOORS


ENDINGS = {"commit", "rollback", "begin", "close"}


def test_no_operation_begins_or_ends_a_transaction() -> None:
    found = [
        f"{source.name}:{call.lineno} {name}"
        for source in sources("microcrm/operations", "microcrm/models")
        for name, call in source.calls()
        if name.rpartition(".")[2] in ENDINGS and "session" in name
    ]
    assert found == []


def test_operations_open_no_unit_of_work_of_their_own() -> None:
    assert [s.name for s in sources("microcrm/operations") if "microcrm.wiring" in set(s.imports())] == []
