"""``lighthouse``: the sign-in page and the first step of public booking on a phone, all four categories.

Lighthouse comes from npm into the bench's folder, once; it runs on the Node that Playwright's wheel ships, since it asks
for a newer one than most machines have.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from statistics import median

import playwright

from bench import site
from bench.public import shop_slug
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm.processes import Failed

_VERSION = "13.5.0"
_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"
_CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
_BOOKING = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}


def measure(choice: Choice) -> Report:
    chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise Failed("Lighthouse needs Chromium: run 'make install-browser', or set CHROME_PATH.")
    with site.ground(Choice(is_quick=True, say=choice.say)), site.product() as ours:
        script = _installed(configuration.settings().home.resolve().parent / "lighthouse", choice)
        figures, goal = {}, {}
        for name, path, least in (
            ("", "/sign-in", dict.fromkeys(_CATEGORIES, 95)),
            ("booking ", f"/b/{shop_slug()}", _BOOKING),
        ):
            runs = []
            for number in range(1 if choice.is_quick else 3):
                choice.say(f"{path}, run {number + 1}")
                runs.append(_run(script, chromium, f"{ours.origin}{path}"))
            figures |= {f"{name}{key}": figure for key, figure in _figures(runs).items()}
            goal |= {f"{name}{category}": f">= {score}" for category, score in least.items()}
    return Report(
        "lighthouse",
        figures,
        goal=goal,
        peer={"bare Reflex page, mobile: performance": 89, "best-practices": 96},
    )


def _figures(runs: list[dict[str, dict[str, dict[str, float]]]]) -> dict[str, int]:
    figures = {name: round(median(run["categories"][name]["score"] for run in runs) * 100) for name in _CATEGORIES}
    first = runs[0]["audits"]
    figures["lcp_ms"] = round(first["largest-contentful-paint"]["numericValue"])
    figures["transferred_kb"] = round(first["total-byte-weight"]["numericValue"] / 1024)
    return figures


def _installed(folder: Path, choice: Choice) -> Path:
    script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not script.exists():
        choice.say("installing Lighthouse, once")
        npm = shutil.which("npm")
        if npm is None:
            raise Failed("Lighthouse is installed with npm, which is not there.")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, f"lighthouse@{_VERSION}"],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"npm could not install Lighthouse: {done.stderr.strip()[-300:]}")
    return script


def _run(script: Path, chromium: str, url: str) -> dict[str, dict[str, dict[str, float]]]:
    node = Path(playwright.__file__).parent / "driver" / "node"
    done = subprocess.run(
        [node, script, url, "--quiet", f"--chrome-flags={_FLAGS}", "--output=json", "--output-path=stdout"],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "CHROME_PATH": chromium},
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"Lighthouse failed: {done.stderr.strip()[-300:]}")
    found: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)
    return found
