"""The command line as a person meets it: what it says and how it ends."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
from pathlib import Path

import pytest

from microcrm.ports import free_port
from tests.support.servers import Servers
from tests.support.shops import TwoShops
from tests.tasks.test_sweeps import change_behind_the_walls, write_three_events


def microcrm(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "microcrm.cli", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on standard error."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    return sentence


def test_help_names_every_command() -> None:
    done = microcrm("--help")
    assert done.returncode == 0
    for command in ("up", "web", "worker", "beat", "migrate", "seed", "check", "bench", "audit"):
        assert f" {command} " in done.stdout


def test_check_is_content_with_sound_engines(fresh_database: TwoShops) -> None:
    done = microcrm("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PostgreSQL 18 answers" in done.stdout
    assert "as it should be" in done.stdout


def test_up_refuses_a_taken_port(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as taken:
        port = str(taken.server_address[1])
        sentence = refused(microcrm("up", MICROCRM_PORT=port, MICROCRM_HOME=str(tmp_path)))
    assert sentence.startswith(f"Port {port} is taken")
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("command", ["up", "migrate", "check", "worker", "audit"])
def test_a_wrong_database_gets_one_sentence(engines: Servers, command: str) -> None:
    arguments = ("audit", "verify") if command == "audit" else (command,)
    wrong = "postgresql://nobody:wrong@127.0.0.1:1/nowhere"
    done = microcrm(*arguments, DATABASE_URL=wrong, DATABASE_URL_DIRECT="", MICROCRM_PORT=str(free_port()))
    assert "no PostgreSQL answers at 127.0.0.1:1" in refused(done)


def test_settings_that_make_no_sense_get_one_sentence() -> None:
    assert "MICROCRM_PORT" in refused(microcrm("check", MICROCRM_PORT="many"))
    assert "MICROCRM_SECRET_KEY" in refused(microcrm("web", MICROCRM_ENVIRONMENT="prod", MICROCRM_SECRET_KEY=""))


def sweep_audit() -> None:
    from tasks.audit import sweep

    assert sweep() == 3


def test_audit_verify_fails_on_a_changed_log(fresh_database: TwoShops) -> None:
    write_three_events(fresh_database.a)
    sweep_audit()
    whole = microcrm("audit", "verify")
    assert (whole.returncode, whole.stdout.count("whole")) == (0, 2)
    change_behind_the_walls(fresh_database.a.business_id)
    broken = microcrm("audit", "verify")
    assert "BROKEN at place 2" in broken.stdout
    assert refused(broken) == "The audit log of 1 of 2 businesses does not fit together."
