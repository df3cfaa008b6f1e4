from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.found_by import NONE, keys_for, sought, tag_key
from microcrm.domain.name_sound import romanised, sound_of
from microcrm.domain.search_key import search_key
from microcrm.domain.spelling import is_forgivable, is_near, spellings_of

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12)


@pytest.mark.parametrize(
    "alike",
    [
        "lakshmi laxmi lakshmee laksmi",
        "shrinivas srinivas sreenivas shreenivaas",
        "gowda gauda",
        "chaudhary choudhary chaudhari",
        "reddy reddi",
        "zubair jubair",
        "priya pria priyaa",
        "kamla kamala",
        "sujata sujatha",
        "dnyaneshwar gyaneshwar jnaneshwar",
        "singh sinh sing",
        "agarwal agrawal aggarwal",
        "pooja puja",
        "vishwanath viswanath",
        "philip filip",
        "sampath sanpat",
    ],
)
def test_one_name_has_one_sound(alike: str) -> None:
    assert len({sound_of(word) for word in alike.split()}) == 1


@pytest.mark.parametrize(
    "apart", ["priya priti", "asha usha", "ram rama", "suma sima", "mehta mehra", "nair naik", "rao ravi"]
)
def test_other_names_sound_otherwise(apart: str) -> None:
    assert len({sound_of(word) for word in apart.split()}) == 2


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("सुमा", "suma"), ("रमेश", "ramesha"), ("लक्ष्मी", "lakshmi"), ("शंकर", "shankara"), ("संपत", "sampata"),
        ("ज्ञान", "jnyana"), ("ಸುಮಾ", "suma"), ("ಗೌಡ", "gauda"), ("ರಮೇಶ್", "ramesh"), ("ரமேஷ்", "ramesh"), ("রমেশ", "ramesha"),
        ("ਸਿੰਘ", "singha"), ("ગીતા", "gita"), ("അമ്മ", "amma"), ("കൃഷ്ണൻ", "krishnan"), ("రావు", "ravu"), ("ସୀତା", "sita"),
        ("asha", ""), ("محمد", ""), ("आasha", ""), ("", ""), ("२", ""),
    ],
)  # fmt: skip
def test_the_scripts_of_india_in_latin_letters(name: str, latin: str) -> None:
    assert romanised(search_key(name)) == latin


def test_a_beginning_does_not_know_its_last_vowel() -> None:
    assert romanised("गौड", is_beginning=True) == "gaud"
    assert romanised("सुमा", is_beginning=True) == "suma"


@given(st.text(max_size=40))
def test_any_text_has_keys_that_the_index_can_hold(name: str) -> None:
    for key in keys_for(name, [name]):
        assert key.word and len(key.word) < 1_000 and len(key.sound) < 1_000
    assert all(one.as_typed != NONE for one in sought(name))


def test_a_customer_is_found_by_words_scripts_and_tags() -> None:
    keys = {key.word: key.sound for key in keys_for("ಸುಮಾ Rao", ["New bride", "", "🙂", "VIP"])}
    assert keys == {
        "ಸುಮಾ": "suma", "suma": "suma", "rao": "ro", "#new bride": "", "~new": "", "~bride": "", "#vip": "", "~vip": "",
    }  # fmt: skip
    assert tag_key("  new   BRIDE ") == "#new bride"
    assert tag_key("🙂") == ""


def test_the_longest_word_leads() -> None:
    assert [one.as_typed.first for one in sought("d sharma rao d")] == ["sharma", "rao", "d"]
    assert len(sought(" ".join("abcdefghijkl"))) == 6


@given(LETTERS, st.data())
def test_one_mistake_anywhere_is_near(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    other = data.draw(st.sampled_from("abcxyz"))
    left_out = word[:place] + word[place + 1 :]
    wrong = word[:place] + other + word[place + 1 :]
    too_many = word[:place] + other + word[place:]
    turned = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    for typed in (word, left_out, wrong, too_many, turned):
        assert is_near(typed, word)
        assert is_near(typed, word + "tail")
        assert set(spellings_of(typed)) & set(spellings_of(word)), "the index finds it"


@pytest.mark.parametrize(
    ("typed", "word"),
    [("prixx", "priya"), ("anjlai x", "anjali"), ("sharma", "verma"), ("abcd", "badc"), ("priyaxx", "priya")],
)
def test_two_mistakes_are_not(typed: str, word: str) -> None:
    assert not is_near(typed, word)


def test_short_and_strange_words_are_not_forgiven() -> None:
    assert [is_forgivable(word) for word in ("ria", "riya", "r1ya", "सुमारा", "a" * 21)] == [
        False,
        True,
        False,
        False,
        False,
    ]
