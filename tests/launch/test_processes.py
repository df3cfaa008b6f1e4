"""Child processes: started until ready, stopped in order, restarted when they die, gone when we are."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from microcrm.launch.supervisor import Supervisor
from microcrm.processes import Failed, Program, Running, finish, start

SLEEPER = "import time; print('awake', flush=True); time.sleep(60)"


def program(folder: Path, code: str, **changes: object) -> Program:
    values: dict[str, object] = {
        "name": "child",
        "argv": [sys.executable, "-c", code],
        "log": folder / "child.log",
        "patience": 5.0,
    }
    return Program(**(values | changes))


def wait_until(condition: object, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_start_waits_until_it_is_ready_and_stop_leaves_nothing(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    code = f"import pathlib, time; time.sleep(0.3); pathlib.Path({str(sign)!r}).touch(); time.sleep(60)"
    child = start(program(tmp_path, code, is_ready=sign.exists))
    assert sign.exists()
    assert child.exit_code is None
    child.stop()
    assert child.exit_code == -signal.SIGTERM


def test_a_program_that_dies_while_starting_says_why(tmp_path: Path) -> None:
    child = program(tmp_path, "raise SystemExit('the port is taken')", is_ready=lambda: False)
    with pytest.raises(Failed, match="child stopped while starting: the port is taken"):
        start(child)


def test_a_program_that_is_never_ready_is_stopped_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    code = "print('so far\\nso good', flush=True); import time; time.sleep(60)"
    with pytest.raises(Failed, match=r"did not start within 2 seconds[^\n]*child\.log:\n  so far\n  so good$"):
        start(program(tmp_path, code, is_ready=lambda: False, start_patience=2))


def test_a_full_disk_is_named_whatever_the_log_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = program(tmp_path, "raise SystemExit('something odd')")
    with pytest.raises(Failed, match="child failed: something odd"):
        finish(Running(child))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    with pytest.raises(Failed, match="is full: make room"):
        finish(Running(child))


def test_a_deaf_program_is_ended_after_its_patience_with_its_own_children(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(p.pid, flush=True);"
        "time.sleep(60)"
    )
    child = Running(program(tmp_path, code, patience=0.5))
    assert wait_until(lambda: (tmp_path / "child.log").read_text().endswith("\n"))
    grandchild = int((tmp_path / "child.log").read_text())
    child.stop()
    assert child.exit_code == -signal.SIGKILL
    assert wait_until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == "zombie")


def test_finish_tells_good_ends_from_bad_ones(tmp_path: Path) -> None:
    finish(Running(program(tmp_path, "pass")))
    with pytest.raises(Failed, match="child failed: no such service"):
        finish(Running(program(tmp_path, "raise SystemExit('no such service')")))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children only on Linux")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from microcrm.processes import Program, Running;"
        f"r = Running(Program('child', [sys.executable, '-c', {SLEEPER!r}], Path({str(tmp_path / 'child.log')!r})));"
        "print(r.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert wait_until(lambda: "awake" in (tmp_path / "child.log").read_text())
        parent.kill()
    assert wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie")


def test_the_supervisor_restarts_a_dead_child_and_gives_up_on_a_hopeless_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.02)))
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(program(tmp_path, "import sys; print('cannot go on'); sys.exit(3)"))
    with pytest.raises(Failed, match=r"child keeps stopping \(cannot go on\)"):
        supervisor.watch()
    assert said == ["child ended with code 3; starting it again."] * 5


def test_the_supervisor_restarts_a_child_that_lives_but_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.02)))
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(program(tmp_path, SLEEPER, is_well=lambda _age: False))
    with pytest.raises(Failed, match="child keeps stopping"):
        supervisor.watch()
    supervisor.stop("child")
    assert said == ["child stopped answering; starting it again."] * 5


def test_the_supervisor_lets_rest_what_nobody_wants_and_starts_it_when_somebody_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Enough(Exception):
        pass

    answers = iter([False, False, True, True, False, False])
    story = []

    def is_wanted() -> bool:
        story.append([child.program.name for child in supervisor._children if child.exit_code is None])
        try:
            return next(answers)
        except StopIteration:
            raise Enough from None

    monkeypatch.setattr("microcrm.launch.supervisor._ASK_EVERY", 0.0)
    monkeypatch.setattr("microcrm.launch.supervisor._LOOK_EVERY", 0.01)
    supervisor = Supervisor()
    supervisor.start(program(tmp_path, SLEEPER, name="other"), program(tmp_path, SLEEPER, is_wanted=is_wanted))
    with pytest.raises(Enough):
        supervisor.watch()
    both, one = ["other", "child"], ["other"]
    assert story == [[], one, one, both, both, one, one]
    supervisor.stop("child", "other")
    assert all(child.exit_code is not None for child in supervisor._children)


def test_the_supervisor_tries_again_when_one_does_not_start_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL after a kill: it dies once, refuses twice, and then starts."""

    class Enough(Exception):
        pass

    lives, sign = tmp_path / "lives", tmp_path / "sign"
    lives.write_text("")
    code = (
        f"import pathlib, sys, time; lives, sign = pathlib.Path({str(lives)!r}), pathlib.Path({str(sign)!r});"
        "had = len(lives.read_text()); lives.write_text('x' * (had + 1)); sys.exit(3) if had in (1, 2) else sign.touch();"
        "time.sleep(60) if had else (time.sleep(0.3), sign.unlink())"
    )
    said: list[str] = []

    def is_wanted() -> bool:
        if sign.exists() and len(lives.read_text()) == 4:
            raise Enough
        return True

    supervisor = Supervisor(said.append)
    child = program(tmp_path, code, is_wanted=is_wanted, is_ready=sign.exists)
    monkeypatch.setattr("microcrm.launch.supervisor._LOOK_EVERY", 0.01)
    monkeypatch.setattr("microcrm.launch.supervisor._ASK_EVERY", 0.0)
    supervisor.start(child)
    with pytest.raises(Enough):
        supervisor.watch()
    supervisor.stop("child")
    assert said == [
        "child ended with code 0; starting it again.", "child did not start; starting it again.",
        "child did not start; starting it again.",
    ]  # fmt: skip
