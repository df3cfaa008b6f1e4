"""The look: one set of tokens, readable in both themes, and nothing that drags a second design system or eval in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from microcrm.components.buttons import post_form
from microcrm.microcrm import STYLESHEETS
from tests.support.sources import sources

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "assets" / "styles"
TOKENS = (STYLES / "tokens.css").read_text()
HUES = ("teal", "indigo", "amber", "rose", "sky", "lime", "violet", "orange", "emerald", "slate")
TEXT, SHAPE = 4.5, 3.0  # WCAG AA

# foreground, background, least contrast
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("text", "text-2", "text-3") for ground in ("bg", "surface", "surface-2")],
    ("primary", "bg", TEXT),
    ("primary", "surface", TEXT),
    ("on-primary", "primary", TEXT),
    ("on-primary", "primary-hover", TEXT),
    ("primary-ink", "primary-soft", TEXT),
    ("primary-ink", "surface", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "bg", TEXT),
    ("on-danger", "danger", TEXT),
    *[(f"{tone}-ink", f"{tone}-soft", TEXT) for tone in ("danger", "warn", "ok", "info", "neutral")],
    ("on-whatsapp", "whatsapp", TEXT),
    ("border-strong", "surface", SHAPE),
    ("border-strong", "bg", SHAPE),
    ("focus", "bg", SHAPE),
    ("focus", "surface", SHAPE),
]
# Reflex components that bring Radix Themes, and helpers that run through eval.
THEMED = frozenset({
    "alert_dialog", "avatar", "badge", "box", "button", "callout", "card", "center", "checkbox", "container", "dialog",
    "dropdown_menu", "flex", "grid", "heading", "hover_card", "hstack", "icon_button", "input", "link", "popover",
    "radio_group", "scroll_area", "section", "select", "separator", "skeleton", "slider", "spacer", "spinner", "stack",
    "switch", "table", "tabs", "text", "text_area", "theme", "tooltip", "vstack",
})  # fmt: skip
EVAL = frozenset({"toast", "call_script", "call_function", "run_script", "set_clipboard", "window_alert"})


def block(selector: str) -> dict[str, str]:
    """The custom properties that the rules of this very selector set."""
    found: dict[str, str] = {}
    for body in re.findall(rf"^{re.escape(selector)}\s*\{{([^}}]*)\}}", TOKENS, re.MULTILINE):
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", body))
    return found


def themes() -> dict[str, dict[str, str]]:
    return {"light": block(":root"), "dark": {**block(":root"), **block(".dark")}}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#25d366") < TEXT  # WhatsApp's green under white, the trap to avoid


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_tokens_are_readable(theme: str, ink: str, ground: str, least: float) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[ink], tokens[ground]) >= least


@pytest.mark.parametrize("hue", HUES)
@pytest.mark.parametrize("prefix", ["", ".dark "])
def test_hues_are_readable(prefix: str, hue: str) -> None:
    tokens = block(f"{prefix}.hue-{hue}")
    assert contrast(tokens["ink"], tokens["fill"]) >= TEXT
    assert contrast(tokens["bar"], tokens["fill"]) >= SHAPE


def test_colours_are_written_in_tokens_only() -> None:
    literal = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(")
    strays = [
        f"{path.name}: {line.strip()[:80]}"
        for path in STYLES.glob("*.css")
        if path.name != "tokens.css"
        for line in path.read_text().splitlines()
        if literal.search(line)
    ]
    assert strays == []


def test_every_variable_that_is_used_is_set() -> None:
    styles = "".join(path.read_text() for path in STYLES.glob("*.css"))
    used = set(re.findall(r"var\(--([\w-]+)\)", styles))
    set_here = set(re.findall(r"--([\w-]+):", styles))
    theirs = {name for name in used if name.startswith("ec-")}  # set by EventCalendar
    assert used - set_here - theirs == set()


def test_a_class_is_laid_out_in_one_stylesheet() -> None:
    """Of two stylesheets that give the same class its layout, the later one wins on every screen."""
    homes: dict[str, set[str]] = {}
    for name in STYLESHEETS:
        rules = (ROOT / "assets" / name).read_text()
        for selector, body in re.findall(r"^(\.[\w-]+) \{([^}]*)\}", rules, re.MULTILINE):
            if "display:" in body and "!important" not in body:
                homes.setdefault(selector, set()).add(name)
    assert {".filters", ".filter-panel"} <= set(homes)
    assert {selector: names for selector, names in homes.items() if len(names) > 1} == {}


def reflex_names(tree: ast.Module) -> Iterator[str]:
    """``x`` of every ``rx.x``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rx":
            yield node.attr


def test_no_radix_themes() -> None:
    strays = [
        f"{one.name}: rx.{name}" for one in sources("microcrm") for name in reflex_names(one.tree) if name in THEMED
    ]
    assert strays == []
    assert not any("reflex_components_radix.themes" in one.text for one in sources("microcrm"))


def test_nothing_runs_through_eval() -> None:
    """The content security policy has no 'unsafe-eval', so these would silently do nothing."""
    strays = [
        f"{one.name}: rx.{name}" for one in sources("microcrm") for name in reflex_names(one.tree) if name in EVAL
    ]
    assert strays == []


def test_scripts_make_no_markup_of_text() -> None:
    """Names come from customers: our scripts write text nodes only."""
    strays = [
        path.name
        for path in (ROOT / "microcrm" / "components").rglob("*.js*")
        if re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write", path.read_text()
        )
    ]
    assert strays == []


def test_forms_that_the_browser_sends_are_post_forms() -> None:
    """``rx.el.form`` without ``on_submit`` stops its own submission: its button would do nothing at all."""
    forms = [
        (one.name, {word.arg for word in node.keywords})
        for one in sources("microcrm")
        for name, node in one.calls()
        if name == "rx.el.form"
    ]
    assert forms
    assert [name for name, words in forms if "on_submit" not in words] == []
    assert "onSubmit" not in str(post_form(to="/sign-out").render())
