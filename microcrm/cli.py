"""The command line. ``microcrm up`` is everything; the other commands are its parts, one by one.

Each command imports what it needs when it runs, so that ``--help`` is quick and a process loads only its own part.
A refusal is one sentence on standard error and exit code 1.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Annotated, NoReturn

import typer

from microcrm import settings as configuration
from microcrm.domain.errors import DomainError
from microcrm.processes import Failed

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
audit_cli = typer.Typer(no_args_is_help=True, help="The audit log.")
cli.add_typer(audit_cli, name="audit")
keys_cli = typer.Typer(no_args_is_help=True, help="The keys of sealed records and secrets.")
cli.add_typer(keys_cli, name="keys")

_BEHIND_PEOPLE = 10  # on a machine that serves pages as well, whoever waits for one goes first


def say(line: str) -> None:
    print(line, flush=True)


@cli.command()
def up() -> None:
    """Start everything: PostgreSQL, Valkey (unless given), schema, demo shops, web, worker, beat, sandbox of payments."""
    from microcrm.launch.up import run

    run(say)


@cli.command()
def web() -> None:
    """Serve the built pages, the websocket and the HTTP routes."""
    from microcrm import observability
    from microcrm.launch import engines, frontend, webserver

    with engines.ready() as settings:
        frontend.build_if_changed(settings, say)
        observability.configure(settings.log_level)
        webserver.serve(settings)


@cli.command()
def worker(concurrency: Annotated[int, typer.Option(help="Tasks at the same time.")] = 4) -> None:
    """Run background tasks."""
    from microcrm.launch import engines

    if hasattr(os, "nice"):
        os.nice(_BEHIND_PEOPLE)
    with engines.ready() as settings:
        from tasks.app import app

        level = settings.log_level.upper()
        app.start(
            ["--quiet", "worker", "--pool=threads", f"--concurrency={concurrency}", "--without-gossip",
             "--without-mingle", f"--loglevel={level}"]
        )  # fmt: skip


@cli.command()
def beat() -> None:
    """Tell the worker, by the clock, what is due."""
    from microcrm.adapters import embedded, reachable

    with embedded.running(configuration.settings()):
        settings = configuration.settings()
        reachable.check_redis(settings.redis_url)
        from tasks.app import clock

        clock.start(["--quiet", "beat", "--pidfile=", f"--loglevel={settings.log_level.upper()}"])


@cli.command()
def sandbox() -> None:
    """Serve the stand-in for Razorpay, on which payments are tried without money. In development only."""
    from urllib.parse import urlsplit

    from microcrm.sandbox.server import serve

    settings = configuration.settings()
    if not settings.has_sandbox:
        raise Failed("The sandbox runs in development only, and not with MICROCRM_SANDBOX=false.")
    store = settings.home.resolve() / "sandbox.json"
    serve(port=urlsplit(settings.sandbox_url).port or 0, seed=settings.sandbox_seed, store=store)


@cli.command()
def migrate() -> None:
    """Bring the database to this version's schema, as its owner."""
    from microcrm.adapters import schema
    from microcrm.launch import engines

    with engines.reached() as settings:
        schema.migrate(settings)
        say(f"The database has schema {schema.head()}.")


@cli.command()
def check() -> None:
    """Are the settings sound, the engines reachable and new enough, and the schema this version's?"""
    from microcrm.adapters import reachable, schema
    from microcrm.launch import engines

    with engines.ready() as settings:
        reachable.check_disk(settings.home)
        say(f"PostgreSQL {reachable.check_database(settings.database_url)} answers.")
        say(f"Redis {reachable.check_redis(settings.redis_url)} answers.")
        say(f"The schema is {schema.head()}, as it should be.")


@cli.command()
def seed(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only into a database without a business.")] = False,
) -> None:
    """Fill in the demo shops: a salon in Bengaluru and a clinic in Pune, with a year of history."""
    from microcrm.demo import shops
    from microcrm.launch import engines

    with engines.ready():
        if sign_ins := shops.open_all(only_if_empty=if_empty):
            say(sign_ins)


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure: ``microcrm bench [NAME ...] [--quick] [--json]``."""
    from bench.main import run

    run(context.args)


@cli.command()
def retention(
    on: Annotated[str, typer.Option(help="A day like 2027-05-01; today without it.")] = "",
) -> None:
    """Say what has been kept long enough and goes in the coming night, or by a day. Changes nothing."""
    from microcrm.launch import engines, retention

    with engines.ready():
        retention.say_forecast(say, on)


@audit_cli.command("verify")
def audit_verify(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Walk every business's audit chain; exit code 1 when one is broken."""
    from microcrm.launch import engines
    from microcrm.operations import audit
    from microcrm.operations.unit_of_work import system
    from microcrm.wiring import unit_of_work

    broken = 0
    with engines.ready():
        with unit_of_work(system()) as uow:
            business_ids = audit.all_businesses(uow)
        for business_id in business_ids:
            with unit_of_work(system(business_id)) as uow:
                report = audit.verify(uow)
            broken += report.broken_at is not None
            verdict = "whole" if report.broken_at is None else f"BROKEN at place {report.broken_at}"
            facts = {"business": business_id, "events": report.count, "verdict": verdict, "head": report.head}
            line = f"business {business_id}: {report.count} events, {verdict}, {report.unchained} not yet chained"
            say(json.dumps(facts) if as_json else line)
    if broken:
        raise Failed(f"The audit log of {broken} of {len(business_ids)} businesses does not fit together.")


@keys_cli.command("rotate")
def keys_rotate(
    with_records: Annotated[
        bool, typer.Option("--records", help="New keys for customers, too: seals every record.")
    ] = False,
    hours: Annotated[int, typer.Option(min=0, help="A business's key that is younger stays.")] = 24,
) -> None:
    """Seal keys and secrets with the newest master key, and customers' keys with a new key of their business."""
    from datetime import timedelta

    from microcrm.launch import engines, keys

    with engines.ready():
        keys.rotate(say, with_records=with_records, younger_stays=timedelta(hours=hours))


@keys_cli.command("check")
def keys_check(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Open every key, record and secret; exit code 1 when one does not open."""
    from microcrm.launch import engines, keys

    with engines.ready():
        keys.check(say, as_json=as_json)


def main() -> None:
    """Run, with every refusal as one sentence."""
    try:
        cli(prog_name="microcrm")
    except (Failed, configuration.BadSettings) as problem:
        _refuse(str(problem))
    except DomainError as problem:
        _refuse(f"{problem.message} {problem.remedy}")
    except Exception as problem:
        if not _is_disk_full(problem):
            raise
        _refuse("The disk is full: make room and start again. What was saved before is safe.")


def _is_disk_full(error: BaseException | None) -> bool:
    """Wherever it was noticed: by us, or by PostgreSQL (SQLSTATE 53100)."""
    while error is not None:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or getattr(error, "sqlstate", "") == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False


def _refuse(sentence: str) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.write(f"{sentence}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
