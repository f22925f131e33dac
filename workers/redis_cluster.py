"""What does a Redis Cluster's client raise when the cluster is out of reach? What a server's client would."""

from __future__ import annotations

from typing import Any

import redis
from redis.exceptions import ClusterDownError, RedisClusterException, SlotNotCoveredError


class Cluster(redis.RedisCluster):
    """A client of a Redis Cluster. Each call of this service concerns one key or one slot, so one node answers it."""

    # What timed out is not tried again, as with one server (workers/redis_address.py).
    ERRORS_ALLOW_RETRY: Any = (redis.ConnectionError, ClusterDownError, SlotNotCoveredError)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Connects at once, to learn who has which slots."""
        try:
            super().__init__(*args, **kwargs)
        except RedisClusterException as error:
            raise redis.ConnectionError(str(error)) from error

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command. redis-py 8.1 raises no ``RedisError`` where no node answers; here that is one."""
        try:
            return super().execute_command(*args, **kwargs)  # type: ignore[no-untyped-call]  # redis-py has none here
        except RedisClusterException as error:
            raise redis.ConnectionError(str(error)) from error
