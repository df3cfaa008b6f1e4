"""``events``: many people at work at once. Signed-in tabs do nothing much, read a page of customers, add one.

Closed loops ask how much goes through at all: ``noop`` the gate alone, ``find`` a search, ``list`` a page of customers
(one query, 25 rows). A bare Reflex app does the like without gate, thread, transaction or database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from bench import site
from bench.load import Kind, Plan
from bench.report import Choice, Report
from bench.site import Ground, Site
from microcrm.launch import frontend

LEVELS = (100, 500, 1_000)
_P99 = {"noop": (20, 50, 150), "list": (60, 120, 300)}
_CLOSED_TABS = 20
_ROOT = "reflex___state____state"
_APP = f"{_ROOT}.microcrm___state___base____app_state"
_CUSTOMERS = f"{_APP}.microcrm___state___customers____customers"
_NEW = f"{_APP}.microcrm___state___customers____new_customer"
_AT = {"pathname": "/customers", "asPath": "/customers"}
_BARE = f"{_ROOT}.bare____desk"
_FORM = {
    "name": "Bench Customer",
    "phone": "{phone}",
    "email": "",
    "address": "",
    "birthday": "",
    "tags": "",
    "notes": "",
}

NOOP = Kind("noop", 60, f"{_APP}.dismiss", {"notice": 0}, _AT, "notices")
LIST = Kind("list", 30, f"{_CUSTOMERS}.load", {}, _AT, '"rows')
WRITE = Kind("write", 10, f"{_NEW}.save", {"form": _FORM}, _AT, "_redirect")
FIND = Kind("find", 100, f"{_APP}.microcrm___state___palette____palette_state.find", {"words": "sharma"}, _AT, '"hits')
BARE_NOOP = Kind("noop", 70, f"{_BARE}.touch", {}, {"pathname": "/", "asPath": "/"}, '"count')
BARE_LIST = Kind("list", 30, f"{_BARE}.read", {}, {"pathname": "/", "asPath": "/"}, '"lines')
BARE_HYDRATED = '"count'
HYDRATED = '"is_listed_rx_state_":true'


def measure(choice: Choice) -> Report:
    seconds, closed_seconds = (6.0, 4.0) if choice.is_quick else (30.0, 10.0)
    figures: dict[str, Any] = {}
    peer: dict[str, Any] = {}
    with site.ground(choice) as ground:
        figures["data_set"] = f"{ground.counts.businesses:,} shops, {ground.counts.customers:,} customers"
        if ground.made_in_s is not None and not choice.is_quick:
            figures["data_set_made_in_s"] = ground.made_in_s
        with site.product() as ours:
            for kind in (NOOP, FIND, LIST):
                figures[f"closed_{kind.name}_per_s"] = _closed_loop(ground, ours, kind, closed_seconds, choice)
            for level in LEVELS[:1] if choice.is_quick else LEVELS:
                figures |= _open_loop(ground, ours, level, seconds, choice)
        with site.bare() as bare:
            for kind in (BARE_NOOP, BARE_LIST):
                plan = plan_of(bare, [""] * _CLOSED_TABS, [kind], closed_seconds, hydrated=BARE_HYDRATED, path="/")
                choice.say(f"bare Reflex, closed loop of {kind.name}")
                peer[f"bare_{kind.name}_per_s"] = run(plan)["events_per_s"]
            if not choice.is_quick:
                peer |= _bare_storm(bare, seconds, choice)
    for name in ("noop", "list"):
        if peer[f"bare_{name}_per_s"]:
            peer[f"ours_by_bare_{name}"] = round(figures[f"closed_{name}_per_s"] / peer[f"bare_{name}_per_s"], 2)
    return Report("events", figures, goal=_goal(figures), peer=peer)


def _goal(figures: dict[str, Any]) -> dict[str, str]:
    """Those of the levels that were measured."""
    goal = {"closed_list_per_s": ">= 900"}
    if "data_set_made_in_s" in figures:
        goal["data_set_made_in_s"] = "<= 480"
    for place, level in enumerate(LEVELS):
        if f"{level}_errors" not in figures:
            continue
        goal |= {f"{level}_{kind}_p99_ms": f"<= {bounds[place]}" for kind, bounds in _P99.items()}
        goal[f"{level}_errors"] = "<= 0"
        goal[f"{level}_mb_a_session"] = "<= 0.4"
    if "1000_storm_healed_s" in figures:
        goal |= {"1000_storm_healed_s": "<= 10", "1000_storm_errors": "<= 0"}
    return goal


def _closed_loop(ground: Ground, ours: Site, kind: Kind, seconds: float, choice: Choice) -> float:
    choice.say(f"closed loop of {kind.name}, {_CLOSED_TABS} tabs")
    return float(run(plan_of(ours, ground.cookies(_CLOSED_TABS), [kind], seconds))["events_per_s"])


def _open_loop(ground: Ground, ours: Site, level: int, seconds: float, choice: Choice) -> dict[str, Any]:
    choice.say(f"{level} tabs, an event every two seconds each")
    is_last = level == LEVELS[-1]
    plan = plan_of(ours, ground.cookies(level), [NOOP, LIST, WRITE], seconds, rate=0.5, storm=is_last)
    empty = ours.memory_mb() + ground.valkey_mb()
    with loading(plan) as load:
        memory = ours.memory_mb() + ground.valkey_mb()
        web, engines = ours.cpu_s(), ground.cpu_s()
        seen = load()
        web, engines = ours.cpu_s() - web, ground.cpu_s() - engines
        storm = load() if is_last else None
    figures: dict[str, Any] = {
        f"{level}_{kind}_{point}_ms": seen["kinds"].get(kind, {}).get(point)
        for kind in ("noop", "list", "write")
        for point in ("p50", "p99")
    }
    figures[f"{level}_cpu_ms_an_event"] = {
        name: round(1000 * used / seen["events"], 2) for name, used in (("web", web), ("engines", engines))
    }
    figures[f"{level}_errors"] = seen["errors"]
    if seen["errors"]:
        figures[f"{level}_error_kinds"] = seen["error_kinds"]
    figures[f"{level}_mb_a_session"] = round((memory - empty) / level, 3)
    figures[f"{level}_opened_in_s"] = seen["opened_in_s"]
    if storm is not None:
        figures |= {f"{level}_storm_healed_s": storm["healed_s"], f"{level}_storm_errors": storm["errors"]}
    return figures


def _bare_storm(bare: Site, seconds: float, choice: Choice) -> dict[str, Any]:
    """As many tabs of the bare app at the same pace: what of our figures is the framework's and the machine's."""
    tabs = LEVELS[-1]
    choice.say(f"bare Reflex, {tabs} tabs, an event every two seconds each")
    plan = plan_of(
        bare, [""] * tabs, [BARE_NOOP, BARE_LIST], seconds, rate=0.5, storm=True, hydrated=BARE_HYDRATED, path="/"
    )
    with loading(plan) as load:
        web = bare.cpu_s()
        seen = load()
        web = bare.cpu_s() - web
        storm = load()
    return {
        f"bare_{tabs}_noop_p99_ms": seen["kinds"].get("noop", {}).get("p99"),
        f"bare_{tabs}_list_p99_ms": seen["kinds"].get("list", {}).get("p99"),
        f"bare_{tabs}_cpu_ms_an_event": round(1000 * web / max(1, seen["events"]), 2),
        f"bare_{tabs}_storm_healed_s": storm["healed_s"],
        f"bare_{tabs}_errors": seen["errors"] + storm["errors"],
    }


def plan_of(
    at: Site,
    cookies: list[str],
    kinds: list[Kind],
    seconds: float,
    *,
    rate: float = 0,
    storm: bool = False,
    hydrated: str = HYDRATED,
    path: str = "/customers",
) -> Plan:
    return Plan("127.0.0.1", at.port, at.origin, path, cookies, kinds, hydrated, seconds, rate, storm)


def run(plan: Plan) -> dict[str, Any]:
    """In a process of its own."""
    with loading(plan) as load:
        return load()


@contextmanager
def loading(plan: Plan) -> Iterator[Callable[[], dict[str, Any]]]:
    """All tabs are open and quiet. What is yielded lets them work and gives what was seen; called again, it is the storm."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=frontend.ROOT,
    ) as process:
        orders, answers = process.stdin, process.stdout
        if orders is None or answers is None:
            raise RuntimeError("the load has no pipes")
        orders.write(json.dumps(asdict(plan)) + "\n")
        orders.flush()
        _read(answers.readline())

        def work() -> dict[str, Any]:
            orders.write("go\n")
            orders.flush()
            return _read(answers.readline())

        try:
            yield work
        finally:
            process.kill()


def _read(line: str) -> dict[str, Any]:
    if not line:
        raise RuntimeError("the load ended early; its own error stands above")
    found: dict[str, Any] = json.loads(line)
    return found
