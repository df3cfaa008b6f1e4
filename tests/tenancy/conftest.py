from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from microcrm import wiring
from microcrm.settings import settings
from tests.support.furniture import furnish
from tests.support.shops import TwoShops


@pytest.fixture
def furnished(fresh_database: TwoShops) -> Iterator[tuple[TwoShops, Engine]]:
    """Two shops with a row in every table, and an engine that looks behind the walls."""
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    furnish(engine, fresh_database)
    yield fresh_database, engine
    engine.dispose()
