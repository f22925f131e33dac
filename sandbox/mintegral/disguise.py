"""In which other types and words Mintegral's pages say the same thing.

`msg` for `message` and the reverse, digits as text for numbers (two tables type texts as "int"), and in a failure
or beside an empty success the text in `data`, as the create page's table has it.
"""

from typing import Any

_OTHER_NAME = {"msg": "message", "message": "msg"}


def disguised(value: Any) -> Any:
    if not isinstance(value, dict) or "code" not in value:
        return value
    changed = {_OTHER_NAME.get(name, name): _in_text(one) for name, one in value.items()}
    if changed["data"] is None:
        changed["data"] = changed.get("msg", changed.get("message"))
    return changed


def _in_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_text(one) for one in value]
    return str(value) if isinstance(value, int) else value
