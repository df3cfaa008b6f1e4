"""The columns of many rows as one text each: the driver takes longer to write an array than PostgreSQL to store it."""

from __future__ import annotations

from collections.abc import Iterable

BETWEEN, NONE, WITHIN = "\x1f", "\x1e", "\x1d"  # nobody can type these three


def as_text(column: str) -> str:
    """A column of numbers as one text, for ``numbers_in``."""
    return f"coalesce(string_agg(CAST({column} AS text), E'\\x1f'), '')"


def array(name: str, kind: str = "bigint") -> str:
    """What ``sent`` or ``numbers`` made, in SQL."""
    return f"CAST(string_to_array(:{name}, E'\\x1f', E'\\x1e') AS {kind}[])"


def unnested(**kinds: str) -> str:
    """What ``sent`` made, as the rows of ``u``; the first column is never NULL in a row that is one."""
    arrays = ", ".join(array(name, kind) for name, kind in kinds.items())
    return f"unnest({arrays}) AS u({', '.join(kinds)}) WHERE u.{next(iter(kinds))} IS NOT NULL"


def sent(values: Iterable[str]) -> str:
    """With one more at the end, since an array of one empty text would come as one of none."""
    return BETWEEN.join((*values, ""))


def numbers(values: Iterable[int]) -> str:
    return BETWEEN.join(map(str, values))


def numbers_in(text: str) -> list[int]:
    return [int(one) for one in text.split(BETWEEN)] if text else []
