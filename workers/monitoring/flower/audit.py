"""Who did what, and when? The newest acts of operators, here and on the command line."""

from __future__ import annotations

from workers.monitoring.audit import newest, said
from workers.monitoring.flower.masked import masked
from workers.monitoring.flower.page import Page

SHOWN = 200


class AuditPage(Page):
    """The newest first."""

    async def get(self) -> None:
        lines = await self.read(newest, self.here, SHOWN)
        self.show("audit.html", lines=masked(lines), most=SHOWN, in_words=said)
