"""Which part may know which."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.support.sources import ROOT, sources

# A library, and the only places that may import it.
HOMES = {
    "reflex": (
        "microcrm/microcrm.py",
        "microcrm/sitemap.py",
        "microcrm/pages/",
        "microcrm/components/",
        "microcrm/state/",
        "microcrm/plugins/",
        "bench/",
    ),
    "celery": ("tasks/", "microcrm/adapters/queue.py"),
    "sqlalchemy": (
        "microcrm/models/",
        "microcrm/operations/",
        "microcrm/adapters/",
        "microcrm/wiring.py",
        "microcrm/http/health.py",  # asks whether the database answers, below any tenant
        "microcrm/demo/",
        "bench/",
    ),
}
HOMES["PIL"] = ("microcrm/adapters/photos.py",)
HOMES["boto3"] = ("microcrm/adapters/file_bucket.py",)
HOMES["sqlmodel"] = HOMES["sqlalchemy"]


def test_the_import_contracts_hold() -> None:
    """In a process of its own: the linter changes how the whole process logs."""
    program = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    checked = subprocess.run([*program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_at_its_home_only(library: str) -> None:
    def uses(name: str) -> bool:
        top = name.partition(".")[0]
        return top == library or (library == "reflex" and top.startswith("reflex_"))

    users = {source.name for source in sources() if any(uses(name) for name in source.imports())}
    assert users, "nothing uses it, so this could not fail"
    assert [name for name in sorted(users) if not name.startswith(HOMES[library])] == []


def test_packages_re_export_nothing() -> None:
    packages = [source for source in sources() if source.path.name == "__init__.py"]
    assert packages
    assert [s.name for s in packages if any(not isinstance(node, ast.Expr) for node in s.tree.body)] == []


def test_the_domain_reads_no_clock_and_does_no_input_or_output() -> None:
    clock = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic", "open", "print", "input"}
    found = [
        f"{source.name}:{call.lineno} {name}"
        for source in sources("microcrm/domain")
        for name, call in source.calls()
        if name in clock or name.startswith(("requests.", "httpx.", "socket.", "os.environ"))
    ]
    assert found == []
