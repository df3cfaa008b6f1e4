from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.slug import LONGEST, RESERVED, parse_slug, slug_of, slugs_like


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Glow & Go Salon", "glow-and-go-salon"),
        ("Rao's Dental Clinic, Pune", "raos-dental-clinic-pune"),
        ("Café Ñandú", "cafe-nandu"),
        ("ग्लो सैलून", "glo-sailun"),
        ("ಬೆಂಗಳೂರು", "bemgluru"),
        ("A", "shop-a"),
        ("Admin", "shop-admin"),
        ("★", "my-shop"),
        ("", "my-shop"),
        ("../../etc/passwd", "etc-passwd"),
        ("The longest name that a salon in town ever had", "the-longest-name-that-a-salon-in-town"),
    ],
)
def test_slugs_of_names(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(max_size=120))
def test_every_name_gives_a_slug_that_would_be_accepted(name: str) -> None:
    slug = slug_of(name)
    assert parse_slug(slug) == slug
    for other in islice(slugs_like(slug), 30):
        assert parse_slug(other) == other


def test_other_slugs_when_it_is_taken() -> None:
    assert list(islice(slugs_like("glow"), 3)) == ["glow", "glow-2", "glow-3"]
    assert len(set(islice(slugs_like("x" * LONGEST), 200))) == 200


@pytest.mark.parametrize("raw", ["glow-salon", " Glow-Salon ", "abc", "a1b", "7-up", "x" * 40])
def test_good_slugs(raw: str) -> None:
    assert parse_slug(raw) == raw.strip().lower()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "ab",
        "x" * 41,
        "-glow",
        "glow-",
        "glow--salon",
        "glow salon",
        "glow_salon",
        "glow/x",
        "ग्लो",
        "a.b",
        "a\nb",
        5,
        None,
        ["glow"],
    ],
    ids=lambda raw: repr(raw)[:16],
)
def test_bad_slugs(raw: Any) -> None:
    with pytest.raises(Invalid, match="small letters and digits"):
        parse_slug(raw)


@pytest.mark.parametrize("word", ["admin", "api", "sign-in", "book", "microcrm"])
def test_words_of_our_own_pages(word: str) -> None:
    assert word in RESERVED
    with pytest.raises(Invalid, match="kept for our own pages"):
        parse_slug(word.upper())
