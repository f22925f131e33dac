"""When did each request leave the workers? Noted by the proxy before it delays or cuts anything."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

# The credential names the lane; only its account is kept. A request's first bytes hold its whole head.
_HEAD = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) .*?sandbox-(pubmatic-token|mintegral-access)-(\w+)", re.DOTALL)


@dataclass
class Door:
    """Seconds since the epoch, by lane (``provider/account``), by the kernel's clock and not by a busy reader's."""

    left: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def see(self, data: bytes, at: float) -> None:
        head = _HEAD.match(data)
        if head is not None:
            provider = head[1].decode().partition("-")[0]
            self.left[f"{provider}/{head[2].decode()}"].append(at)

    def of(self, who: str) -> list[float]:
        """Of one lane, or of all lanes of a provider."""
        return [at for lane, times in self.left.items() if who in {lane, lane.partition("/")[0]} for at in times]


def windows_over(times: list[float], count: int, period_s: float) -> int:
    """Windows that held more than ``count``, one counted for each request that made a window too full."""
    ordered = sorted(times)
    return sum(ordered[last] - ordered[last - count] < period_s for last in range(count, len(ordered)))
