"""What Mintegral's audience calls answer: create, list, update, delete."""

from typing import Any

from sandbox.answers import JSON, Answer
from sandbox.calls import Call
from sandbox.mintegral import rules
from sandbox.mintegral.envelope import audience_answer, audience_refusal
from sandbox.mintegral.store import Audience
from sandbox.state import Sandbox

LIMIT_DEFAULT = 10
LIMIT_MAX = 500  # a larger one is clamped, not refused
_MAX_DIGITS = 18


def create(call: Call, sandbox: Sandbox) -> Answer:
    made = make(_json_body(call), call.account, sandbox)
    if isinstance(made, str):
        return audience_refusal(made)
    return audience_answer({"ta_id": made.ta_id}, applied=str(made.ta_id))


def make(fields: rules.Fields, account: str, sandbox: Sandbox) -> Audience | str:
    """The new audience, or the sentence of why not."""
    wrong = rules.wrong_with_create(fields, _device_types(sandbox), _uploaded(sandbox))
    if wrong:
        return wrong
    if sandbox.behaviour.unique_names and sandbox.mintegral.is_taken(account, fields["ta_name"]):
        return "audience name already exists"
    now = sandbox.wall()
    audience = Audience(
        account=account,
        ta_name=fields["ta_name"],
        area_type=fields["area_type"],
        platform=fields["platform"],
        data_path=fields["data_path"],
        ctime=now,
        utime=now,
    )
    return sandbox.mintegral.add(audience)


def list_all(call: Call, sandbox: Sandbox) -> Answer:
    """Newest first (unverified). `ta_name` is a fuzzy filter: anywhere in the name, whatever the case."""
    limit = min(_positive(call.param("limit")) or LIMIT_DEFAULT, LIMIT_MAX)
    page = _positive(call.param("page")) or 1
    found = _found(call, sandbox)
    shown = found[(page - 1) * limit : page * limit]
    data = {
        "page": page,
        "limit": limit,
        "current_total": len(shown),
        "total": len(found),
        "list": [listed(one) for one in shown],
    }
    return audience_answer(data)


def update(call: Call, sandbox: Sandbox) -> Answer:
    """Replaces the files; refused for 12 hours after the last change with an unverified code and text."""
    fields = _json_body(call)
    wrong = rules.wrong_with_update(fields, _device_types(sandbox), _uploaded(sandbox))
    if wrong:
        return audience_refusal(wrong)
    found = sandbox.mintegral.find(call.account, fields["ta_id"])
    if found is None:
        return audience_refusal(f"ta_id {fields['ta_id']} does not exist")
    now = sandbox.wall()
    if now - found.utime < sandbox.behaviour.update_lock_s:
        return audience_refusal("the audience cannot be updated within 12 hours of its creation or last update")
    found.data_path = fields["data_path"]
    found.utime = now
    return audience_answer({"ta_id": found.ta_id}, applied=str(found.ta_id))


def delete(call: Call, sandbox: Sandbox) -> Answer:
    """All or none: an unknown id refuses the whole list (unverified)."""
    fields = _json_body(call)
    wrong = rules.wrong_with_delete(fields)
    if wrong:
        return audience_refusal(wrong)
    ids = list(dict.fromkeys(fields["ta_id"]))
    found = [one for ta_id in ids if (one := sandbox.mintegral.find(call.account, ta_id))]
    if len(found) < len(ids):
        unknown = set(ids) - {one.ta_id for one in found}
        return audience_refusal(f"ta_id {', '.join(map(str, sorted(unknown)))} does not exist")
    for one in found:
        sandbox.mintegral.delete(one)
    return audience_answer(None, applied=",".join(map(str, ids)))


def listed(one: Audience) -> dict[str, Any]:
    """An item of the list; ta_type 1 is an uploaded audience."""
    return {
        "ta_id": one.ta_id,
        "platform": one.platform,
        "ta_name": one.ta_name,
        "ta_type": 1,
        "device_type": one.device_type,
        "area_type": one.area_type,
        "ctime": int(one.ctime),
        "utime": int(one.utime),
    }


def _found(call: Call, sandbox: Sandbox) -> list[Audience]:
    ids = {part.strip() for part in (call.param("ta_ids") or "").split(",") if part.strip()}
    name = (call.param("ta_name") or "").lower()
    platform = call.param("platform")
    visible_until = sandbox.wall() - sandbox.behaviour.visible_after_ms / 1000
    return [
        one
        for one in sandbox.mintegral.newest_first(call.account)
        if one.ctime <= visible_until
        and (not ids or str(one.ta_id) in ids)
        and name in one.ta_name.lower()
        and platform in (None, "", str(one.platform))
    ]


def _json_body(call: Call) -> dict[str, Any]:
    """Without its media type a body is not read, so every parameter is missing (unverified)."""
    return call.json if call.media_type == JSON else {}


def _positive(text: str | None) -> int | None:
    """Anything else falls back to the default (unverified)."""
    return (
        int(text) if text and text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS and int(text) else None
    )


def _device_types(sandbox: Sandbox) -> set[int]:
    return rules.NEWER_DEVICE_TYPES if sandbox.behaviour.newer_device_types else rules.DEVICE_TYPES


def _uploaded(sandbox: Sandbox) -> rules.Uploaded:
    """Any s3 path will do unless the options say otherwise: the page's own sample was never uploaded here."""
    return lambda path: not sandbox.behaviour.uploads_required or path in sandbox.storage.files
