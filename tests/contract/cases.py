"""What is a contract case? A payload, the requests it must send, the recorded answers, the outcome.

Cases are data, ``<provider>/<operation>/*.json``, found and not listed. A file holds one case, or a ``cases``
list of which each stands over the fields that they share. ``<provider>/provider.json`` holds the account.
They stand beside this file, or in the folder that ``AUDIENCE_CONTRACT_CASES`` names: a provider's of one's own.

    says             the sentence that the case proves
    config           over the provider's table of provider.json
    env              over the environment of provider.json; null takes a variable away
    payload          of the job
    files            the files that the job may name: their text by their name
    notes            what earlier attempts of the job wrote down
    find             look up instead of sending: null, or since when
    exchanges        requests in order, each with its answer; "safe" if it may be repeated though it is no GET
    request, answer  the same where there is one
    outcome          "is": the name of the outcome or look; its fields; of "said" only what is named

A request has ``method``, ``path``, ``params`` (pairs, in order), ``body``, and of ``headers`` those that
matter; a value between slashes is a regular expression. ``presigned`` says that it goes to an address that an answer
gave, which is a secret then: it is safe to repeat, carries no credentials, and its body is text. An answer has
``status``, ``headers``, and ``body`` to the letter or ``json`` as a value, ``{server}`` in it for the server's own
address; ``{"reset": true}`` breaks the connection without a byte.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ELSEWHERE = os.environ.get("AUDIENCE_CONTRACT_CASES")
FOLDER = Path(ELSEWHERE) if ELSEWHERE else Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One case; ``name`` is its file and place."""

    provider: str
    operation: str
    name: str
    fields: dict[str, Any]
    account: dict[str, Any]

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """The requests with their answers, whichever way they were written."""
        if "exchanges" in self.fields:
            return list(self.fields["exchanges"])
        if "answer" in self.fields:
            return [{"request": self.fields["request"], "answer": self.fields["answer"]}]
        return []

    @property
    def config(self) -> dict[str, Any]:
        """The provider's table, still without its address."""
        return dict(self.account["config"] | self.fields.get("config", {}))

    @property
    def env(self) -> dict[str, str | None]:
        """The environment that the secrets are read from."""
        return dict(self.account["env"] | self.fields.get("env", {}))


def every_case() -> list[Case]:
    """All cases of all providers."""
    folders = (FOLDER / name for name in with_cases())
    return [case for folder in folders for path in sorted(folder.glob("*/*.json")) for case in _of_file(path)]


def with_cases() -> list[str]:
    """The providers that have a folder of cases."""
    return sorted(path.parent.name for path in FOLDER.glob("*/provider.json"))


def body_of(answer: dict[str, Any]) -> bytes:
    """The bytes of a recorded answer's body."""
    return json.dumps(answer["json"]).encode() if "json" in answer else str(answer.get("body", "")).encode()


def _of_file(path: Path) -> list[Case]:
    provider, operation = path.parent.parent, path.parent.name
    account = json.loads((provider / "provider.json").read_text(encoding="utf-8"))
    shared = json.loads(path.read_text(encoding="utf-8"))
    each_fields = [shared | each for each in shared.pop("cases", [{}])]
    return [
        Case(
            provider.name,
            operation,
            f"{provider.name}/{operation}/{path.stem}: {fields['says']}",
            fields,
            account,
        )
        for fields in each_fields
    ]
