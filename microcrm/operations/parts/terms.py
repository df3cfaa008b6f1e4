"""Who does what, at which price and pace: the lines "does it, own price, own minutes" of two forms."""

from __future__ import annotations

from typing import Any

from microcrm.domain.fields import Reader
from microcrm.domain.money import parse_rupees

DEAREST = 10_00_000_00  # paise: ten lakh rupees for one service
Terms = tuple[int, int | None, int | None]  # id, own price in paise, own minutes; None: as usual


def read_price(fields: Reader, name: str, raw: Any, *, is_needed: bool = False) -> int | None:
    unread: int | None = 0
    paise = fields.by(name, parse_rupees, raw, label="Price", most=DEAREST, instead=unread)
    if paise is None and is_needed:
        fields.refuse(name, "Price is needed. Type 0 for a free service.")
    return paise


def read_terms(fields: Reader, name: str, raw: Any, *, most: int) -> list[Terms] | None:
    """Each id once. Errors are named ``price_<id>`` and ``minutes_<id>``; nothing given at all is ``None``."""
    if raw is None:
        return None
    lines: list[Any] = list(raw) if isinstance(raw, list | tuple) else [raw]
    if len(lines) > most or not all(isinstance(line, list | tuple) and len(line) == 3 for line in lines):
        fields.refuse(name, "Choose from the list.")
        return []
    read: dict[int, Terms] = {}
    for raw_id, price, minutes in lines:
        own_id = fields.id(name, raw_id, "Line")
        own_minutes = fields.optional_number(f"minutes_{own_id}", minutes, "Minutes", low=5, high=720)
        read[own_id] = (own_id, read_price(fields, f"price_{own_id}", price), own_minutes)
    return list(read.values())
