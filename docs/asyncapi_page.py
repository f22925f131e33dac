"""How does the AsyncAPI document look to a person? One page without any script: `python docs/asyncapi_page.py`.

Not by AsyncAPI's own React component: without its 2.4 MB of script, it shows no payload.
"""

import json
import re
from pathlib import Path
from typing import Any

from tornado.escape import xhtml_escape
from tornado.template import Loader

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "schemas" / "json" / "asyncapi.json"
PAGE = HERE / "asyncapi.html"


def page(document: dict[str, Any]) -> str:
    """The whole page, the same on every run."""
    template = Loader(str(HERE), whitespace="oneline").load("asyncapi_page.html")
    functions = {"kind": kind, "last": last, "pretty": pretty, "prose": prose}
    return str(template.generate(document=document, found=list(_found(document)), **functions).decode()) + "\n"


def _found(document: dict[str, Any]) -> Any:
    """Each operation with its channel."""
    for name, operation in document["operations"].items():
        yield name, operation, document["channels"][last(operation["channel"])]


def last(reference: dict[str, str]) -> str:
    """The name of what is referred to."""
    return reference["$ref"].rpartition("/")[2]


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def prose(text: str) -> str:
    """Text with `code` in it, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", xhtml_escape(text))


def kind(schema: dict[str, Any]) -> str:
    """What a value may be, as HTML."""
    match schema:
        case {"$ref": _}:
            name = xhtml_escape(last(schema))
            found = f'<a href="#{name}">{name}</a>'
        case {"const": value}:
            found = _any_of([value])
        case {"enum": values}:
            found = _any_of(values)
        case {"anyOf": choices} | {"oneOf": choices}:
            found = " or ".join(map(kind, choices))
        case {"allOf": [{"$ref": _} as whole, *_]}:
            found = kind(whole)
        case {"type": "array", "items": dict() as items}:
            found = f"array of {kind(items)}"
        case _:
            found = xhtml_escape(" ".join([schema.get("type", "anything"), *_limits(schema)]))
    return found


def _any_of(values: list[Any]) -> str:
    return " or ".join(f"<code>{xhtml_escape(json.dumps(value))}</code>" for value in values)


def _limits(schema: dict[str, Any]) -> list[str]:
    names = ("minimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "format")
    return [f"{name} {schema[name]}" for name in names if name in schema]


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(DOCUMENT.read_text())))
