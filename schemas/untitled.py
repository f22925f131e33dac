"""How do the published schemas differ from pydantic's own? They have no title that only repeats a field's name."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema


class Untitled(GenerateJsonSchema):
    """OpenAPI's `discriminator` is left out, too: JSON Schema does not know it."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the name is the base class's
        return False

    def tagged_union_schema(self, schema: Any) -> dict[str, Any]:
        return {key: each for key, each in super().tagged_union_schema(schema).items() if key != "discriminator"}
