"""What our mails say: one template each, as the paragraphs of a letter, rendered to text and to HTML.

A template file begins with the subject on a line of its own, then the body. ``button(label)`` in it is the link that
``path`` leads to, ``link(words, path)`` one inside the text. Values are only ever text: HTML is escaped, and no value can
add a line to a header.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from microcrm.domain.formatting import format_time, format_weekday

_FOLDER = Path(__file__).parent / "mail_templates"
_ZONE = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def render(template: str, data: dict[str, Any], base_url: str) -> Letter:
    """Raises: jinja2.TemplateNotFound, jinja2.UndefinedError: a mistake of ours, never of the data."""
    values = {key: _line(value) for key, value in data.items()}
    if "at" in values:
        at = datetime.fromisoformat(str(values["at"])).astimezone(_ZONE)
        values["at"] = f"{format_weekday(at.date())}, {format_time(at, _ZONE)} (India)"
    link = f"{base_url}{values.get('path', '')}"
    source = f"{template}.txt"
    plain = (
        _environment(False)
        .get_template(source)
        .render(
            **values, button=lambda label: f"{label}:\n{link}", link=lambda words, path: f"{words}\n{base_url}{path}"
        )
    )
    rich = (
        _environment(True)
        .get_template(source)
        .render(
            **values,
            button=lambda label: _button(label, link),
            link=lambda words, path: _link(words, f"{base_url}{path}"),
        )
    )
    subject, _, text = plain.partition("\n")
    paragraphs = [_paragraph(part) for part in rich.partition("\n")[2].strip().split("\n\n") if part.strip()]
    html = _environment(True).get_template("frame.html").render(
        subject=subject, paragraphs=paragraphs, base_url=base_url
    )  # fmt: skip
    signature = f"\n\nMicroCRM\n{base_url}\n"
    return Letter(subject.strip(), text.strip() + signature, html)


@cache
def _environment(is_html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=is_html,  # noqa: S701 - off for plain text only
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def _line(value: Any) -> Any:
    if isinstance(value, list):
        return [{name: _line(one) for name, one in row.items()} for row in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _link(words: str, address: str) -> Markup:
    return Markup('<a href="{}" style="color:#0f766e">{}</a>').format(address, words)


def _button(label: str, link: str) -> Markup:
    style = (
        "display:inline-block;padding:12px 22px;border-radius:8px;background:#0f766e;color:#ffffff;"
        "font-weight:600;text-decoration:none"
    )
    return Markup('<a href="{}" style="{}">{}</a>').format(link, style, label)


def _paragraph(part: str) -> Markup:
    """Already escaped by the environment."""
    return Markup("<br>").join(Markup(line) for line in part.splitlines())  # noqa: S704
