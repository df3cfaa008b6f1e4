"""Every public method of a State is an endpoint; these laws hold for all of them at once."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
from typing import Any

import pytest
import reflex as rx
from reflex.app import App
from sqlmodel import SQLModel

from microcrm.state.gate import PLUMBING, mark_of
from tests.support.sources import sources
from tests.support.tabs import handlers

MOST_VARS = 12
MOST_STATE_LINES = 150
MOST_HANDLER_LINES = 12
# Public methods of ours that no browser may call. Without a mark the gate refuses them (tests/state/test_gate.py).
REFUSED = {"setvar"}
# What Reflex itself registers: its plumbing, which the gate lets through by name, and what the gate refuses.
REFLEX = ("reflex___", "reflex_components_")


@pytest.fixture(scope="module")
def ours(app: App) -> dict[str, Any]:
    return {name: handler for name, handler in handlers().items() if not name.startswith(REFLEX) or "microcrm" in name}


def states() -> list[type[rx.State]]:
    def below(state: type[Any]) -> list[type[Any]]:
        return [s for child in state.get_substates() for s in (child, *below(child))]

    return [s for s in below(rx.State) if s.__module__.startswith("microcrm.")]


def test_every_handler_of_ours_is_marked(ours: dict[str, Any]) -> None:
    marked = {name for name, handler in ours.items() if mark_of(handler.fn) is not None}
    assert len(marked) >= 3
    assert {name.rpartition(".")[2] for name in ours.keys() - marked} <= REFUSED


def test_nothing_else_is_let_through_unmarked(app: App) -> None:
    """Reflex's own handlers: exactly the plumbing passes; a new one of a newer Reflex is refused until read."""
    foreign = {name for name in handlers() if name.startswith(REFLEX) and "microcrm" not in name}
    assert foreign >= PLUMBING
    assert {name.rpartition(".")[2] for name in foreign - PLUMBING} <= {
        "setvar",
        "update_vars_internal",
        "set_color_mode",
    }


def test_handlers_are_async(ours: dict[str, Any]) -> None:
    """A plain function would hold up every user of its process."""
    plain = [
        name
        for name, handler in ours.items()
        if mark_of(handler.fn) is not None
        and not inspect.iscoroutinefunction(handler.fn)
        and not inspect.isasyncgenfunction(handler.fn)
    ]
    assert plain == []


def test_no_state_var_is_a_table_row(app: App) -> None:
    """A table row in a public var sends each of its columns to the browser."""
    bad = []
    for state in states():
        for name, var in state.base_vars.items():
            if any(_is_table(part) for part in _parts(var._var_type)):
                bad.append(f"{state.__name__}.{name}")
    assert states()
    assert bad == []


def _parts(hint: Any) -> list[Any]:
    inner = [part for argument in typing.get_args(hint) for part in _parts(argument)]
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        inner += [part for field in dataclasses.fields(hint) for part in _parts(hints[field.name])]
    return [hint, *inner]


def _is_table(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, SQLModel)


def test_states_stay_thin(app: App) -> None:
    fat = []
    for state in states():
        own = [name for name in state.base_vars if name in state.__annotations__]
        lines = len(inspect.getsource(state).splitlines())
        if len(own) > MOST_VARS and state.__name__ != "AppState":
            fat.append(f"{state.__name__}: {len(own)} vars")
        if lines > MOST_STATE_LINES:
            fat.append(f"{state.__name__}: {lines} lines")
    assert fat == []


def test_handlers_are_short() -> None:
    """Parse, one operation, assign, return. The shell's own handlers fill the shell."""
    long = []
    for source in sources("microcrm/state"):
        for node in source.functions():
            if not any(ast.unparse(d).startswith("rx.event") for d in node.decorator_list):
                continue
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            if lines > MOST_HANDLER_LINES:
                long.append(f"{source.name}:{node.lineno} {node.name}: {lines} lines")
    assert long == []


def test_ids_of_user_and_business_are_no_vars(app: App) -> None:
    names = {"user_id", "business_id", "session_id", "tenant_id"}
    assert [f"{s.__name__}.{name}" for s in states() for name in s.base_vars if name in names] == []


def test_no_handler_uses_what_runs_through_eval() -> None:
    """The Content-Security-Policy has no 'unsafe-eval': these would fail in the browser, silently."""
    barred = ("rx.toast", "rx.call_script", "rx.set_clipboard", "rx.window_alert", "rx.call_function")
    found = [
        f"{source.name}:{call.lineno} {name}"
        for source in sources("microcrm/state", "microcrm/pages", "microcrm/components")
        for name, call in source.calls()
        if name.startswith(barred) or (name == "rx.download" and any(k.arg == "data" for k in call.keywords))
    ]
    assert found == []


def test_no_radix_themes() -> None:
    """One such component brings some 700 KB of CSS."""
    allowed = {
        "el", "Component", "Var", "cond", "foreach", "fragment", "match", "State", "event", "EventHandler", "redirect",
        "asset", "NoSSRComponent", "App", "Config", "plugins", "icon", "color_mode_cond", "toggle_color_mode", "memo",
        "BaseStateToken", "var", "Field", "field", "debounce_input", "session_storage", "upload_files", "noop",
        "call_function", "get_event_triggers", "EventSpec", "EventChain", "ImportVar", "vars", "utils", "constants",
        "set_focus", "prevent_default", "stop_propagation", "Base", "background", "UploadFile", "download",
    }  # fmt: skip
    used = {
        node.attr: f"{source.name}:{node.lineno}"
        for source in sources("microcrm")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rx"
    }
    assert {name: where for name, where in used.items() if name not in allowed} == {}
