"""Whether a queryInfix is well formed, and which base audiences it names.

Documented by samples only: comma-separated tokens, parentheses and operators among them, each audience as
dataProviderId:providerAudienceId, and an AND or OR between any two. Unverified: nested parentheses, and AND
beside OR without them, are accepted; a single audience is not, as a complex one is "between multiple
audiences".
"""

from sandbox.pubmatic.rules import positive_int

OPERATORS = {"AND", "OR"}


def base_audiences(infix: str) -> list[tuple[int, str]] | None:
    """Its (dataProviderId, providerAudienceId) pairs, in their order; None if it is not well formed."""
    parts = infix.strip().split(",")
    if parts[0] != "(" or parts[-1] != ")":
        return None
    found: list[tuple[int, str]] = []
    depth = 0
    operand_next = True
    for part in parts:
        if part == "(" and operand_next:
            depth += 1
        elif part == ")" and not operand_next and depth > 0:
            depth -= 1
        elif part in OPERATORS and not operand_next and depth > 0:
            operand_next = True
        elif operand_next and depth > 0 and (pair := _pair(part)):
            found.append(pair)
            operand_next = False
        else:
            return None
    return found if depth == 0 and len(found) > 1 else None


def _pair(part: str) -> tuple[int, str] | None:
    provider, colon, audience = part.partition(":")
    data_provider_id = positive_int(provider)
    return (data_provider_id, audience) if data_provider_id and colon and audience.strip() else None
