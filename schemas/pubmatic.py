"""Which payloads PubMatic's operations take.

Fields, limits and conditions: PubMatic Audience API, seen as a diff of two versions of its page, which
contradicts itself in places; a fact from elsewhere says where it stands.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from schemas.rules import Absent, AtLeastOne, Forbidden, Is, Present, Required, Rule
from schemas.scalars import AtLeast1, Number, Text, Text256, Text1024, UpTo1024, ZeroOrOne
from schemas.wire import Wire, expect

CLIENT = "DATA_PROVIDER_CLIENT"
OWN_ACCOUNTS = ("PUBLISHER", "DEMAND_PARTNER", "BUYER")

# Create, examples 2 and 3: "(,383:216804,AND,383:223315,)"; create, response: "(383:7)". So commas separate
# the tokens and may be left out beside a parenthesis. How AND and OR nest is not documented: any balanced
# nesting passes.
_ID = r"[0-9]+:[^\s,()]+"
QUERY_INFIX = (
    rf"^(?:\(,?)+{_ID}"
    rf"(?:(?:,|(?:,?\))+,?)(?:AND|OR)(?:,|,?(?:\(,?)+){_ID})*"
    r"(?:,?\))+$"
)


def _balanced(query_infix: str) -> str:
    depth = 0
    for parenthesis in re.findall(r"[()]", query_infix):
        depth += 1 if parenthesis == "(" else -1
        if depth < 0:
            break
    if depth != 0:
        raise ValueError("unbalanced")
    return query_infix


QueryInfix = Annotated[
    str,
    StringConstraints(pattern=QUERY_INFIX),
    AfterValidator(_balanced),
    expect("audience IDs joined by AND or OR in balanced parentheses, like (,383:7,AND,383:9,)"),
]
# Create, sample: the string "1.0"; list, samples: the numbers 12344 and 23. The document says both that a
# negative price is an error (AUD01_0153) and that it becomes 0: it is refused here.
Price = Annotated[
    Annotated[int, Field(ge=0)]
    | Annotated[float, Field(ge=0, allow_inf_nan=False)]
    | Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,15})?$")],
    expect("a number of at least 0, or a string like 1.0"),
]
AudienceType = Annotated[
    Literal["MY_AUDIENCE", "SHARED_AUDIENCE", "ALL_AUDIENCE"],
    expect("one of MY_AUDIENCE, SHARED_AUDIENCE, ALL_AUDIENCE"),
]


ACCOUNT_RULES: tuple[Rule, ...] = (
    Required(
        "accountId",
        (Is("accountType", OWN_ACCOUNTS),),
        f"required when accountType is one of {', '.join(OWN_ACCOUNTS)}",
    ),
    Required("clientId", (Is("accountType", (CLIENT,)),), f"required when accountType is {CLIENT}"),
    Required("dataProviderId", (Is("accountType", (CLIENT,)),), f"required when accountType is {CLIENT}"),
)
"""Create asks no dataProviderId of a client's complex audience; get and list need it to find that again."""

_SIMPLE = "required: a simple audience has dataProviderId and providerAudienceId, a complex one queryInfix"
_COMPLEX = "not given: with queryInfix the audience is a complex one"


class _AccountFields(Wire):
    """Whose audience it is: PubMatic's ID of the account, or the data provider's own ID of its client."""

    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True)
    rules: ClassVar[tuple[Rule, ...]] = ACCOUNT_RULES
    # The samples of complex audiences send accountTypeId; the table and the simple sample say accountType.
    renamed: ClassVar[Mapping[str, str]] = {"accountTypeId": "accountType"}

    account_type: Annotated[
        Literal["PUBLISHER", "DEMAND_PARTNER", "BUYER", "DATA_PROVIDER_CLIENT"],
        expect("one of PUBLISHER, DEMAND_PARTNER, BUYER, DATA_PROVIDER_CLIENT"),
    ] = Field(description="Type of the account that the audience belongs to.")
    account_id: Number | None = Field(default=None, description="PubMatic's ID of the publisher, buyer or DSP.")
    # Limits of clientId, providerAudienceId, transferCode: only in the texts of AUD01_0026, _0010, _0012.
    client_id: Text1024 | None = Field(default=None, description="The data provider's own ID of its client.")
    data_provider_id: Number | None = Field(default=None, description="PubMatic's ID of the data provider.")


