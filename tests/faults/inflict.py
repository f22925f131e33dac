"""How is each fault done to the stage? In a thread of its own at its time, and written down with what it took."""

from __future__ import annotations

import random
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import assert_never

import httpx

from faults.limits import LANES
from faults.schedule import Fault, Kind
from faults.stage import Stage

STORM_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Inflicted:
    """A fault as it happened. Seconds since the epoch: a server that was killed is up again at ``ended_at``."""

    fault: Fault
    began_at: float
    ended_at: float


class Inflictor:
    """Inflicts a plan."""

    def __init__(self, stage: Stage, plan: tuple[Fault, ...], seed: int) -> None:
        self.done: list[Inflicted] = []
        self._stage, self._dice = stage, random.Random(seed)
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(plan)), thread_name_prefix="fault")
        self._began = time.monotonic()
        possible = [each for each in plan if stage.clock.works or each.kind is not Kind.CLOCK_JUMP]
        self._pending: list[Future[None]] = [self._pool.submit(self._in_time, fault) for fault in possible]

    def ended(self, within_s: float) -> bool:
        """Whether every fault is over, after at most so long. Raises what any of them raised."""
        done, pending = wait(self._pending, within_s)
        for each in done:
            each.result()
        return not pending

    def close(self) -> None:
        self._stopping.set()
        self._pool.shutdown(wait=True)

    def _in_time(self, fault: Fault) -> None:
        if self._stopping.wait(self._began + fault.at_s - time.monotonic()):
            return
        began_at = time.time()
        self._inflict(fault)
        self.done.append(Inflicted(fault, began_at, time.time()))

    def _lasts(self, fault: Fault) -> None:
        self._stopping.wait(fault.for_s)

    def _inflict(self, fault: Fault) -> None:  # noqa: C901, PLR0912 - one arm for each kind
        stage = self._stage
        match fault.kind:
            case Kind.WORKER_KILL:
                stage.signal(int(fault.target), signal.SIGKILL)
                stage.workers[int(fault.target)].popen.wait()
                stage.replace(int(fault.target))
            case Kind.WORKER_DEPLOY:
                stage.signal(int(fault.target), signal.SIGTERM)
                stage.workers[int(fault.target)].popen.wait(60)
                stage.replace(int(fault.target))
            case Kind.WORKER_FREEZE:
                stage.signal(int(fault.target), signal.SIGSTOP)
                self._lasts(fault)
                stage.signal(int(fault.target), signal.SIGCONT)
            case Kind.CLOCK_JUMP:
                stage.clock.jump(self._dice.choice((-1, 1)) * self._dice.randint(30, 240))
            case Kind.BROKER_KILL:
                stage.broker.process.kill()
                self._lasts(fault)
                stage.broker.start()
            case Kind.BROKER_RESTART:
                stage.broker.process.stop()
                stage.broker.start()
            case Kind.STATE_KILL:
                stage.state.kill()
                self._lasts(fault)
                stage.state.start()
            case Kind.STATE_RESTART:
                stage.state.process.stop()
                stage.state.start()
            case Kind.PROVIDER_SLOW:
                self._slow(fault, fault.target, 0.15)
            case Kind.STATE_SLOW:
                self._slow(fault, "state", 0.02)
            case Kind.PROVIDER_CUT:
                self._cut(fault, fault.target)
            case Kind.STATE_CUT:
                self._cut(fault, "state")
            case Kind.BROKER_CUT:
                self._cut(fault, "broker")
            case Kind.STORM:
                self._storm(fault)
            case _:
                assert_never(fault.kind)

    def _slow(self, fault: Fault, way: str, delay_s: float) -> None:
        self._stage.ways[way].delay_s = delay_s
        self._lasts(fault)
        self._stage.ways[way].delay_s = 0.0

    def _cut(self, fault: Fault, way: str) -> None:
        self._stage.ways[way].cut()
        self._lasts(fault)
        self._stage.ways[way].mend()

    def _storm(self, fault: Fault) -> None:
        """Every request is refused, until no lane sends any more."""
        sandbox = self._stage.sandbox
        for lane in LANES:
            provider, _, account = lane.partition("/")
            whose = {"provider": provider, "account": account}
            sandbox.fault(preset="throttled", **whose, times=1000, retry_after_s=STORM_RETRY_AFTER_S)
        self._lasts(fault)
        httpx.delete(f"{sandbox.url}/_sandbox/faults", trust_env=False).raise_for_status()
