"""Who may enqueue for which account? Of an account with producers, whoever has the key of one of them; else anybody."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.problem import Problem
from schemas.reading import Readable, Refused, readable
from schemas.signed import SignedJob
from workers.config import AccountConfig, ProviderConfig
from workers.intake.message import Message

SIGNED = 'a job signed by a producer of its account: a JWS with alg "HS256", and as kid the producer\'s name'
BY_A_PRODUCER = "a signature over exactly these bytes, by the producer of the job's account that kid names"
BARE = "the job's JSON alone: its account has no producers, so that nobody could check a signature"


def objection(message: Message, configs: Mapping[str, ProviderConfig]) -> Refused | None:
    """Why who sent the message may not; None if they may, or if there is no such account.

    What nobody of the account is known to have said is not repeated as a word about its jobs: whoever waits for one
    of them would take it for the answer. Raises ``SettingsError`` where a key cannot be read.
    """
    account = named(message, configs)
    if account is None or message.is_operators or is_allowed(message.signed, account):
        return None
    if not account.producers:
        return _refused(message, BARE, read_of(message))
    return _refused(message, SIGNED if message.signed is None else BY_A_PRODUCER, unproven(message))


def named(message: Message, configs: Mapping[str, ProviderConfig]) -> AccountConfig | None:
    """The account that the message names, if we have it."""
    config = configs.get(message.said.provider or "")
    return None if config is None else config.accounts.get(message.said.account or "")


def is_allowed(signed: SignedJob | None, account: AccountConfig) -> bool:
    """Whether this account takes jobs from who signed, or did not sign. Raises as ``objection`` does."""
    if signed is None or not account.producers:
        return signed is None and not account.producers
    key = account.producers.get(signed.producer)
    return key is not None and signed.is_by(key.read())


def read_of(message: Message) -> Readable:
    """All that can be read of the job."""
    return message.read.readable if isinstance(message.read, Refused) else readable(message.read.job)


def unproven(message: Message) -> Readable:
    """What may be said of a job that perhaps nobody of its account sent: not which one it is."""
    return Readable(provider=message.said.provider, operation=message.said.operation)


def _refused(message: Message, expected: str, said: Readable) -> Refused:
    read = message.read
    known = read.known_operation if isinstance(read, Refused) else read.job.operation
    return Refused((Problem("", expected),), said, message.said.provider, known)
