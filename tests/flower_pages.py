"""What do tests of our pages in Flower have in common? A configuration, the pages, and the token of a form."""

from __future__ import annotations

import re

import httpx

CONFIG = """
[pubmatic.accounts.acme]
access_token = { env = "P" }
limits = ["5/s"]
[mintegral.accounts.acme]
access_key = { env = "K" }
api_key = { env = "A" }
"""
SECRETS = {"P": "canary-token-1", "K": "canary-key-2", "A": "canary-key-3"}
LETTER = "pubmatic/acme/order-17/1"
PAGES = (
    "/audience/lanes", "/audience/lane?provider=pubmatic&account=acme", "/audience/lane?provider=pubmatic&account=*",
    "/audience/dead", "/audience/dead?text=order", f"/audience/dead/letter?id={LETTER}",
    "/audience/dead/many?does=edit", "/audience/dead/many?does=replay", "/audience/dead/many?does=discard",
    "/audience/jobs", "/audience/jobs?text=order", "/audience/audit",
    "/audience/job?provider=pubmatic&account=acme&id=order-17",
)  # fmt: skip


def token(client: httpx.Client, page: str = "/audience/lane?provider=pubmatic&account=acme") -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found[1]
