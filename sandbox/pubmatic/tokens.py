"""Which PubMatic tokens are good, and how accounts come by new ones.

Two calls known from the provider's partners and public clients: a log-in that generates a pair of tokens, and
a refresh that replaces both. More than 200 generations in any 20 minutes disable the account.
"""

import secrets
from collections import deque
from dataclasses import dataclass, field

GENERATION_WINDOW_S = 20 * 60.0


@dataclass(frozen=True, slots=True)
class Pair:
    account: str
    access: str
    refresh: str


@dataclass(slots=True)
class Tokens:
    """`fixed` tokens by account name never run out; generated ones live as long as their generation said."""

    fixed: dict[str, str]
    owners: dict[str, str] = field(default_factory=dict)
    expires_at: dict[str, float] = field(default_factory=dict)
    by_refresh: dict[str, Pair] = field(default_factory=dict)
    generations: dict[str, deque[float]] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for account, token in self.fixed.items():
            self.accept(account, token)

    def accept(self, account: str, token: str) -> None:
        self.owners[token] = account

    def account_of(self, token: str) -> str | None:
        return self.owners.get(token)

    def is_expired(self, token: str, now: float) -> bool:
        return self.expires_at.get(token, now + 1) <= now

    def is_disabled(self, account: str) -> bool:
        return account in self.disabled

    def expire_all(self, account: str, now: float) -> None:
        """Every token of the account, fixed ones too, from now on."""
        self.expires_at |= {token: now for token, owner in self.owners.items() if owner == account}

    def generate(self, account: str, *, now: float, monotonic: float, ttl_s: float, at_most: int) -> Pair | None:
        """A new pair; None when this was one generation too many, and the account is disabled from now on.

        Refreshes count too (unverified).
        """
        times = self.generations.setdefault(account, deque())
        while times and times[0] <= monotonic - GENERATION_WINDOW_S:
            times.popleft()
        times.append(monotonic)
        if len(times) > at_most:
            self.disabled.add(account)
        if account in self.disabled:
            return None
        pair = Pair(account, secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        self.accept(account, pair.access)
        self.expires_at[pair.access] = now + ttl_s
        self.by_refresh[pair.refresh] = pair
        return pair

    def revoke(self, pair: Pair) -> None:
        """Unverified: that the replaced access token dies with its refresh token; the strict reading."""
        del self.by_refresh[pair.refresh]
        del self.owners[pair.access]
        del self.expires_at[pair.access]
