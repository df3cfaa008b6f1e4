"""What lies in a cash drawer: notes and coins, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader

# Rupees. Notes of 2,000 were withdrawn in 2023 and are no longer handed over shop counters.
DENOMINATIONS = (500, 200, 100, 50, 20, 10, 5, 2, 1)
MOST_OF_ONE = 100_000


def read_counts(reader: Reader, raw: Any) -> dict[int, int]:
    """Rupees to how many of them; those left empty are none. Errors are named ``count_500`` and so on."""
    if not isinstance(raw, Mapping):
        reader.refuse("counts", "Count the notes and coins.")
        return {}
    return {
        rupees: reader.whole_number(
            f"count_{rupees}", raw.get(str(rupees)), f"Number of ₹{rupees}", low=0, high=MOST_OF_ONE, default=0
        )
        for rupees in DENOMINATIONS
    }


def worth(counts: Mapping[int, int]) -> int:
    """Paise."""
    return sum(100 * rupees * many for rupees, many in counts.items())


def counted_so_far(raw: Any) -> int:
    """The same while somebody types; what is no number yet counts nothing."""
    reader = Reader()
    try:
        counts = read_counts(reader, raw)
    except Invalid:
        return 0
    return worth({rupees: many for rupees, many in counts.items() if f"count_{rupees}" not in reader.errors})
