"""An account at the stand-in for Twilio, and the adapter that sends with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from microcrm.adapters.twilio import Twilio
from tests.support.sandbox import Sandbox, Texter
from tests.support.texting import PHONE, client_of


@pytest.fixture
def texter(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Texter]:
    made = sandbox.texter(request.node.name)
    made.act("knobs", delivers_after=-1)
    made.act("phone", number=PHONE, is_off=False, has_whatsapp=True, blocks=[])
    yield made
    made.act("knobs")


@pytest.fixture
def client(texter: Texter) -> Iterator[Twilio]:
    made = client_of(texter)
    yield made
    made.close()
