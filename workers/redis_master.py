"""What becomes of a connection to the master that Sentinels name, when an answer does not come? It is closed."""

from __future__ import annotations

from typing import Any

from redis.sentinel import SentinelManagedConnection


class MasterConnection(SentinelManagedConnection):
    """As any other connection of redis-py.

    That of redis-py 8.1 stays open after a timeout where the command is not tried again, and gives the late answer to
    the next command (redis-py#4292).
    """

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read one answer. What keeps it from being read closes the connection, unless the caller says otherwise."""
        return super().read_response(*args, **{"disconnect_on_error": True, **options})
