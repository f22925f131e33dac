"""How do tasks run in the pool? Each in one of its threads, none of which ends by a task."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from real import wait_until
from structlog.testing import capture_logs

from workers.execution.threads import Pool

SOON_S = 10.0


@pytest.fixture
def pool() -> Iterator[Pool]:
    """Of one thread, so that tasks follow one another."""
    pool = Pool(limit=1)
    pool.start()
    yield pool
    pool.stop()


def test_a_task_runs_in_a_thread_of_the_pool_and_tells_its_ending(pool: Pool) -> None:
    said: SimpleQueue[object] = SimpleQueue()
    pool.apply_async(
        lambda word, *, twice: word * twice + threading.current_thread().name,
        ("ha ",),
        {"twice": 2},
        callback=said.put,
        accept_callback=lambda _pid, _at: said.put("begins"),
    )
    assert [said.get(timeout=SOON_S) for _ in range(2)] == ["begins", "ha ha pool-0"]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_no_task_ends_its_thread(pool: Pool, error: type[BaseException]) -> None:
    said: SimpleQueue[str] = SimpleQueue()

    def broken(_: object) -> None:
        raise error

    with capture_logs() as logged:
        pool.apply_async(str, callback=broken)
        pool.apply_async(lambda: "next", callback=said.put)
        assert said.get(timeout=SOON_S) == "next"
    assert [line["event"] for line in logged] == ["task.broke_off"]


def test_stopping_waits_for_what_runs_and_begins_nothing_more() -> None:
    pool = Pool(limit=1)
    pool.start()
    begun, goes_on, ended = threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        begun.set()
        goes_on.wait(SOON_S)
        ended.append("first")

    pool.apply_async(first, callback=lambda _: None)
    for later in "second", "third":
        pool.apply_async(ended.append, (later,), callback=lambda _: None)
    assert begun.wait(SOON_S)
    stopping = threading.Thread(target=pool.stop)
    stopping.start()
    wait_until(lambda: pool.info["waiting"] == 1, what="the others to be dropped, for the word that ends the thread")
    goes_on.set()
    stopping.join(SOON_S)
    assert not stopping.is_alive()
    assert ended == ["first"]
    with pytest.raises(RuntimeError, match="has ended"):
        pool.apply_async(ended.append, ("fourth",))


def test_a_thread_that_waits_holds_no_job(pool: Pool) -> None:
    class Job:
        pass

    job = Job()
    held = weakref.ref(job)
    pool.apply_async(id, (job,), callback=lambda _: None)
    del job
    wait_until(lambda: held() is None, what="the job to be let go")
