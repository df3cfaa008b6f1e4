"""Photos are painted anew: the right way up, at most so large, in sRGB, with nothing else in the file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from microcrm.adapters.photos import prepare
from microcrm.domain.person_files import JPEG, LONGEST_SIDE, PDF, THUMB_SIDE, BadPersonFile, PersonFileFault
from tests.support.pictures import HEIC, PAPER, PLANTED, encoded, from_telephone, photo, png_bomb, png_with_text


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def is_red(colour: object) -> bool:
    red, green, blue = colour  # type: ignore[misc]
    return bool(red > 200 and green < 80 and blue < 80)


def test_nothing_of_the_camera_stays() -> None:
    sent = from_telephone()
    assert PLANTED in sent and b"ICC_PROFILE" in sent and b"xmpmeta" in sent
    kept = prepare(sent)
    for data in (kept.data, kept.thumb):
        assert PLANTED not in data
        picture = opened(data)
        assert not picture.getexif() and "icc_profile" not in picture.info and "comment" not in picture.info
        for mark in (b"Exif", b"ICC_PROFILE", b"xmpmeta", b"http://ns.adobe.com", b"Photoshop"):
            assert mark not in data


def test_it_stands_the_right_way_up() -> None:
    """Orientation 6: the camera lay on its side, and what it called left is up."""
    kept = prepare(from_telephone(6))
    assert (kept.width, kept.height) == (80, 120) == opened(kept.data).size
    picture = opened(kept.data).convert("RGB")
    assert is_red(picture.getpixel((40, 10))) and not is_red(picture.getpixel((40, 110)))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "P"), ("PNG", "1"), ("PNG", "LA"), ("PNG", "I;16"),
     ("WEBP", "RGB"), ("WEBP", "RGBA")],
)  # fmt: skip
def test_each_kind_becomes_a_jpeg_with_a_small_one(kind: str, mode: str) -> None:
    kept = prepare(encoded(Image.new("L", (90, 60), 255).convert(mode), kind))
    assert kept.media_type == JPEG and kept.size == len(kept.data) + len(kept.thumb)
    assert (opened(kept.data).format, opened(kept.data).mode, opened(kept.data).size) == ("JPEG", "RGB", (90, 60))


def test_what_can_be_seen_through_becomes_white() -> None:
    kept = prepare(png_with_text())
    assert PLANTED not in kept.data
    assert opened(kept.data).getpixel((30, 30)) == (255, 255, 255)


def test_large_ones_are_kept_smaller() -> None:
    kept = prepare(photo((4000, 1000)))
    assert (kept.width, kept.height) == (LONGEST_SIDE, LONGEST_SIDE // 4)
    assert max(opened(kept.thumb).size) == THUMB_SIDE


def test_several_pictures_in_one_file_are_its_first() -> None:
    first, second = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")
    for kind in ("WEBP", "PNG", "MPO"):
        data = encoded(first, kind, save_all=True, append_images=[second])
        assert is_red(opened(prepare(data).data).getpixel((32, 32)))


def test_a_paper_stays_as_it_is() -> None:
    kept = prepare(PAPER)
    assert (kept.media_type, kept.data, kept.thumb, kept.width, kept.height) == (PDF, PAPER, b"", 0, 0)


def test_a_profile_that_makes_no_sense_is_left_out() -> None:
    data = encoded(Image.new("RGB", (64, 64), "red"), icc_profile=b"no profile at all")
    assert is_red(opened(prepare(data).data).getpixel((32, 32)))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (png_bomb(), PersonFileFault.PIXELS),
        (png_bomb(6_000, 6_000), PersonFileFault.BROKEN),  # allowed to be so large, but there is nothing in it
        (HEIC, PersonFileFault.HEIC),
        (photo((400, 400))[:-200], PersonFileFault.BROKEN),
        (photo(kind="PNG")[:60], PersonFileFault.BROKEN),
        (b"\xff\xd8\xff" + b"\x00" * 40, PersonFileFault.KIND),
    ],
)
def test_what_is_damaged_or_a_bomb_is_refused(data: bytes, fault: PersonFileFault) -> None:
    with pytest.raises(BadPersonFile) as caught:
        prepare(data)
    assert caught.value.fault is fault


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 3000), byte=st.integers(0, 255), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_one_changed_byte_never_gets_further_than_a_refusal(place: int, byte: int, kind: str) -> None:
    data = bytearray(photo((64, 64), kind))
    data[place % len(data)] = byte
    try:
        assert prepare(bytes(data)).media_type == JPEG
    except BadPersonFile:
        return
