"""Which PubMatic audiences exist."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.pubmatic.accounts import Account

_FIRST_ID = 475332


@dataclass(slots=True, kw_only=True)
class Audience:
    """One audience. A complex one has a `query`, but no provider_audience_id and no transfer_code."""

    id: int = 0
    owner: Account
    name: str
    description: str | None
    definition: str | None
    enabled: int
    private: int
    enabled_for_aim_tag: int
    data_provider_id: int
    provider_audience_id: str = ""
    client_id: str
    transfer_code: str = ""
    query: str = ""
    price: float | None
    created_at: float
    modified_at: float
    credential: str

    @property
    def is_complex(self) -> bool:
        return bool(self.query)


@dataclass(slots=True)
class PubmaticAudiences:
    by_id: dict[int, Audience] = field(default_factory=dict)
    by_owner: dict[Account, list[Audience]] = field(default_factory=lambda: defaultdict(list))
    by_identity: dict[tuple[Account, int, str], Audience] = field(default_factory=dict)
    complex_names: dict[tuple[Account, str], Audience] = field(default_factory=dict)
    shared_bases: dict[tuple[int, str], Audience] = field(default_factory=dict)

    def add(self, audience: Audience) -> Audience:
        audience.id = _FIRST_ID + len(self.by_id)
        self.by_id[audience.id] = audience
        self.by_owner[audience.owner].append(audience)
        if audience.is_complex:
            self.complex_names[audience.owner, audience.name] = audience
        else:
            key = (audience.data_provider_id, audience.provider_audience_id)
            self.by_identity[audience.owner, *key] = audience
            if not audience.private:
                self.shared_bases[key] = audience
        return audience

    def rename(self, audience: Audience, name: str) -> None:
        if audience.is_complex:
            del self.complex_names[audience.owner, audience.name]
            self.complex_names[audience.owner, name] = audience
        audience.name = name

    def base(self, owner: Account, key: tuple[int, str]) -> Audience | None:
        """A base audience this account may build on: its own, or one that is shared (unverified)."""
        return self.by_identity.get((owner, *key)) or self.shared_bases.get(key)

    def mine(
        self, owner: Account, data_provider_id: int | None, provider_audience_id: str | None
    ) -> Iterable[Audience]:
        """The account's audiences; just the one when its identity is asked for, however many there are."""
        if data_provider_id is None or provider_audience_id is None:
            return self.by_owner.get(owner, ())
        found = self.by_identity.get((owner, data_provider_id, provider_audience_id))
        return (found,) if found else ()

    def shared_with(self, owner: Account) -> Iterable[Audience]:
        return (one for one in self.by_id.values() if not one.private and one.owner != owner)
