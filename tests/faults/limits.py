"""Which limits hold in a run? The same in the service's configuration and at the sandbox, which enforces them."""

from __future__ import annotations

from dataclasses import dataclass

from real import ACCOUNTS

PROVIDERS = ("pubmatic", "mintegral")
LATENCY_MS = 60
"""Of the sandbox: something is in flight to be killed."""
_OF_ACCOUNTS = {"acme": ("6/s",), "globex": ("5/s", "240/min"), "initech": ("5/s",)}
_OF_A_PROVIDER = "20/s"
_PERIODS_S = {"s": 1.0, "min": 60.0}


@dataclass(frozen=True, slots=True)
class Limited:
    """One limit, and whose requests it counts: a lane's (``provider/account``) or a whole provider's."""

    who: str
    text: str

    @property
    def count(self) -> int:
        return int(self.text.partition("/")[0])

    @property
    def period_s(self) -> float:
        return _PERIODS_S[self.text.partition("/")[2]]


LANES = tuple(f"{provider}/{account}" for provider in PROVIDERS for account in ACCOUNTS)
LIMITS = (
    *(Limited(lane, text) for lane in LANES for text in _OF_ACCOUNTS[lane.partition("/")[2]]),
    *(Limited(provider, _OF_A_PROVIDER) for provider in PROVIDERS),
)


def texts(who: str) -> list[str]:
    """The limits of one lane or provider, as the configuration has them."""
    return [limit.text for limit in LIMITS if limit.who == who]


def enforced(seed: int) -> list[str]:
    """Options of a sandbox that keeps the lanes' limits, loses answers, breaks down and shows new audiences late."""
    options = {
        "--latency-ms": LATENCY_MS,
        "--timeout-after-commit-rate": 0.02,
        "--error-rate": 0.01,
        "--visible-after-ms": 200,
        "--rate-limit": ", ".join(f"{lane}={text}" for lane in LANES for text in texts(lane)),
        "--seed": seed,
    }
    return [str(part) for pair in options.items() for part in pair]
