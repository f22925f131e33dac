"""How a JSON object is held against its model: strictly, and with all that is wrong said at once.

Pydantic alone stops before rules between fields when a field is wrong, and quotes the input in its messages.
A producer gets one answer, written for a person, and member data must not be in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError

from schemas.problem import Problem, pointer
from schemas.rules import Rule

REQUIRED = "required"
UNKNOWN = "not given: this field is unknown"

_SENTENCES: Mapping[str, str] = {
    "missing": REQUIRED,
    "extra_forbidden": UNKNOWN,
    "string_type": "a string",
    "bool_type": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "an array",
    "too_short": "an array of at least {min_length} element",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "union_tag_not_found": "required",
    "union_tag_invalid": "one of {expected_tags}",
}
"""For what a field's own sentence (`expect`) does not cover. Only a model's own limits are filled in."""

_ANNOTATIONS = ("title", "description", "examples", "default")


def expect(sentence: str) -> WrapValidator:
    """Last in an `Annotated`: whatever is wrong with the value, this sentence says what was expected."""

    def read(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            # Not chained: the cause quotes the input.
            raise _expected(sentence) from None

    return WrapValidator(read)


class Wire(BaseModel):
    """Unknown fields are refused, types are strict, an optional field that is null is absent."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    rules: ClassVar[tuple[Rule, ...]] = ()
    renamed: ClassVar[Mapping[str, str]] = {}
    """Names that documents use for a field by mistake, and the field's true name."""
    _optional: ClassVar[frozenset[str]] = frozenset()
    _true_names: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict):
            return handler(value)
        given = value
        if None in value.values():
            given = {name: each for name, each in value.items() if each is not None or name not in cls._optional}
        broken: dict[tuple[int | str, ...], str] = {}
        model = None
        try:
            model = handler(given)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=False):
                broken.setdefault(each["loc"], cls._sentence(each))
        for rule in cls.rules:
            for place, expected in rule.broken(given):
                broken.setdefault(place, expected)
        if model is None or broken:
            raise ValidationError.from_exception_data(cls.__name__, _details(broken), hide_input=True)
        return model

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        fields = {name: field.alias or name for name, field in cls.model_fields.items()}
        cls._optional = frozenset(fields[name] for name, field in cls.model_fields.items() if not field.is_required())
        cls._true_names = {**fields, **cls.renamed}

    @classmethod
    def _sentence(cls, error: ErrorDetails) -> str:
        match error["loc"]:
            case (str(name),) if error["type"] == "extra_forbidden" and name in cls._true_names:
                return f"not given: send {cls._true_names[name]}"
            case _:
                return _sentence(error)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        own = handler.resolve_ref_schema(schema)
        for name in cls._optional.intersection(own.get("properties", {})):
            own["properties"][name] = _or_null(own["properties"][name])
        if cls.rules:
            own["allOf"] = [said for rule in cls.rules if (said := rule.schema())]
        return schema


def problems_of(error: ValidationError, *root: str) -> Iterable[Problem]:
    """What was wrong, as pointers from `root`."""
    for each in error.errors(include_url=False, include_input=False):
        yield Problem(pointer(*root, *each["loc"]), _sentence(each))


def _expected(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("expected", "{expected}", {"expected": sentence})


def _sentence(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "expected":
        return str(context["expected"])
    return _SENTENCES.get(error["type"], "a valid value").format_map(context)


def _details(broken: Mapping[tuple[int | str, ...], str]) -> list[InitErrorDetails]:
    return [{"type": _expected(sentence), "loc": place, "input": None} for place, sentence in broken.items()]


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an optional field: null is absent, which is no default worth naming."""
    kept = {key: each for key, each in schema.items() if key in _ANNOTATIONS and (key, each) != ("default", None)}
    type_ = {key: each for key, each in schema.items() if key not in _ANNOTATIONS}
    choices = type_["anyOf"] if set(type_) == {"anyOf"} else [type_]
    if not type_ or {"type": "null"} in choices:
        return {**type_, **kept}
    return {"anyOf": [*choices, {"type": "null"}], **kept}
