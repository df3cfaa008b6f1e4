"""What a file is, by its own bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.person_files import (
    LARGEST,
    MOST_PIXELS,
    PDF,
    BadPersonFile,
    PersonFileFault,
    check_file,
    check_pixels,
)
from tests.support.pictures import HEIC, PAPER, photo, png_bomb


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (photo(), "image/jpeg"),
        (photo(kind="PNG"), "image/png"),
        (photo(kind="WEBP"), "image/webp"),
        (PAPER, PDF),
        (b"%PDF-1.4 %%EOF" + b" " * 1000, PDF),
    ],
)
def test_a_file_is_what_it_holds(data: bytes, kind: str) -> None:
    assert check_file(data) == kind


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", PersonFileFault.EMPTY),
        (b"\xff\xd8\xff" + b"\0" * LARGEST, PersonFileFault.LARGE),
        (HEIC, PersonFileFault.HEIC),
        (HEIC.replace(b"ftypheic", b"ftypavif"), PersonFileFault.KIND),
        (photo(kind="GIF", mode="P"), PersonFileFault.KIND),
        (photo(kind="BMP"), PersonFileFault.KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", PersonFileFault.KIND),
        (b"MZ\x90\x00 a program", PersonFileFault.KIND),
        (b" %PDF-1.7 %%EOF", PersonFileFault.KIND),  # a page of HTML may hold such words further down
        (PAPER[:-8], PersonFileFault.BROKEN),
        (png_bomb(), PersonFileFault.PIXELS),
        (photo((8, 400)), PersonFileFault.SMALL),
    ],
)
def test_anything_else_is_refused_with_what_to_do(data: bytes, fault: PersonFileFault) -> None:
    with pytest.raises(BadPersonFile) as caught:
        check_file(data)
    assert caught.value.fault is fault
    assert caught.value.message.endswith(".") and caught.value.remedy.endswith(".")


def test_the_largest_picture_passes_and_one_pixel_more_does_not() -> None:
    check_pixels(MOST_PIXELS // 1000, 1000)
    with pytest.raises(BadPersonFile):
        check_pixels(MOST_PIXELS // 1000, 1001)


@given(data=st.binary(max_size=400))
def test_noise_is_refused_and_never_breaks_anything(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%PDF-"):
        try:
            check_file(start + data)
        except BadPersonFile:
            continue
