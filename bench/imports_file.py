"""A list of customers as it comes, and what has to be said of each of its rows: the same for the same number.

Of a hundred rows three cannot be customers (no name, no phone, no e-mail address where there should be one), two are people who
stand in the list already, written otherwise; one in ten has an allergy,
one in five an amount that becomes a note. Names in Latin letters and Devanagari, UTF-8 with its mark.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random

from bench.dataset import SEED, people_names

_HEADINGS = ("Name", "Mobile", "E-mail", "Date of birth", "Address", "City", "Tags", "Notes", "Total spent", "Allergy")
_DEVANAGARI = ("सुमा राव", "लक्ष्मी अय्यर", "रवि कुमार", "आशा देशमुख", "प्रिया नायर", "अनिल जोशी")
_SUBSTANCES = ("PPD in hair colour", "Latex", "Penicillin", "Nickel")


@dataclass(frozen=True, slots=True)
class MadeList:
    """``verdicts``: a letter for each row below the headings. ``first`` and ``last``: names of customers who are in it."""

    data: bytes
    verdicts: str
    allergies: int


def make_list(rows: int) -> MadeList:
    rng, names = Random(SEED), people_names()
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEADINGS)
    verdicts, good, allergies = [], [], 0
    for number in range(rows):
        kind = number % 100
        name = _DEVANAGARI[number % 6] if kind % 20 == 7 else names[int(rng.random() * len(names))]
        phone, email = f"{9_000_000_000 + number}", f"customer{number}@mail{number % 40}.example"
        born, spent = (
            f"{1 + number % 28:02d}/{1 + number % 12:02d}/{1950 + number % 55}",
            f"{number % 9 + 1},{number % 90 + 10:02d},{number % 1000:03d}.50",
        )
        row = [name, _written(phone, number), email, born, f"{number % 400 + 1} MG Road", "Bengaluru",
               ("VIP, Regular", "Regular", "")[number % 3],               "", spent if number % 5 == 0 else "", ""]  # fmt: skip
        letter = "n"
        if kind in (31, 61, 91):
            place, wrong = ((0, ""), (1, "98450 123"), (2, "not at all"))[kind // 30 - 1]
            row[place], letter = wrong, "r"
        elif kind in (45, 95) and good:
            name, phone = good[int(rng.random() * len(good))]
            row[0], row[1], row[2], letter = name.upper(), f"+91-{phone[:5]}-{phone[5:]}", "", "d"
        else:
            good.append((name, phone))
            if number % 10 == 3:
                row[-1] = _SUBSTANCES[number % 4]
                allergies += 1
        writer.writerow(row)
        verdicts.append(letter)
    return MadeList(out.getvalue().encode("utf-8-sig"), "".join(verdicts), allergies)


def _written(phone: str, number: int) -> str:
    ways = (phone, f"{phone[:5]} {phone[5:]}", f"+91 {phone}", f"0{phone}", f"{phone}.0")
    return ways[number % len(ways)]
