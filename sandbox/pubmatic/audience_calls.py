"""What do PubMatic's audience calls answer: create, get, list, update?"""

from sandbox.answers import Answer, json_answer
from sandbox.calls import Call
from sandbox.pubmatic import rules, shapes
from sandbox.pubmatic.accounts import (
    CLIENT,
    NOT_WITH_CLIENT,
    NOT_WITH_PUBLISHER,
    Account,
    account_of_client,
    data_provider_name,
)
from sandbox.pubmatic.errors import refused
from sandbox.pubmatic.listing import listing
from sandbox.pubmatic.query import base_audiences
from sandbox.pubmatic.rules import Fields, positive_int
from sandbox.pubmatic.store import Audience
from sandbox.state import Sandbox

WHO = ("accountType", "accountId", "clientId", "dataProviderId")


def create(call: Call, sandbox: Sandbox) -> Answer:
    """Status 200 rather than 201, which the provider's status page does not list (unverified)."""
    made = make(call.json, call.account, sandbox)
    if isinstance(made, list):
        return refused(made)
    return json_answer(shapes.created(made), applied=str(made.id))


def make(fields: Fields, credential: str, sandbox: Sandbox) -> Audience | list[str]:
    """The new audience, or the codes of why not."""
    if not fields:
        return ["AUD01_0003"]
    codes = rules.broken(rules.CREATE, fields)
    if codes:
        return codes
    return (
        _make_complex(fields, credential, sandbox)
        if _is_complex(fields)
        else _make_simple(fields, credential, sandbox)
    )


def _make_simple(fields: Fields, credential: str, sandbox: Sandbox) -> Audience | list[str]:
    data_provider_id = positive_int(fields["dataProviderId"]) or 0
    if _is_client(fields) and data_provider_id == NOT_WITH_CLIENT:
        return ["AUD01_0031"]
    if not _is_client(fields) and data_provider_id == NOT_WITH_PUBLISHER:
        return ["AUD01_0013"]
    owner = owner_of(fields)
    if (owner, data_provider_id, fields["providerAudienceId"]) in sandbox.pubmatic.by_identity:
        # Unverified: which fields make two audiences the same. These three are what its queryInfix tokens are made of.
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


def get(call: Call, sandbox: Sandbox) -> Answer:
    codes = _who_codes(_who(call))
    found = None if codes else _find(call, sandbox)
    if found is None:
        return refused(codes or ["CC03_0001"])
    return json_answer(shapes.detailed(found))


def list_all(call: Call, sandbox: Sandbox) -> Answer:
    who = _who(call)
    codes = rules.broken(rules.WHO_ASKS, who)
    return (
        refused(codes)
        if codes
        else listing(call, sandbox, owner_of(who), positive_int(who.get("dataProviderId")))
    )


def update(call: Call, sandbox: Sandbox) -> Answer:
    """Only name, description, price and enabled change; anything else is passed over (unverified).

    Unverified too: that the account is named as for a get, and whether in the query or the body. Either will do.
    """
    codes = _who_codes(_who(call)) or rules.broken(rules.UPDATE, call.json)
    changes = call.json.keys() & {"name", "description", "price", "enabled"}
    if codes or not changes:
        return refused(codes or ["AUD01_0003"])
    found = _find(call, sandbox)
    if found is None:
        return refused(["CC03_0001"])
    if "name" in changes and found.is_complex:
        namesake = sandbox.pubmatic.complex_names.get((found.owner, call.json["name"]), found)
        if namesake is not found:
            return refused(["AUD01_0035"])
    _change(found, {name: call.json[name] for name in changes}, sandbox)
    return json_answer(shapes.detailed(found), applied=str(found.id))


def owner_of(fields: Fields) -> Account:
    """The account that fields which broke no rule name."""
    if not _is_client(fields):
        return Account(rules.account_type(fields), positive_int(fields["accountId"]) or 0)
    # A complex audience of a client may lack dataProviderId; its query then says whose client it is (unverified).
    keys = base_audiences(fields["queryInfix"]) if _is_complex(fields) else None
    data_provider_id = positive_int(fields.get("dataProviderId")) or (keys[0][0] if keys else 0)
    return account_of_client(fields["clientId"], data_provider_id)


def _record(
    fields: Fields, owner: Account, data_provider_id: int, credential: str, sandbox: Sandbox
) -> Audience:
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


def _change(audience: Audience, changes: Fields, sandbox: Sandbox) -> None:
    if "name" in changes:
        sandbox.pubmatic.rename(audience, changes["name"])
    audience.description = changes.get("description", audience.description)
    if "price" in changes:
        audience.price = rules.price_of(changes["price"])
    if "enabled" in changes:
        audience.enabled = rules.flag(changes["enabled"])
    audience.modified_at = sandbox.wall()


def _find(call: Call, sandbox: Sandbox) -> Audience | None:
    """The audience of the path, if this account may see it: its own, or a shared one when reading."""
    audience_id = positive_int(call.path_args[0])
    found = sandbox.pubmatic.by_id.get(audience_id or 0)
    if found is None or found.created_at + sandbox.behaviour.visible_after_ms / 1000 > sandbox.wall():
        return None
    may_see = found.owner == owner_of(_who(call)) or (call.method == "GET" and not found.private)
    return found if may_see else None


def _who(call: Call) -> dict[str, object]:
    """Who asks: from the query, and for an update from the body where the query does not say."""
    given = {name: call.json[name] for name in WHO if name in call.json} if call.method == "PATCH" else {}
    return given | {name: value for name in WHO if (value := call.param(name)) is not None}


def _who_codes(who: Fields) -> list[str]:
    """Example 3 of the details section: without an accountId a publisher hears of the client id, where the list's

    example names the account id. An accountId that is there but wrong is AUD01_0036 in both.
    """
    codes = rules.broken(rules.WHO_ASKS, who)
    if "accountId" in who:
        return codes
    return ["AUD01_0026" if code == "AUD01_0036" else code for code in codes]


def _spelled_out(query: str, bases: dict[str, Audience]) -> str:
    """A complex audience's definition: its query with names in place of ids."""
    return " ".join(
        f"{data_provider_name(base.data_provider_id)}:{base.name}"
        if (base := bases.get(token))
        else token
        for token in query.split(",")
    )


def _is_client(fields: Fields) -> bool:
    return bool(rules.account_type(fields) == CLIENT)


def _is_complex(fields: Fields) -> bool:
    return rules.kind_of(fields) == rules.COMPLEX
