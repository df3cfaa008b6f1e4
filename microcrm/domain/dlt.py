"""SMS texts registered on the operators' ledger (DLT): does what we send fit the registered text, and if not, where does it differ?

Operators drop a text that differs in one character, while the sender may still be told "sent" (india.md 3.1). So it is compared here
first, and not sent. What a value may hold and how long it may be are dated rows with their source: operators differ, and change it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from microcrm.domain.errors import MessageUnfit

TEXT_LIMIT = 1_600  # characters of a registered text
MOST_TAGS = 20
TAGS_TYPED_FROM = date(2026, 1, 14)


class Tag(StrEnum):
    VAR = "var"
    NUMERIC = "numeric"
    ALPHANUMERIC = "alphanumeric"
    URL = "url"
    URLOTT = "urlott"
    CBN = "cbn"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class TagRule:
    """``fits``: what a whole value looks like; ``words``: the same for people; ``most``: characters of one value."""

    tag: Tag
    fits: re.Pattern[str]
    words: str
    most: int
    valid_from: date
    valid_to: date | None
    citation: str

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


_DIRECTION = "TRAI direction of 18 Nov 2025 under TCCCPR 2018; "
_MSG91 = "https://msg91.com/help/dlt-registration-in-india/variable-tagging-on-dlt-sms-templates"
_OLD = "operators' rule for {#var#}; some say 40 (india.md 3.1)"
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]\S*)?")
# A day, a name or an address is registered as alphanumeric, and has commas, colons and dots in it. What looks like a link, a mail
# address or a number to call has a tag of its own and is dropped here.
_MIXED = re.compile(r"(?!.*(?:://|www\.|@|\+?\d{10}))[^{}<>|\\^~\x00-\x1f]+")
RULES: tuple[TagRule, ...] = (
    TagRule(Tag.VAR, re.compile(r"[^\x00-\x1f]+"), "anything", 30, date(2020, 1, 1), None, _OLD),
    TagRule(Tag.NUMERIC, re.compile(r"[0-9]+"), "digits only", 40, TAGS_TYPED_FROM, None, _DIRECTION + _MSG91),
    TagRule(
        Tag.ALPHANUMERIC, _MIXED, "letters and digits, no link and no phone number", 40, TAGS_TYPED_FROM, None,
        _DIRECTION + _MSG91 + " (which says no special characters; days, names and addresses are registered so all the same)",
    ),
    TagRule(Tag.URL, _ADDRESS, "a web address", 255, TAGS_TYPED_FROM, None, _DIRECTION + _MSG91),
    TagRule(Tag.URLOTT, _ADDRESS, "the address of an app", 255, TAGS_TYPED_FROM, None, _DIRECTION + _MSG91),
    TagRule(Tag.CBN, re.compile(r"\+?[0-9][0-9 -]{2,18}"), "a phone number", 20, TAGS_TYPED_FROM, None, _DIRECTION + _MSG91),
    TagRule(
        Tag.EMAIL, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "an e-mail address", 254, TAGS_TYPED_FROM, None,
        _DIRECTION + _MSG91,
    ),
)  # fmt: skip
_TAG = re.compile(r"\{#\s*([a-z]+)\s*#\}", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"[0-9]{10,25}")
_HEAD = re.compile(r"\{#|#\}")


class Part(NamedTuple):
    """Fixed text, or the place of one value."""

    text: str
    tag: Tag | None = None


def rule_of(tag: Tag, day: date) -> TagRule:
    """The rule on that day; before typed tags began, theirs as it began."""
    rows = [row for row in RULES if row.tag is tag]
    return next((row for row in rows if row.is_in_force(day)), rows[0])


def parts_of(registered: str) -> tuple[Part, ...]:
    """``MessageUnfit`` for a tag that there is not, a piece of one, or far too many."""
    parts: list[Part] = []
    end = 0
    for found in _TAG.finditer(registered):
        name = found[1].lower()
        if name == "number":  # what SmartPing calls it
            name = Tag.NUMERIC.value
        if name not in {tag.value for tag in Tag}:
            raise MessageUnfit(f"{{#{name}#}} is not a DLT tag. Copy the text from the DLT portal.")
        parts += [Part(registered[end : found.start()]), Part(found[0], Tag(name))]
        end = found.end()
    parts.append(Part(registered[end:]))
    if any(part.tag is None and _HEAD.search(part.text) for part in parts):
        raise MessageUnfit("A DLT tag is not complete. It looks like {#numeric#}.")
    if sum(part.tag is not None for part in parts) > MOST_TAGS:
        raise MessageUnfit(f"At most {MOST_TAGS} tags.")
    return tuple(part for part in parts if part.text)


def registered_problems(registered: str, day: date) -> list[str]:
    """What is wrong with a text that somebody copied from the portal, in words. ``day``: of its registration."""
    if len(registered) > TEXT_LIMIT:
        return [f"At most {TEXT_LIMIT:,} characters."]
    try:
        parts = parts_of(registered)
    except MessageUnfit as unfit:
        return [unfit.message]
    if day >= TAGS_TYPED_FROM and any(part.tag is Tag.VAR for part in parts):
        return [
            "Since 14 Jan 2026 new texts are registered with typed tags such as {#numeric#}, no longer with {#var#}."
        ]
    return []


def is_template_id(raw: str) -> bool:
    """Digits only; portals give 19 of them, older ones differ (india.md 5)."""
    return _ID.fullmatch(raw) is not None


def difference(text: str, registered: str, day: date) -> str:
    """ "" when the text fits on that day; else what is wrong, in one sentence."""
    parts = parts_of(registered)
    if _fits(text, parts, day):
        return ""
    values = _loose_values(text, parts)
    if values is None:
        return _where(text, parts)
    for part, value in values:
        rule = rule_of(part, day)
        if rule.fits.fullmatch(value) is None:
            return f"For {{#{part.value}#}} only {rule.words} may stand, but it holds “{value}”."
        if len(value) > rule.most:
            return f"“{value}” has {len(value)} characters; {{#{part.value}#}} takes at most {rule.most}."
    return _where(text, parts)


def check_registered(text: str, registered: str, day: date) -> None:
    """``MessageUnfit`` when the operator would drop it."""
    if said := difference(text, registered, day):
        raise MessageUnfit(f"This is not the text that is registered on DLT. {said}")


def _fits(text: str, parts: tuple[Part, ...], day: date) -> bool:
    """Walks all ways of cutting the text at once: the places that can be reached after each part. So a hostile text costs no more
    than its length times the tags."""
    reached = {0}
    for place, part in enumerate(parts):
        if part.tag is None:
            reached = {at + len(part.text) for at in reached if text.startswith(part.text, at)}
        else:
            rule = rule_of(part.tag, day)
            after = parts[place + 1] if place + 1 < len(parts) else None
            reached = {
                end for at in reached for end in _ends(text, at, rule.most, after) if rule.fits.fullmatch(text, at, end)
            }
        if not reached:
            return False
    return len(text) in reached


def _ends(text: str, at: int, most: int, after: Part | None) -> Iterator[int]:
    """Where a value that begins at ``at`` may end: before the fixed text that follows."""
    last = min(at + most, len(text))
    if after is None:
        yield from (len(text),) if at < len(text) <= last else ()
    elif after.tag is None:
        end = text.find(after.text, at + 1, last + len(after.text))
        while end >= 0:
            yield end
            end = text.find(after.text, end + 1, last + len(after.text))
    else:
        yield from range(at + 1, last + 1)


def _loose_values(text: str, parts: tuple[Part, ...]) -> list[tuple[Tag, str]] | None:
    """What would stand at each tag if lengths and kinds did not matter; nothing when the fixed text differs. Each value ends
    where the next fixed text first comes."""
    values: list[tuple[Tag, str]] = []
    at = 0
    waiting: list[Tag] = []
    for part in (*parts, None):
        if part is not None and part.tag is not None:
            waiting.append(part.tag)
            continue
        if part is None:
            start = end = len(text)
        else:
            start = (
                text.find(part.text, at + len(waiting)) if waiting else (at if text.startswith(part.text, at) else -1)
            )
            end = start + len(part.text)
        if start < at + len(waiting) or (not waiting and start != at):
            return None
        # Of several tags side by side, all but the last hold one character: nobody can tell where one ends.
        values += [(tag, text[at + i : at + i + 1]) for i, tag in enumerate(waiting[:-1])]
        if waiting:
            values.append((waiting[-1], text[at + len(waiting) - 1 : start]))
        at, waiting = end, []
    return values


def _where(text: str, parts: tuple[Part, ...]) -> str:
    """The first fixed text that does not come, and after what it was looked for."""
    at = 0
    for place, part in enumerate(parts):
        if part.tag is not None:
            continue
        before = parts[place - 1].tag is not None if place else False
        found = text.find(part.text, at) if before else (at if text.startswith(part.text, at) else -1)
        if found < 0:
            return (
                f"“{_short(part.text)}” is expected after “{_short(text[:at][-24:])}”."
                if at
                else (f"It has to begin with “{_short(part.text)}”.")
            )
        at = found + len(part.text)
    return f"It has to end after “{_short(text[:at][-24:])}”."


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
