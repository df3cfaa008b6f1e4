"""The store of customers' files: the folder and the bucket keep the same promises. The bucket is a real server that speaks S3."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from microcrm import ports
from microcrm.adapters.file_bucket import Bucket, BucketStore
from microcrm.adapters.file_store import FolderStore
from microcrm.domain.errors import FileGone, StoreDown
from microcrm.operations.capabilities import FileStore

KEY, OTHER = "12/abcdefghijklmnopqrstuvwx", "13/abcdefghijklmnopqrstuvwx.small"
LATER, EARLIER = timedelta(minutes=5), timedelta(minutes=-5)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket_at(url: str, address: str) -> Bucket:
    return Bucket(address, url, "ap-south-1", "key", "secret")


@pytest.fixture(params=["folder", "bucket", "prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "files")
    url = request.getfixturevalue("s3")
    name = f"files-{os.urandom(4).hex()}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="ap-south-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    return BucketStore(bucket_at(url, f"s3://{name}" + ("/shops/one" if request.param == "prefix" else "")))


def now() -> datetime:
    return datetime.now(UTC)


def test_what_was_put_is_there_until_it_is_deleted(store: FileStore) -> None:
    store.put(KEY, b"sealed" * 50_000)
    store.put(OTHER, b"")
    assert (store.get(KEY), store.get(OTHER)) == (b"sealed" * 50_000, b"")
    store.put(KEY, b"anew")
    assert store.get(KEY) == b"anew"
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(FileGone):
        store.get(KEY)
    assert store.get(OTHER) == b""


def test_all_keys_are_found_by_age(store: FileStore) -> None:
    assert list(store.older_than(now() + LATER)) == []
    for key in (KEY, OTHER):
        store.put(key, b"x")
    assert sorted(store.older_than(now() + LATER)) == [KEY, OTHER]
    assert list(store.older_than(now() + EARLIER)) == []


@pytest.mark.parametrize(
    "key",
    ["", "12", "12/", "../etc/passwd", "12/../../etc/passwd-and-more", "/12/abcdefghijklmnopqrstuvwx", "12/short",
     "12/abcdefghijklmnopqrstuvwx/more", "twelve/abcdefghijklmnopqrstuvwx", "12/abcdefghijklmnopqrstuvwx\n",
     "१२/abcdefghijklmnopqrstuvwx",
     "12/" + "x" * 400],
)  # fmt: skip
def test_a_key_can_name_nothing_else(store: FileStore, key: str) -> None:
    for call in (lambda: store.get(key), lambda: store.put(key, b""), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not a key"):
            call()


def test_a_bucket_lists_more_than_one_page_and_only_its_prefix(s3: str) -> None:
    name = f"files-{os.urandom(4).hex()}"
    client = boto3.client(
        "s3", endpoint_url=s3, region_name="ap-south-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    store, neighbour = (BucketStore(bucket_at(s3, f"s3://{name}/{prefix}")) for prefix in ("a", "ab"))
    keys = {f"1/key-number-{place:08d}" for place in range(1_010)}
    for key in keys:
        store.put(key, b"")
    neighbour.put(KEY, b"theirs")
    client.put_object(Bucket=name, Key="a/readme", Body=b"not ours")
    assert set(store.older_than(now() + LATER)) == keys
    assert list(neighbour.older_than(now() + LATER)) == [KEY]


def test_a_bucket_that_is_not_there_or_a_server_that_does_not_answer_is_said(s3: str) -> None:
    nowhere = BucketStore(bucket_at(s3, "s3://no-such-bucket"))
    silent = BucketStore(bucket_at(f"http://127.0.0.1:{ports.free_port()}", "s3://files"))
    for store in (nowhere, silent):
        with pytest.raises(StoreDown):
            store.put(KEY, b"x")
        with pytest.raises(StoreDown):
            list(store.older_than(now()))


def test_files_in_the_folder_are_for_the_server_alone(tmp_path: Path) -> None:
    FolderStore(tmp_path / "files").put(KEY, b"x")
    place = tmp_path / "files" / KEY
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_a_write_that_is_cut_off_leaves_nothing_under_the_key_and_is_found_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, b"whole")

    def power_cut(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, b"half")
    monkeypatch.undo()
    assert store.get(KEY) == b"whole"
    left = [key for key in store.older_than(now() + LATER) if key != KEY]
    assert len(left) == 1 and left[0].startswith(f"{KEY}.half-")
    store.delete(left[0])
    assert list(store.older_than(now() + LATER)) == [KEY]


def test_a_full_disk_is_said_and_leaves_no_half(tmp_path: Path) -> None:
    (tmp_path / "12").write_text("a file where the folder should be")
    with pytest.raises(StoreDown):
        FolderStore(tmp_path).put(KEY, b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["12"]


def test_what_else_lies_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / ".DS_Store").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert list(FolderStore(tmp_path).older_than(now() + LATER)) == []
