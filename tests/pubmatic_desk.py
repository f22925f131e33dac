"""How does a test log in at PubMatic as several workers do? At one sandbox, over one Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import redis
from calls import call_to
from real import Sandbox

from workers.http import Call
from workers.lanes.tokens import Claim
from workers.outcome import AttemptEnded, Deferred, Outcome, Succeeded
from workers.providers.pubmatic import PROVIDER
from workers.providers.pubmatic.config import PubmaticConfig
from workers.providers.pubmatic.log_in import REFRESH, TOKEN, LogIn
from workers.providers.pubmatic.seal import Pair, seal, unseal
from workers.providers.pubmatic.token import DAY_S, REQUESTS_A_WINDOW, WINDOW_S

OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
USER, PASSWORD = "acme@sandbox.example", "sandbox-pubmatic-password-acme"
READ, LOG_IN, REFRESHED = ("GET", "/v1/audience/audiences"), ("POST", f"/v1{TOKEN}"), ("PUT", f"/v1{REFRESH}")


@dataclass
class Desk:
    """Workers of one user: the sandbox they ask, the Redis they share, the permits they spent."""

    sandbox: Sandbox
    state: redis.Redis
    folder: Path
    permits: list[bool] = field(default_factory=list)

    def call(self, permit: Callable[[bool], None] | None = None, **secrets: str) -> Call:
        """An attempt of an account that logs in; ``secrets`` take the place of the user's own."""
        known = {"user_name": USER, "password": PASSWORD} | secrets
        account = {}
        for name, value in known.items():
            place = self.folder / f"{name}-{value}".replace("/", "-")
            if not place.exists():
                place.write_text(value)
            account[name] = {"file": place}
        config = PubmaticConfig.model_validate({"base_url": f"{self.sandbox.url}/v1", "accounts": {"a": account}})
        return call_to(
            config.base_url, config.accounts["a"], permit or self.permits.append, state=self.state, deadline_s=2.0
        )

    def read(self, call: Call | None = None) -> Outcome:
        return self.send("list_audiences", OWNER, call or self.call())

    def send(self, operation: str, payload: dict[str, Any], call: Call) -> Outcome:
        ours: Any = PROVIDER.operations[operation]
        try:
            outcome: Outcome = ours.send(ours.payload_model.model_validate(payload), call)
        except AttemptEnded as ended:
            return ended.outcome
        return outcome

    def read_in_threads(self, threads: int) -> list[Outcome]:
        """All at the same moment, each again while it is told to wait."""
        self.call()  # the files of its secrets are there, and whole
        ready = threading.Barrier(threads)

        def read(_: int) -> Outcome:
            ready.wait(10)
            deadline = time.monotonic() + 20
            while isinstance(outcome := self.read(), Deferred) and time.monotonic() < deadline:
                time.sleep(outcome.after_s)  # as its lane would
            return outcome

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(read, range(threads)))

    def requests(self) -> list[tuple[str, str]]:
        """What arrived since the last time."""
        entries = self.sandbox.ledger(provider="pubmatic")["entries"]
        httpx.delete(f"{self.sandbox.url}/_sandbox/ledger").raise_for_status()
        return [(each["method"], each["path"]) for each in entries]

    def control(self, **credentials: Any) -> None:
        body = {"provider": "pubmatic", "account": "acme"} | credentials
        httpx.post(f"{self.sandbox.url}/_sandbox/credentials", json=body).raise_for_status()

    def behave(self, **options: Any) -> None:
        httpx.patch(f"{self.sandbox.url}/_sandbox/behaviour", json=options).raise_for_status()

    def stored(self) -> Pair:
        call = self.call()
        pair = unseal(call.tokens.read(LogIn.of(call).name).value, USER, PASSWORD)
        assert pair is not None
        return pair

    def grow_older(self, days: float) -> Pair:
        """Log in, and let the stored token be that old; what it was."""
        assert isinstance(self.read(), Succeeded)
        call, pair = self.call(), self.stored()
        name = LogIn.of(call).name
        older = replace(pair, at=pair.at - days * DAY_S)
        self.state.hset(f"audience:{{contract}}:token:{name}", "sealed", seal(older, USER, PASSWORD))
        self.requests()
        return pair

    def claim(self, by: str, hold_s: float = 60.0, request: str = "r", seen: int = 99) -> Claim:
        call = self.call()
        name = LogIn.of(call).name
        return call.tokens.claim(name, seen, by, request, hold_s, WINDOW_S, REQUESTS_A_WINDOW).claim
