"""``seal``: how many records one process seals and opens a second, on one thread. As an operation does it: the business's key
and the customer's key are opened each time, then the record. The database is not part of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from bench.report import Choice, Report
from microcrm.adapters.sealing import KeySeal, MasterSeal
from microcrm.operations.vault.keyring import about_business_key, about_customer_key, about_record

_RECORDS = 2_000  # each of another customer
_TEXT = 600  # bytes of a record, about a hundred words
_GOAL = {"seals_per_s": ">= 10000", "opens_per_s": ">= 10000", "wrong": "<= 0"}


def measure(choice: Choice) -> Report:
    seconds = 1.0 if choice.is_quick else 5.0
    master = MasterSeal(secrets.token_urlsafe(36))
    business = master.new_key()
    sealed_business = master.seal(business, about_business_key(1, 1))
    keys = [
        KeySeal(business).seal(master.new_key(), about_customer_key(1, customer, 1)) for customer in range(_RECORDS)
    ]
    texts = [json.dumps({"note": secrets.token_hex(_TEXT // 2)}).encode() for _ in range(_RECORDS)]

    def key_of(customer: int) -> KeySeal:
        owner = master.keyed(master.open(sealed_business, about_business_key(1, 1)))
        return master.keyed(owner.open(keys[customer], about_customer_key(1, customer, 1)))

    def seal(place: int) -> bytes:
        return key_of(place).seal(texts[place], about_record(1, place, "colour", place, 1))

    sealed = [seal(place) for place in range(_RECORDS)]

    def unseal(place: int) -> bytes:
        return key_of(place).open(sealed[place], about_record(1, place, "colour", place, 1))

    choice.say(f"{seconds:.0f} s of sealing, as long of opening")
    wrong = sum(unseal(place) != texts[place] for place in range(_RECORDS))
    figures = {
        "seals_per_s": _rate(seal, seconds), "opens_per_s": _rate(unseal, seconds), "wrong": wrong,
        "bytes_of_a_record": len(texts[0]), "processes": 1, "threads": 1,
    }  # fmt: skip
    return Report("seal", figures, goal=_GOAL)


def _rate(work: Callable[[int], bytes], seconds: float) -> int:
    began = time.perf_counter()
    done = 0
    while (spent := time.perf_counter() - began) < seconds:
        for place in range(_RECORDS):
            work(place)
        done += _RECORDS
    return round(done / spent)
