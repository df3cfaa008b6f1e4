"""``import-100k``: a list of 100,000 customers read, rehearsed and taken over by the worker's own steps, the same list again, and all
of it taken back. What each row was said to be is compared with how the list was made, and what is in the tables is counted by SQL
of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench import site
from bench.imports_file import MadeList, make_list
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role, permissions_of
from microcrm.launch import frontend
from microcrm.operations.customer_imports.looking import see_import
from microcrm.operations.customer_imports.receiving import (
    Mapping,
    choose_mapping,
    commit_import,
    receive_file,
    undo_import,
)
from microcrm.operations.forms.editing import add_starting_forms
from microcrm.operations.unit_of_work import Actor

_GOAL = {
    "import_s": "<= 12",
    "grown_mb": "<= 150",
    "wrong_rows": "<= 0",
    "added_again": "<= 0",
    "left_after_undo": "<= 0",
    "undo_by_commit": "<= 1",
}
_COUNTED = "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM customer_words), (SELECT count(*) FROM sealed_records)"


def measure(choice: Choice) -> Report:
    rows = 10_000 if choice.is_quick else 100_000
    made = make_list(rows)
    with site.engines("imports-quick" if choice.is_quick else "imports"), _owner() as owner:
        figures = _figures(owner, made, choice)
        wiring.engine().dispose()
        wiring.engine.cache_clear()
    return Report(
        "import-100k", {"rows": rows, "file_mb": round(len(made.data) / 2**20, 1), **figures}, goal=dict(_GOAL)
    )


def _figures(owner: psycopg.Connection, made: MadeList, choice: Choice) -> dict[str, Any]:
    actor = _shop(owner)
    load = os.getloadavg()[0]
    empty = owner.execute(_COUNTED).fetchone()
    choice.say(f"reading and rehearsing {len(made.verdicts):,} rows")
    first, steps = _rehearsed(actor, made)
    wrong = _wrong(owner, first, made)
    choice.say("taking it over")
    steps["commit"] = _committed(actor, first)
    wrong += abs(made.verdicts.count("n") - _count(owner, "customers")) + abs(
        made.allergies - _count(owner, "sealed_records")
    )
    choice.say("the same list again")
    again, _ = _rehearsed(actor, made)
    _committed(actor, again)
    added = _count(owner, "customers") - made.verdicts.count("n")
    _do(actor, undo_import, again)
    _work(actor)
    choice.say("taking it back")
    _do(actor, undo_import, first)
    steps["undo"] = _work(actor)
    left = sum(
        abs(one - before) for one, before in zip(owner.execute(_COUNTED).fetchone() or (), empty or (), strict=True)
    )
    took = {f"{name}_s": step["seconds"] for name, step in steps.items()}
    return {
        **took,
        "import_s": round(took["read_s"] + took["rehearse_s"] + took["commit_s"], 2),
        "import_cpu_s": round(sum(steps[name]["cpu_s"] for name in ("read", "rehearse", "commit")), 2),
        "rows_per_s": round(len(made.verdicts) / (took["rehearse_s"] + took["commit_s"])),
        "undo_by_commit": round(took["undo_s"] / took["commit_s"], 2),
        "grown_mb": max(step["grown_mb"] for step in steps.values()),
        "peak_mb": max(step["peak_mb"] for step in steps.values()),
        "wrong_rows": wrong,
        "added_again": added,
        "left_after_undo": left,
        "load_before": round(load, 1),
    }


def _rehearsed(actor: Actor, made: MadeList) -> tuple[int, dict[str, dict[str, Any]]]:
    import_id = _do(actor, receive_file, made.data, "customers.csv", wiring.sealer())
    steps = {"read": _work(actor)}
    view = _do(actor, see_import, import_id, wiring.sealer())
    holds = [column.holds.value for column in view.columns]
    _do(actor, choose_mapping, Mapping(import_id, view.version, holds))
    steps["rehearse"] = _work(actor)
    return import_id, steps


def _committed(actor: Actor, import_id: int) -> dict[str, Any]:
    _do(actor, commit_import, import_id, _do(actor, see_import, import_id, wiring.sealer()).version)
    return _work(actor)


def _wrong(owner: psycopg.Connection, import_id: int, made: MadeList) -> int:
    """Rows of which something else was said than is so."""
    row = owner.execute(
        "SELECT string_agg(verdicts, '' ORDER BY place) FROM import_pieces WHERE import_id = %s AND part = 'rows'",
        (import_id,),
    ).fetchone()
    said = str(row[0]) if row else ""
    return abs(len(said) - len(made.verdicts)) + sum(
        one != other for one, other in zip(said, made.verdicts, strict=False)
    )


def _work(actor: Actor) -> dict[str, Any]:
    """The next step, by another process, so that its memory is nobody else's."""
    command = [sys.executable, "-m", "bench.imports_work", str(actor.business_id)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=frontend.ROOT, timeout=900)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _do(actor: Actor, operation: Any, *args: Any) -> Any:
    with wiring.unit_of_work(actor) as uow:
        return operation(uow, *args)


def _count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _shop(owner: psycopg.Connection) -> Actor:
    """A salon of its own, without anybody in it."""
    owner.execute("TRUNCATE businesses, users CASCADE")
    now = datetime.now(UTC)
    business = owner.execute(
        "INSERT INTO businesses (name, legal_name, trade, slug, phone, email, address, city, state_code, pin, gstin, zone, logo_kind, "
        "holiday_state, onboarding, is_demo, version, created_at) "
        "VALUES ('Bench', '', 'salon', 'bench', '', '', '', '', '29', '', '', 'Asia/Kolkata', '', '', '{}', false, 1, %s) RETURNING id",
        (now,),
    ).fetchone()
    member = owner.execute(
        "INSERT INTO members (business_id, name, role, colour, granted, withheld, is_own_calendar_only, is_bookable, position, "
        "joined_at, version) VALUES (%s, 'Owner', 'owner', 'slate', '{}', '{}', false, true, 0, %s, 1) RETURNING id",
        (business[0] if business else 0, now),
    ).fetchone()
    owner.execute("ANALYZE")
    permissions = permissions_of(Role.OWNER)
    actor = Actor("member", None, business[0] if business else 0, member[0] if member else 0, Role.OWNER, permissions)
    _do(actor, add_starting_forms)
    return actor


def _owner() -> psycopg.Connection:
    return psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True)
