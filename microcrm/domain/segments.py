"""Groups of customers by rules, such as "not seen for 60 days and not booked". Rules are data: kept as JSON, read back with
every mistake refused, and said in words. What they mean in SQL is in ``operations/segment_rules.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader, parse_text
from microcrm.domain.formatting import format_count
from microcrm.domain.money import format_rupees_whole, parse_rupees, rupees_for_input

NAME_LIMIT = 40
MOST_DAYS = 3_650
MOST_VISITS = 1_000
TAG_LIMIT, MOST_TAGS = 30, 10
THIS_MONTH = 0  # as a birthday's month, or as the days since somebody was added


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them must hold; ``None``, empty and false say nothing. ``not_seen_days``: came once, and not in these days.
    ``first_visit_days``, ``added_days``: within these days."""

    not_seen_days: int | None = None
    is_not_booked: bool = False
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    spent_paise: int | None = None
    is_owing: bool = False
    birthday_month: int | None = None
    first_visit_days: int | None = None
    added_days: int | None = None
    least_visits: int | None = None

    @property
    def is_empty(self) -> bool:
        return self == Rules()

    @property
    def is_about_money(self) -> bool:
        """For those who may see bills only."""
        return self.is_owing or self.spent_paise is not None


# Those that every shop has, by the word in the address.
READY: Mapping[str, tuple[str, Rules]] = MappingProxyType(
    {
        "new": ("New this month", Rules(added_days=THIS_MONTH)),
        "lapsed": ("Not seen for 60 days", Rules(not_seen_days=60, is_not_booked=True)),
        "birthday": ("Birthdays this month", Rules(birthday_month=THIS_MONTH)),
        "owing": ("Owing money", Rules(is_owing=True)),
    }
)


def read_rules(form: Mapping[str, Any]) -> Rules:
    """From the fields of the form, as typed. ``Invalid`` names each field that is wrong, or "form" when no rule is set."""
    reader = Reader()
    days = {"low": 1, "high": MOST_DAYS}
    added = form.get("added_days")
    month = reader.optional_number("birthday_month", form.get("birthday_month"), "The month", low=THIS_MONTH, high=12)
    rules = Rules(
        not_seen_days=reader.optional_number("not_seen_days", form.get("not_seen_days"), "The number of days", **days),
        is_not_booked=reader.flag("is_not_booked", form.get("is_not_booked"), "Not booked"),
        tags_any=reader.by("tags_any", _tags, form.get("tags_any"), instead=()),
        tags_all=reader.by("tags_all", _tags, form.get("tags_all"), instead=()),
        tags_none=reader.by("tags_none", _tags, form.get("tags_none"), instead=()),
        spent_paise=reader.by("spent_paise", parse_rupees, form.get("spent_paise"), label="The amount", instead=None),
        is_owing=reader.flag("is_owing", form.get("is_owing"), "Owing money"),
        birthday_month=month,
        first_visit_days=reader.optional_number(
            "first_visit_days", form.get("first_visit_days"), "The number of days", **days
        ),
        added_days=reader.optional_number("added_days", added, "The number of days", low=THIS_MONTH, high=MOST_DAYS),
        least_visits=reader.optional_number(
            "least_visits", form.get("least_visits"), "The number of visits", low=1, high=MOST_VISITS
        ),
    )
    if rules.is_empty and not reader.errors:
        reader.refuse("form", "Choose at least one rule.")
    reader.done()
    return rules


def as_json(rules: Rules) -> dict[str, Any]:
    """Only what says something."""
    nothing = asdict(Rules())
    said = {name: value for name, value in asdict(rules).items() if value != nothing[name]}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def from_json(kept: Any) -> Rules:
    """``Invalid`` for anything that `as_json` would not have written."""
    known = {field.name for field in fields(Rules)}
    if not isinstance(kept, Mapping) or not kept.keys() <= known:
        raise Invalid("These rules cannot be read.")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    try:
        rules = Rules(**values)
        typed = dict(values) | {name: ",".join(getattr(rules, name)) for name in ("tags_any", "tags_all", "tags_none")}
        is_right = read_rules(typed | {"spent_paise": rupees_for_input(rules.spent_paise)}) == rules
    except (TypeError, ValueError):
        is_right = False
    if not is_right:
        raise Invalid("These rules cannot be read.")
    return rules


def rules_words(rules: Rules) -> str:
    """Like "Not seen for 60 days, not booked, tagged VIP or Bridal"."""
    said = []
    if rules.not_seen_days is not None:
        said.append(f"not seen for {format_count(rules.not_seen_days, 'day')}")
    if rules.is_not_booked:
        said.append("not booked")
    if rules.first_visit_days is not None:
        said.append(f"first visit in the last {format_count(rules.first_visit_days, 'day')}")
    if rules.added_days is not None:
        said.append(
            f"added in the last {format_count(rules.added_days, 'day')}" if rules.added_days else "added this month"
        )
    if rules.least_visits is not None:
        said.append(f"{format_count(rules.least_visits, 'visit')} or more")
    if rules.birthday_month is not None:
        said.append(
            f"birthday in {MONTHS[rules.birthday_month - 1]}" if rules.birthday_month else "birthday this month"
        )
    if rules.spent_paise is not None:
        said.append(f"billed {format_rupees_whole(rules.spent_paise)} or more")
    if rules.is_owing:
        said.append("owing money")
    for before, tags, between in (
        ("tagged", rules.tags_any, " or "),
        ("tagged", rules.tags_all, " and "),
        ("not tagged", rules.tags_none, " or "),
    ):
        if tags:
            said.append(f"{before} {between.join(tags)}")
    words = ", ".join(said)
    return words[:1].upper() + words[1:]


def _tags(raw: Any) -> tuple[str, ...]:
    """Words with commas between, each once whatever its capitals."""
    text = parse_text(raw, "The tags", limit=MOST_TAGS * (TAG_LIMIT + 2))
    tags = [parse_text(word, "A tag", limit=TAG_LIMIT) for word in text.split(",")]
    kept = tuple({tag.casefold(): tag for tag in reversed(tags) if tag}.values())[::-1]
    if len(kept) > MOST_TAGS:
        raise Invalid(f"Give at most {MOST_TAGS} tags.")
    return kept