class CreateAudience(_AccountFields):
    """A simple audience (dataProviderId and providerAudienceId), or a complex one (queryInfix)."""

    model_config = ConfigDict(title="PubMatic create_audience payload")
    rules: ClassVar[tuple[Rule, ...]] = (
        *ACCOUNT_RULES,
        Required("dataProviderId", (Absent("queryInfix"),), _SIMPLE),
        Required("providerAudienceId", (Absent("queryInfix"),), _SIMPLE),
        Forbidden("providerAudienceId", (Present("queryInfix"),), _COMPLEX),
        Forbidden("dataProviderId", (Present("queryInfix"), Is("accountType", OWN_ACCOUNTS)), _COMPLEX),
    )

    name: Text256
    description: UpTo1024 | None = None
    definition: UpTo1024 | None = Field(
        default=None,
        description="The rule in words, for people. The document's condition for it is nowhere stated.",
    )
    provider_audience_id: Text256 | None = Field(
        default=None, description="The data provider's own ID of the audience."
    )
    query_infix: QueryInfix | None = Field(
        default=None,
        description="dataProviderId:providerAudienceId, joined by AND or OR: (,383:7,AND,383:9,)",
    )
    transfer_code: Text256 | None = Field(default=None, description="Where it differs from providerAudienceId.")
    # PubMatic turns any other value of these two silently into 1: a typo would enable or hide the audience.
    enabled: ZeroOrOne | None = Field(default=None, description="May be used in deals and rules.")
    private: ZeroOrOne | None = Field(default=None, description="Cannot be shared with other accounts.")
    enabled_for_aim_tag: ZeroOrOne | None = Field(default=None, alias="enabledForAIMTag")
    price: Price | None = Field(default=None, description="For an owner who sells the audience; no unit is documented.")


class GetAudience(_AccountFields):
    """One audience by PubMatic's own ID."""

    model_config = ConfigDict(title="PubMatic get_audience payload")

    audience_id: Number


class ListAudiences(_AccountFields):
    """All audiences of an account that pass the filters, from all pages."""

    model_config = ConfigDict(title="PubMatic list_audiences payload")

    audience_type: Annotated[list[AudienceType], Field(min_length=1)] | None = Field(
        default=None, description="PubMatic's own default is MY_AUDIENCE, which hides shared ones."
    )
    id: Number | None = None
    name: Text | None = None
    search_key: Text | None = Field(default=None, description="Matches a part of a name or an ID.")
    provider_audience_id: Text | None = None
    enabled: ZeroOrOne | None = None
    private: ZeroOrOne | None = None
    base_audience: ZeroOrOne | None = Field(default=None, description="1: simple audiences only, 0: complex ones only.")
    data_provider_organization_name: Text | None = None
    data_provider_organization_id: Number | None = None
    max_items: AtLeast1 | None = Field(
        default=None, alias="max_items", description="Ours, not sent: stop after so many audiences."
    )


class UpdateAudience(_AccountFields):
    """The changed fields of one audience. PATCH, from a later version of the same page."""

    model_config = ConfigDict(title="PubMatic update_audience payload")
    rules: ClassVar[tuple[Rule, ...]] = (
        *ACCOUNT_RULES,
        AtLeastOne(("name", "description", "price", "enabled")),
    )

    audience_id: Number
    name: Text256 | None = None
    description: UpTo1024 | None = None
    price: Price | None = None
    enabled: ZeroOrOne | None = None


PAYLOADS: Mapping[str, type[Wire]] = {
    "create_audience": CreateAudience,
    "get_audience": GetAudience,
    "list_audiences": ListAudiences,
    "update_audience": UpdateAudience,
}
