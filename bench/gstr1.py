"""``gstr1-100k``: the return of a month with 100,000 documents as the portal's JSON and the sales register as a spreadsheet,
each by a process of its own, and every figure of both recomputed by SQL of its own (``bench/gstr1_check.py``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench import site
from bench.gstr1_check import differences, register_differences
from bench.report import Choice, Report
from bench.returns_month import fill
from microcrm import settings as configuration
from microcrm.adapters.reachable import plain
from microcrm.launch import frontend

_GOAL = {"json_s": "<= 3", "xlsx_s": "<= 9", "peak_mb": "<= 200", "differences": "<= 0"}


def measure(choice: Choice) -> Report:
    documents = 10_000 if choice.is_quick else 100_000
    with site.engines("returns-quick" if choice.is_quick else "returns"), _owner() as owner:
        choice.say(f"a month of {documents} documents")
        shop = fill(owner, documents)
        with tempfile.TemporaryDirectory(prefix="microcrm-bench-") as folder:
            figures, limit = _figures(owner, shop, Path(folder), choice)
    return Report("gstr1-100k", {"documents": documents, **figures}, goal=dict(_GOAL), limit=limit)


def _figures(
    owner: psycopg.Connection, shop: int, folder: Path, choice: Choice
) -> tuple[dict[str, Any], dict[str, float]]:
    load = os.getloadavg()[0]
    written = {}
    for kind in ("json", "xlsx", "page"):
        choice.say(f"writing the {kind}")
        written[kind] = _write(kind, shop, folder / kind)
    choice.say("recomputing every figure")
    began = time.perf_counter()
    odd = differences(owner, shop, folder / "json")
    recomputed = time.perf_counter() - began
    odd += register_differences(owner, shop, folder / "xlsx")
    odd += not json.loads((folder / "page").read_bytes())["foots"]
    figures: dict[str, Any] = {}
    for kind in ("json", "xlsx"):
        one = written[kind]
        figures |= {
            f"{kind}_s": one["seconds"],
            f"{kind}_cpu_s": one["cpu_s"],
            f"{kind}_mb": round(one["bytes"] / 2**20, 1),
        }
    figures |= {
        "page_s": written["page"]["seconds"],
        "peak_mb": max(one["peak_mb"] for one in written.values()),
        "differences": odd,
        "load_before": round(load, 1),
    }
    return figures, {"recomputed_in_s": round(recomputed, 1)}


def _write(kind: str, shop: int, path: Path) -> dict[str, Any]:
    """By another process, so that its memory is nobody else's."""
    command = [sys.executable, "-m", "bench.gstr1_write", kind, str(shop), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=frontend.ROOT, timeout=600)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _owner() -> psycopg.Connection:
    return psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True)
