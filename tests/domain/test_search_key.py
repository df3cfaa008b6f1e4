from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from microcrm.domain.search_key import LONGEST, digits_of, prefix_end, search_key, words_of


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Asha Rao", "asha rao"),
        ("  ASHA   RAO ", "asha rao"),
        ("José D'Souza", "jose d souza"),
        ("O’Brien-Smith", "o brien smith"),
        ("Ａｓｈａ", "asha"),  # full-width letters
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İpek", "ipek"),
        ("रवी", "रवी"),  # vowel signs are the word
        ("ज़ुबैर", "जुबैर"),  # with nukta as one code point …
        ("ज\u093cुबैर", "जुबैर"),  # … or two, or left out
        ("क्\u200dष", "क्ष"),
        ("ಬೆಂಗಳೂರು", "ಬೆಂಗಳೂರು"),
        ("محمّد", "محمد"),
        ("Flat 4B, 2nd", "flat 4b 2nd"),
        ("😀", ""),
        ("", ""),
    ],
)
def test_keys(name: str, key: str) -> None:
    assert search_key(name) == key


def test_vowel_signs_tell_names_apart() -> None:
    assert len({search_key(name) for name in ("रवि", "रवी", "रव", "रावी")}) == 4


def test_words_once_each() -> None:
    assert words_of("Asha Rao asha") == ("asha", "rao")
    assert words_of("") == ()


def test_digits_of_any_script() -> None:
    assert digits_of("98450-12345") == "9845012345"
    assert digits_of("९८७६") == "9876"
    assert digits_of("Asha") == ""


def test_a_prefix_finds_its_names_and_no_others() -> None:
    key, names = "as", ["as", "asha", "asz", "as\U0001f600", "at", "ar", "a"]
    found = [name for name in names if key <= name < prefix_end(key)]
    assert found == ["as", "asha", "asz", "as\U0001f600"]


@given(st.text(max_size=300))
@example("\x80\u0591")
def test_a_key_is_its_own_key(name: str) -> None:
    key = search_key(name)
    assert search_key(key) == key
    assert len(key) <= LONGEST
    assert key == " ".join(key.split())


@given(st.text(st.characters(categories=["Lu", "Ll", "Zs"], max_codepoint=0x24F), max_size=60))
def test_case_and_normal_form_do_not_matter(name: str) -> None:
    assert search_key(name.upper()) == search_key(name.lower()) or not name.isascii()
    assert search_key(unicodedata.normalize("NFD", name)) == search_key(unicodedata.normalize("NFC", name))
