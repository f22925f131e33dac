"""How the sandbox is looked into and steered while it runs.

JSON under /_sandbox/ and no auth whatsoever: keep it on loopback.
"""

import json
import os
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError, RequestHandler

from sandbox.fault_presets import PRESETS
from sandbox.fault_reading import parse_fault
from sandbox.planted import add_credentials, every_audience, plant
from sandbox.refusals import UnusableError
from sandbox.state import Sandbox
from sandbox.untrusted_json import read_object

_MAX_DIGITS = 18


class Control(RequestHandler):
    def initialize(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def say(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value, separators=(",", ":")))

    def read_object(self) -> dict[str, Any]:
        return read_object(self.request.body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What makes a control request unusable is told; anything else is a bug and stays a 500."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        wrong = isinstance(error, UnusableError)
        text = str(error) if wrong else self._reason
        self.say({"error": text}, HTTPStatus.BAD_REQUEST if wrong else HTTPStatus(status_code))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (UnusableError, HTTPError)):
            super().log_exception(typ, value, tb)


class NothingControl(Control):
    def prepare(self) -> None:
        raise HTTPError(HTTPStatus.NOT_FOUND, reason=f"there are {', '.join(ROUTES)}")


class HealthControl(Control):
    def get(self) -> None:
        counts = {
            "pubmatic": len(self.sandbox.pubmatic.by_id),
            "mintegral": len(self.sandbox.mintegral.by_id),
        }
        self.say(
            {
                "status": "ok",
                "pid": os.getpid(),
                "audiences": counts,
                "ledger_seq": self.sandbox.ledger.last_seq,
            }
        )


class LedgerControl(Control):
    def get(self) -> None:
        ledger = self.sandbox.ledger
        since = self.get_query_argument("since", "0")
        if not (since.isascii() and since.isdecimal() and len(since) <= _MAX_DIGITS):
            raise UnusableError("since is the number of the last entry already seen")
        entries = ledger.read(
            since=int(since),
            provider=self.get_query_argument("provider", None),
            account=self.get_query_argument("account", None),
        )
        self.say({"entries": list(entries), "last_seq": ledger.last_seq})

    def delete(self) -> None:
        self.sandbox.ledger.clear()
        self.say({"last_seq": self.sandbox.ledger.last_seq})


class FaultsControl(Control):
    def get(self) -> None:
        self.say({"faults": [asdict(fault) for fault in self.sandbox.faults.pending]})

    def post(self) -> None:
        fault = parse_fault(self.read_object())
        self.say({"id": self.sandbox.faults.add(fault)}, HTTPStatus.CREATED)

    def delete(self) -> None:
        """Answers those that never happened: a test can see that its fault was met."""
        unused = [asdict(fault) for fault in self.sandbox.faults.pending]
        self.sandbox.faults.pending.clear()
        self.say({"unused": unused})


class PresetsControl(Control):
    def get(self) -> None:
        """By name, what each stands for: the fields of a fault."""
        self.say({"presets": PRESETS})


class AudiencesControl(Control):
    def get(self) -> None:
        self.say({"audiences": every_audience(self.sandbox, self.get_query_argument("provider", None))})

    def post(self) -> None:
        self.say({"ids": plant(self.read_object(), self.sandbox)}, HTTPStatus.CREATED)

    def delete(self) -> None:
        self.sandbox.forget_audiences()
        self.say({"audiences": []})


class UploadsControl(Control):
    def get(self) -> None:
        files = self.sandbox.storage.files
        self.say({"files": [{"data_path": path, **stored._asdict()} for path, stored in files.items()]})


class BehaviourControl(Control):
    def get(self) -> None:
        self.say(asdict(self.sandbox.behaviour))

    def patch(self) -> None:
        self.sandbox.behave(self.sandbox.behaviour.changed(self.read_object()))
        self.say(asdict(self.sandbox.behaviour))


class CredentialsControl(Control):
    def post(self) -> None:
        add_credentials(self.read_object(), self.sandbox)
        self.say({}, HTTPStatus.CREATED)


ROUTES: dict[str, type[Control]] = {
    "health": HealthControl,
    "ledger": LedgerControl,
    "faults": FaultsControl,
    "presets": PresetsControl,
    "audiences": AudiencesControl,
    "uploads": UploadsControl,
    "behaviour": BehaviourControl,
    "credentials": CredentialsControl,
}
