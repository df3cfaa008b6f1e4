"""A database that is as new for each test.

Copying the template takes half a second and more; putting its rows back a tenth of that (``fresh.sql``). A database whose schema a
test changed is thrown away all the same. So is one that was used often: nothing vacuums it.
"""

from __future__ import annotations

import psycopg

from tests.support.servers import Servers

_USES = 60


class FreshDatabases:
    """Of one process, one at a time."""

    def __init__(self, servers: Servers, prefix: str) -> None:
        self._servers, self._prefix = servers, prefix
        self._name, self._made, self._uses = "", 0, 0

    def take(self) -> str:
        """The name of a database that holds what the template holds."""
        if self._name and (self._uses == _USES or not self._is_put_back()):
            self.drop()
        if not self._name:
            self._made, self._uses = self._made + 1, 0
            self._name = f"{self._prefix}_{self._made}"
            self._servers.create(self._name)
        self._uses += 1
        return self._name

    def drop(self) -> None:
        if self._name:
            self._servers.drop(self._name)
        self._name = ""

    def _is_put_back(self) -> bool:
        with psycopg.connect(self._servers.superuser_url, dbname=self._name, autocommit=True) as connection:
            row = connection.execute("SELECT harness.put_back()").fetchone()
        return row == (True,)
