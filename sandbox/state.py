"""What the sandbox holds while it runs: all in memory, kept consistent by Tornado's single thread."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.behaviour import Behaviour
from sandbox.credentials import Credentials
from sandbox.faults import Faults
from sandbox.ledger import Ledger
from sandbox.mintegral.storage import Storage
from sandbox.mintegral.store import MintegralAudiences
from sandbox.pubmatic.store import PubmaticAudiences
from sandbox.pubmatic.tokens import Tokens
from sandbox.rates import Admissions, Rate, parse_rates


@dataclass
class Sandbox:
    behaviour: Behaviour = field(default_factory=Behaviour)
    credentials: Credentials = field(default_factory=Credentials)
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(default_factory=Faults)
    admissions: Admissions = field(default_factory=Admissions)
    pubmatic: PubmaticAudiences = field(default_factory=PubmaticAudiences)
    mintegral: MintegralAudiences = field(default_factory=MintegralAudiences)
    storage: Storage = field(default_factory=Storage)
    dice: random.Random = field(init=False)
    rates: dict[str, tuple[Rate, ...]] = field(init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.credentials.pubmatic_tokens)
        self.behave(self.behaviour)

    def behave(self, behaviour: Behaviour) -> None:
        """Takes these options from now on; the dice start again."""
        self.behaviour = behaviour
        self.dice = random.Random(behaviour.seed)  # noqa: S311 -- dice that must repeat, not a secret
        self.rates = parse_rates(behaviour.rate_limit)

    def forget_audiences(self) -> None:
        self.pubmatic = PubmaticAudiences()
        self.mintegral = MintegralAudiences()
        self.storage = Storage()
