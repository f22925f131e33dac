"""What does a Redis Cluster's client raise when the cluster is out of reach? What a server's client would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.exceptions import ClusterDownError, RedisClusterException, SlotNotCoveredError


@contextmanager
def _as_outage() -> Iterator[None]:
    """redis-py 8.1 raises no ``RedisError`` where no node answers; here that is one."""
    try:
        yield
    except RedisClusterException as error:
        raise redis.ConnectionError(str(error)) from error


class Cluster(redis.RedisCluster):
    """A client of a Redis Cluster. Each call of this service concerns one key or one slot, so one node answers it."""

    # What timed out is not tried again, as with one server (workers/redis_address.py); redis-py does so in pipelines.
    ERRORS_ALLOW_RETRY: Any = (redis.ConnectionError, ClusterDownError, SlotNotCoveredError)

    @_as_outage()
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Connects at once, to learn who has which slots."""
        super().__init__(*args, **kwargs)

    @_as_outage()
    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command."""
        return super().execute_command(*args, **kwargs)  # type: ignore[no-untyped-call]  # redis-py has none here

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        """Collect commands, to run them together."""
        pipe = super().pipeline(*args, **kwargs)  # type: ignore[no-untyped-call]  # redis-py has none here
        pipe.execute = _as_outage()(pipe.execute)
        return pipe
