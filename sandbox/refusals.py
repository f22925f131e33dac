"""What a control request or an option is told when it cannot be used."""


class UnusableError(ValueError):
    """Says in one sentence what was expected."""
