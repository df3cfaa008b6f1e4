"""Customers' files in a bucket of S3, or of anything that speaks its protocol (R2, MinIO, Ceph). Needs the extra ``s3``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from microcrm.adapters.file_store import KEY, checked
from microcrm.domain.errors import FileGone, StoreDown

_GONE = {"NoSuchKey", "404", "NotFound"}
_PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """``url``: like ``s3://bucket/prefix``. ``endpoint``: another server than Amazon's. Without ``key_id`` boto3 looks for
    credentials where it always does (a role of the machine, a profile)."""

    url: str
    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = field(default="", repr=False)


class BucketStore:
    def __init__(self, bucket: Bucket) -> None:
        parts = urlsplit(bucket.url)
        self._bucket, prefix = parts.netloc, parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=bucket.endpoint or None,
            region_name=bucket.region or None,
            aws_access_key_id=bucket.key_id or None,
            aws_secret_access_key=bucket.secret or None,
            config=_PATIENCE,
        )

    def put(self, key: str, data: bytes) -> None:
        name = self._prefix + checked(key)
        with _telling():
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data, ContentType="application/octet-stream")

    def get(self, key: str) -> bytes:
        name = self._prefix + checked(key)
        with _telling():
            found: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            return found

    def delete(self, key: str) -> None:
        name = self._prefix + checked(key)
        with _telling():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def older_than(self, moment: datetime) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        with _telling():
            for page in pages:
                for entry in page.get("Contents", ()):
                    key = str(entry["Key"]).removeprefix(self._prefix)
                    if KEY.fullmatch(key) and entry["LastModified"] < moment:
                        yield key


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise FileGone from None
        raise StoreDown from error
    except (BotoCoreError, OSError) as error:
        raise StoreDown from error
