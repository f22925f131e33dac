"""What PubMatic's audience calls answer: create, get, list, update."""

from sandbox.answers import Answer, json_answer
from sandbox.calls import Call
from sandbox.pubmatic import rules, shapes
from sandbox.pubmatic.errors import refused
from sandbox.pubmatic.listing import listing
from sandbox.pubmatic.registration import forgiven, make, owner_of
from sandbox.pubmatic.rules import Fields, positive_int
from sandbox.pubmatic.store import Audience
from sandbox.state import Sandbox

WHO = ("accountType", "accountId", "clientId", "dataProviderId")


def create(call: Call, sandbox: Sandbox) -> Answer:
    """Status 200 rather than 201, which the provider's status page does not list (unverified)."""
    made = make(call.json, call.account, sandbox)
    if isinstance(made, list):
        return refused(made, sandbox)
    return json_answer(shapes.created(made), applied=str(made.id))


def get(call: Call, sandbox: Sandbox) -> Answer:
    codes = _who_codes(_who(call))
    found = None if codes else _find(call, sandbox)
    if found is None:
        return refused(codes or ["CC03_0001"], sandbox)
    return json_answer(shapes.detailed(found))


def list_all(call: Call, sandbox: Sandbox) -> Answer:
    who = _who(call)
    codes = rules.broken(rules.WHO_ASKS, who)
    if codes:
        return refused(codes, sandbox)
    return listing(call, sandbox, owner_of(who), positive_int(who.get("dataProviderId")))


def update(call: Call, sandbox: Sandbox) -> Answer:
    """Only name, description, price and enabled change; anything else is passed over (unverified).

    Unverified too: that the account is named as for a get, in the query or in the body.
    """
    codes = _who_codes(_who(call)) or forgiven(rules.broken(rules.UPDATE, call.json), sandbox)
    changes = call.json.keys() & {"name", "description", "price", "enabled"}
    if codes or not changes:
        return refused(codes or ["AUD01_0003"], sandbox)
    found = _find(call, sandbox)
    if found is None:
        return refused(["CC03_0001"], sandbox)
    if "name" in changes and found.is_complex:
        namesake = sandbox.pubmatic.complex_names.get((found.owner, call.json["name"]), found)
        if namesake is not found:
            return refused(["AUD01_0035"], sandbox)
    _change(found, {name: call.json[name] for name in changes}, sandbox)
    return json_answer(shapes.detailed(found), applied=str(found.id))


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
    """What is wrong with who asks for one audience.

    The page's example 3 tells a publisher without accountId of the client ID here, and when listing of the
    account ID. An accountId that is there but wrong is AUD01_0036 in both.
    """
    codes = rules.broken(rules.WHO_ASKS, who)
    if "accountId" in who:
        return codes
    return ["AUD01_0026" if code == "AUD01_0036" else code for code in codes]
