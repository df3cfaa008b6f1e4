"""What a browser must fetch before the app's shell works, read from the production build."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from bench.report import Choice, Report
from microcrm.processes import Failed

BUILD = Path(".web/build/client")
SHELL_LIMIT = 190 * 1024  # bytes of script, gzipped
CALENDAR_LIMIT = 250 * 1024  # the board is a library of its own
CALENDAR = "calendar"
STYLE_LIMIT = 20 * 1024
# A second design system, or a library that Reflex would have brought along.
UNWANTED = ("radix-themes", "momentjs.com", "plotly", "gridjs", "data-sonner")

_LOADED = re.compile(
    r"""(?:href|src)="(/assets/[^"]+\.(?:js|css))"|import\s*(?:\*\s*as\s*\w+\s*from\s*)?["'](/assets/[^"']+\.js)["']"""
)


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes, gzipped, of one page's first load."""

    page: str
    script: int
    style: int

    @property
    def is_fit(self) -> bool:
        limit = CALENDAR_LIMIT if self.page == CALENDAR else SHELL_LIMIT
        return self.script <= limit and self.style <= STYLE_LIMIT


def weigh(page: str, build: Path = BUILD) -> Weight:
    """What the page's HTML names: its modules and stylesheets."""
    html = (build / page / "index.html").read_text()
    names = {one or other for one, other in _LOADED.findall(html)}
    return Weight(
        page=page,
        script=sum(_gzipped(build / name.lstrip("/")) for name in names if name.endswith(".js")),
        style=sum(_gzipped(build / name.lstrip("/")) for name in names if name.endswith(".css")),
    )


def pages(build: Path = BUILD) -> list[str]:
    return sorted(
        path.parent.relative_to(build).as_posix() for path in build.rglob("index.html") if path.parent != build
    )


def unwanted(build: Path = BUILD) -> list[str]:
    """Built files that hold what must not be there."""
    found = []
    for path in sorted(build.rglob("assets/*")):
        if path.suffix in (".js", ".css"):
            text = path.read_text(errors="replace")
            found += [f"{path.name}: {word}" for word in UNWANTED if word in text]
    return found


def _gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def measure(choice: Choice) -> Report:  # noqa: ARG001 - every benchmark takes it
    """``weight``: the first load of the calendar and of the heaviest of the other pages. The build must exist."""
    if not BUILD.exists():
        raise Failed("The pages are not built yet: run 'microcrm up' once.")
    weights = {page: weigh(page) for page in pages()}
    calendar = weights[CALENDAR]
    heaviest = max((one for one in weights.values() if one is not calendar), key=lambda weight: weight.script)
    return Report(
        "weight",
        {
            "page": f"/{heaviest.page}",
            "script_kb": round(heaviest.script / 1024, 1),
            "calendar_script_kb": round(calendar.script / 1024, 1),
            "style_kb": round(max(one.style for one in weights.values()) / 1024, 1),
            "unwanted": len(unwanted()),
        },
        goal={"script_kb": "<= 190", "calendar_script_kb": "<= 250", "style_kb": "<= 20", "unwanted": "<= 0"},
        peer={"bare Reflex page, Radix Themes: script_kb": 240, "style_kb": 83},
    )
