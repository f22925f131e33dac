"""Which keys hold the state?

Every name begins with its partition, a provider as hash tag, so that all keys of one script lie in one slot of a
Redis Cluster.

    audience:{pubmatic}                       (written P below)

    P:job:<account>/<id>               hash    one job: state, counters, lease, history, final event
    P:bodies:<account>                 hash    the bodies of its jobs that have not ended, by id
    P:lane:<account>                   hash    limits, permits spent, waiting, in_flight, pauses, breaker, weight
    P:lane:*                           hash    the same of the provider as a whole
    P:lane:<account or *>/<operation>  hash    the limits of one operation
    P:accounts                         set     accounts that ever had a job
    P:lane:<account>:rows              set     the rows in which its jobs wait: <priority>/<operation>
    P:lane:<account>:waiting:<row>     zset    the waiting jobs of one row by the time they are due
    P:lanes                            zset    accounts by the time at which the dispatcher must look at them
    P:wake                             list    at most one entry: a dispatcher must look now
    P:handed, P:running                zset    leases by the time they end: before the first permit or note, and after
    P:ends                             zset    jobs by the time at which waiting ends (expires_at, maximum age)
    P:fence, P:sequence                string  the last lease's number; a counter of jobs accepted
    P:audit                            stream  what operators ordered: who, action, target, detail
    P:outbox                           stream  events not yet published
    P:token:<log-in>                   hash    the sealed token of a log-in, how often it was renewed, who renews it now
    P:token:<log-in>:requests          zset    requests for a token by their time, so that they stay few
    P:dead                             zset    dead letters by the time of their death
    P:dead:<account>/<id>/<run>        hash    one dead letter: the job as it was, the error, when, its edits
    P:dead:groups                      set     groups of dead letters: provider/account/operation/category/provider code
    P:dead:in:<group>                  zset    the dead letters of one group by the time of their death

Messages that are no valid job have no provider: their outbox and dead letters lie in ``audience:{rejected}``,
the latter as ``P:dead:<SHA-256>``. Times are microseconds of the Redis server's clock.

Outside of the partitions are the streams ``audience:jobs`` and ``audience:results``; on a Redis that is the broker,
beside what kombu keeps there, ``<queue>:claims:<reader>`` (list) and ``<queue>:readers`` (hash) of its readers.
"""

from __future__ import annotations

REJECTED = "rejected"
"""The partition of messages that are not valid jobs."""

JOBS_STREAM = "audience:jobs"
RESULTS_STREAM = "audience:results"


def partition(provider: str) -> str:
    """The first part of every key of one provider."""
    return f"audience:{{{provider}}}"
