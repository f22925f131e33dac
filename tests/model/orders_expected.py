"""What should an operator's orders, and the configuration, do to the model?"""

from __future__ import annotations

from collections.abc import Sequence

from expected import FOR_EVER, Expected

from workers.config import AccountConfig, Limit, ProviderConfig


def configure(model: Expected, config: ProviderConfig) -> None:
    """The whole configuration. A limit that an operator set leads."""
    model.config = config
    _configure(model, "*", config)
    for name, account in config.accounts.items():
        _configure(model, name, account)


def _configure(model: Expected, name: str, its: ProviderConfig | AccountConfig) -> None:
    model.lane(name).cap = its.max_in_flight or 0
    of_operations = {f"{name}/{word}": operation.limits for word, operation in its.operations.items()}
    for scope, limits in {name: its.limits, **of_operations}.items():
        lane = model.lane(scope)
        lane.configured = limits
        if not lane.ordered:
            lane.set_limits(limits, model.now)


def set_limits(model: Expected, name: str, limits: Sequence[Limit]) -> None:
    """None: those of the configuration again."""
    lane = model.lane(name)
    lane.ordered = bool(limits)
    lane.set_limits(tuple(limits) or lane.configured, model.now)


def pause(model: Expected, name: str, for_s: float | None) -> float:
    model.lane(name).held_until = model.now + round(for_s * 1e6) if for_s else FOR_EVER
    return model.lane(name).held_until / 1e6


def resume(model: Expected, name: str) -> float:
    lane = model.lane(name)
    lane.held_until = 0
    if lane.open_until is not None:
        lane.open_until = model.now
    return model.paused_until(name) / 1e6
