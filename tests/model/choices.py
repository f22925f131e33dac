"""What does hypothesis choose from? Values that are few, so that they meet, and that lie on both sides of an edge."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from job_acts import DAY_US
from observed import ACCOUNTS, JOBS, OPERATIONS, PRIORITIES, WHOLE
from tables import RETRY
from tables import limits as read_limits

from workers.config import AccountConfig, Limit, OperationConfig, ProviderConfig
from workers.lanes.state import Again, Health

T = TypeVar("T")
MS, S = 1_000, 1_000_000


def mostly(usual: T, others: SearchStrategy[T]) -> SearchStrategy[T]:
    return st.integers(0, 3).flatmap(lambda dice: others if dice == 3 else st.just(usual))


twice = st.sampled_from((False, False, False, True))
keys = st.sampled_from(JOBS)
accounts = st.sampled_from(ACCOUNTS)
lanes = st.sampled_from((*ACCOUNTS, WHOLE))
operations = st.sampled_from(OPERATIONS)
runners = st.sampled_from(("one", "two"))
digests = mostly("d", st.just("other"))
priorities = st.sampled_from(PRIORITIES)
moments = mostly(None, st.sampled_from((-S, 100 * MS, 20 * S, 90 * S)))
ages = mostly(DAY_US, st.sampled_from((5 * S, 600 * S)))
spans = st.sampled_from((1, 300 * MS, S, 11 * S, 61 * S, 3601 * S, DAY_US + S))
eager = st.sampled_from((None, 0, 1, 1))
pauses = st.sampled_from((None, 0.5, 5.0, 600.0))
categories = st.sampled_from((None, "auth", "outcome_unknown"))
jobs = st.fixed_dictionaries(
    {
        "key": keys,
        "operation": operations,
        "digest": digests,
        "priority": priorities,
        "due_in_us": moments,
        "expires_in_us": moments,
        "age_us": ages,
    }
)
healths = st.sampled_from((Health.BAD, Health.BAD, Health.GOOD, Health.UNTOLD))
lines = st.sampled_from(("", "{}"))
limits: SearchStrategy[tuple[Limit, ...]] = mostly(
    (),
    st.sampled_from(
        [
            read_limits(*texts)
            for texts in (("5/s",), ("2/s",), ("3/s burst 2",), ("30/min", "2/s"), ("1/h burst 3",), ("1/h",))
        ]
    ),
)
agains = st.builds(
    Again,
    after_s=st.sampled_from((None, 0.0, 0.1, 3.0, 70.0)),
    spent=st.booleans(),
    look=st.booleans(),
    looks=st.integers(0, 3),
    unknown_since=st.sampled_from((None, 7.0)),
    unknown_now=st.booleans(),
    throttles=st.integers(0, 3),
    pause_s=mostly(0.0, st.sampled_from((1.0, 30.0, 1e6))),
    pause_reason=st.just("429"),
)
_operation_tables = st.fixed_dictionaries({name: st.builds(OperationConfig, limits=limits) for name in OPERATIONS})
_account_tables = st.builds(
    AccountConfig,
    limits=limits,
    max_in_flight=st.integers(1, 4),
    weight=st.integers(1, 2),
    operations=_operation_tables,
    retry=st.just(RETRY),
)
configs = st.builds(
    ProviderConfig,
    base_url=st.just("http://provider"),
    limits=limits,
    max_in_flight=mostly(None, st.integers(1, 5)),
    operations=_operation_tables,
    accounts=st.fixed_dictionaries(dict.fromkeys(ACCOUNTS, _account_tables)),
)
