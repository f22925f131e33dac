"""How a create payload becomes a PubMatic audience."""

from sandbox.pubmatic import rules
from sandbox.pubmatic.accounts import (
    CLIENT,
    NOT_WITH_CLIENT,
    NOT_WITH_PUBLISHER,
    Account,
    account_of_client,
    data_provider_name,
)
from sandbox.pubmatic.query import base_audiences
from sandbox.pubmatic.rules import Fields, positive_int
from sandbox.pubmatic.store import Audience
from sandbox.state import Sandbox


def make(fields: Fields, credential: str, sandbox: Sandbox) -> Audience | list[str]:
    """The new audience, or the codes of why not."""
    if not fields:
        return ["AUD01_0003"]
    codes = forgiven(rules.broken(rules.CREATE, fields), sandbox)
    if codes:
        return codes
    return (
        _make_complex(fields, credential, sandbox) if _is_complex(fields) else _make_simple(fields, credential, sandbox)
    )


def _make_simple(fields: Fields, credential: str, sandbox: Sandbox) -> Audience | list[str]:
    data_provider_id = positive_int(fields["dataProviderId"]) or 0
    if _is_client(fields) and data_provider_id == NOT_WITH_CLIENT:
        return ["AUD01_0031"]
    if not _is_client(fields) and data_provider_id == NOT_WITH_PUBLISHER:
        return ["AUD01_0013"]
    owner = owner_of(fields)
    if (owner, data_provider_id, fields["providerAudienceId"]) in sandbox.pubmatic.by_identity:
        # Unverified: which fields make two audiences the same. These three are what its queryInfix tokens are
        # made of.
        return ["AUD01_0014"]
    audience = _record(fields, owner, data_provider_id, credential, sandbox)
    audience.provider_audience_id = fields["providerAudienceId"]
    audience.transfer_code = fields.get("transferCode") or fields["providerAudienceId"]
    return sandbox.pubmatic.add(audience)


def _make_complex(fields: Fields, credential: str, sandbox: Sandbox) -> Audience | list[str]:
    owner = owner_of(fields)
    keys = base_audiences(fields["queryInfix"])
    bases = [sandbox.pubmatic.base(owner, key) for key in keys or ()]
    if keys is None or None in bases:
        return ["AUD01_0034"]
    if (owner, fields["name"]) in sandbox.pubmatic.complex_names:
        # Among complex audiences only: the page's samples give a simple and a complex one the same name.
        return ["AUD01_0035"]
    audience = _record(fields, owner, keys[0][0], credential, sandbox)
    audience.query = fields["queryInfix"].strip()
    audience.definition = _spelled_out(
        audience.query, {f"{dp}:{aid}": one for (dp, aid), one in zip(keys, bases, strict=True) if one}
    )
    return sandbox.pubmatic.add(audience)


def forgiven(codes: list[str], sandbox: Sandbox) -> list[str]:
    """Without that of a negative price, when it is to become 0: the page says both."""
    return [code for code in codes if code != rules.NEGATIVE_PRICE or not sandbox.behaviour.negative_price_is_zero]


def owner_of(fields: Fields) -> Account:
    """The account that fields which broke no rule name."""
    if not _is_client(fields):
        return Account(rules.account_type(fields), positive_int(fields["accountId"]) or 0)
    # A complex audience of a client may lack dataProviderId; its query then says whose client it is
    # (unverified).
    keys = base_audiences(fields["queryInfix"]) if _is_complex(fields) else None
    data_provider_id = positive_int(fields.get("dataProviderId")) or (keys[0][0] if keys else 0)
    return account_of_client(fields["clientId"], data_provider_id)


def _record(fields: Fields, owner: Account, data_provider_id: int, credential: str, sandbox: Sandbox) -> Audience:
    now = sandbox.wall()
    return Audience(
        owner=owner,
        name=fields["name"],
        description=fields.get("description"),
        definition=fields.get("definition"),
        enabled=rules.flag(fields.get("enabled")),
        private=rules.flag(fields.get("private")),
        enabled_for_aim_tag=1 if fields.get("enabledForAIMTag") in (1, "1") else 0,
        data_provider_id=data_provider_id,
        client_id=fields["clientId"] if _is_client(fields) else owner.client_id(data_provider_id),
        price=rules.price_of(fields.get("price")),
        created_at=now,
        modified_at=now,
        credential=credential,
    )


def _spelled_out(query: str, bases: dict[str, Audience]) -> str:
    """A complex audience's definition: its query with names in place of ids."""
    return " ".join(
        f"{data_provider_name(base.data_provider_id)}:{base.name}" if (base := bases.get(token)) else token
        for token in query.split(",")
    )


def _is_client(fields: Fields) -> bool:
    return bool(rules.account_type(fields) == CLIENT)


def _is_complex(fields: Fields) -> bool:
    return rules.kind_of(fields) == rules.COMPLEX
