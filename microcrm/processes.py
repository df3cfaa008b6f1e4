"""Child processes: what one is (`Program`), one that runs (`Running`), and the order in which many live and die.

Each child leads its own process group, so that Ctrl-C reaches only us and we stop the children in order; where Linux
offers it, a child also gets its stop signal when we are killed outright.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LONGEST_LOG = 5_000_000  # bytes; a longer log is set aside when its program starts


class Failed(Exception):
    """A program would not start, or kept dying. The text is one sentence."""


def _yes(*_: object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``is_ready`` is asked until it says yes, for ``start_patience`` seconds; a busy machine is slow, and a
    program that dies is noticed at once anyway. ``patience``: seconds that it gets to stop."""

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 30.0
    start_patience: float = 240.0
    is_ready: Callable[[], bool] = _yes
    is_well: Callable[[float], bool] = _yes  # asked now and then with the seconds since the start
    is_wanted: Callable[[], bool] = _yes  # asked now and then: one that nobody needs now rests


class Running:
    """A program that was started."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at = time.monotonic()
        self._process = _spawn(program)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def is_well(self) -> bool:
        return self.program.is_well(time.monotonic() - self.started_at)

    def wait_ready(self) -> None:
        """Raises: Failed, with the end of the log, when it dies or is not ready within its patience."""
        program = self.program
        deadline = time.monotonic() + program.start_patience
        while not program.is_ready():
            if self.exit_code is not None:
                raise Failed(f"{program.name} stopped while starting: {last_line(program.log)} Its log: {program.log}")
            if time.monotonic() > deadline:
                self.stop()
                within = f"{program.start_patience:.0f} seconds"
                raise Failed(
                    f"{program.name} did not start within {within}. The end of {program.log}:\n{_end(program.log)}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask, wait, then insist; at the end nothing of its process group is left."""
        if self.exit_code is None:
            self._process.send_signal(self.program.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self.program.patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def finish(running: Running) -> None:
    """Wait for a program that ends by itself. Raises: Failed, with the end of its log, when it did not end well."""
    try:
        while running.exit_code is None:
            time.sleep(0.05)
    finally:
        running.stop()
    if running.exit_code:
        raise Failed(f"{running.program.name} failed: {last_line(running.program.log)} Its log: {running.program.log}")


def start(program: Program) -> Running:
    """Start it and wait until it is ready."""
    running = Running(program)
    try:
        running.wait_ready()
    except BaseException:
        running.stop()
        raise
    return running


def last_line(log: Path) -> str:
    """The last line a program wrote: mostly the reason why it ended. A program on a full disk can't write even that."""
    if _is_full(log.parent):
        return f"the disk of {log.parent} is full: make room and start again. What was saved before is safe."
    return _lines(log, 1)[-1]


def _end(log: Path) -> str:
    return "\n".join(f"  {line}" for line in _lines(log, 5))


def _lines(log: Path, most: int) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 20_000))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ["it wrote no log."]
    return [line.strip()[:300] for line in lines[-most:]] or ["it wrote nothing."]


def _is_full(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < 1_000_000  # bytes
    return False


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > _LONGEST_LOG:
        program.log.replace(program.log.with_suffix(".1.log"))
    with program.log.open("ab") as log:
        return subprocess.Popen(
            list(program.argv),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env={**os.environ, **program.env},
            start_new_session=True,
            user=program.user,
            group=_group_of(program.user),
            extra_groups=[] if program.user is not None else None,
            preexec_fn=_die_with_parent(program.stop_signal),  # noqa: PLW1509 - we start no threads before this
        )


def _group_of(user: int | None) -> int | None:
    if user is None:
        return None
    import pwd

    return pwd.getpwuid(user).pw_gid


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)

    return ask_the_kernel
