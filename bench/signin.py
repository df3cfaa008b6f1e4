"""``signin``: a crowd signs in while others work. The hash is slow on purpose; it may slow sign-ins and nobody else."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg

from bench import site
from bench.events import NOOP, plan_of, run
from bench.load import quantiles
from bench.report import Choice, Report
from bench.site import Site
from microcrm import settings as configuration
from microcrm.adapters.passwords import Argon2
from microcrm.adapters.reachable import plain
from microcrm.http.forms import TOKEN_FIELD

_WORKING, _SIGNING_IN = 50, 8
_PASSWORD = "seven quiet lanterns"
_TOKEN = re.compile(rf'name="{TOKEN_FIELD}" value="([^"]+)"')


def measure(choice: Choice) -> Report:
    seconds = 6.0 if choice.is_quick else 20.0
    with site.ground(choice) as ground, site.product() as ours:
        _set_passwords()
        plan = plan_of(ours, ground.cookies(_WORKING), [NOOP], seconds, rate=0.5)
        choice.say(f"{_WORKING} people at work, nobody signs in")
        alone = run(plan)
        choice.say(f"the same while {_SIGNING_IN} sign in again and again")
        with _crowd(ours) as signed_in:
            beside = run(plan)
    figures = {
        "signins_per_s": round(len(signed_in) / seconds, 1),
        "signin_p50_ms": quantiles(signed_in)["p50"] if signed_in else None,
        "events_p99_ms": beside["kinds"]["noop"]["p99"],
        "events_p99_ms_before": alone["kinds"]["noop"]["p99"],
        "errors": beside["errors"],
    }
    goal = {"events_p99_ms": "<= 100", "errors": "<= 0", "signins_per_s": ">= 1"}
    return Report("signin", figures, goal=goal, limit={"hashes_per_s_of_one_core": _hashes_per_s()})


def _hashes_per_s() -> float:
    """What argon2 alone would allow."""
    hasher, began = Argon2(), time.perf_counter()
    for _ in range(10):
        hasher.hash(_PASSWORD)
    return round(10 / (time.perf_counter() - began), 1)


def _set_passwords() -> None:
    with psycopg.connect(plain(configuration.settings().database_owner_url)) as connection:
        connection.execute(
            "UPDATE users SET password_hash = %s WHERE id <= %s", (Argon2().hash(_PASSWORD), _SIGNING_IN)
        )
        connection.execute("DELETE FROM throttles")


@contextmanager
def _crowd(ours: Site) -> Iterator[list[float]]:
    """Milliseconds of each sign-in, while the block lasts."""
    signed_in: list[float] = []
    stop = threading.Event()
    with ThreadPoolExecutor(_SIGNING_IN) as threads:
        waiting = [threads.submit(_sign_in_until, stop, ours, n + 1, signed_in) for n in range(_SIGNING_IN)]
        try:
            yield signed_in
        finally:
            stop.set()
        for one in waiting:
            one.result()


def _sign_in_until(stop: threading.Event, ours: Site, owner: int, signed_in: list[float]) -> None:
    """As a browser does: fetch the form, post it with its token, land in the shop."""
    while not stop.is_set():
        with httpx.Client(base_url=ours.origin, headers={"origin": ours.origin}, timeout=30) as browser:
            token = _TOKEN.search(browser.get("/sign-in").text)
            form = {
                "email": f"owner{owner}@bench.example",
                "password": _PASSWORD,
                TOKEN_FIELD: token[1] if token else "",
            }
            began = time.perf_counter()
            answer = browser.post("/sign-in", data=form)
        if answer.status_code == 303:
            signed_in.append((time.perf_counter() - began) * 1000)
        else:
            raise RuntimeError(f"a sign-in was answered with {answer.status_code}")
