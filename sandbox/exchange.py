"""How a provider's request goes from its arrival to an answer, or to the lack of one."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from tornado.iostream import StreamClosedError

from sandbox import endings, gateway
from sandbox.answers import JSON, Answer, json_answer
from sandbox.arrival import Arrival
from sandbox.behaviour import LostAnswer
from sandbox.calls import Call
from sandbox.fault_reading import HEADER, fault_of_header
from sandbox.faults import Action, Fault
from sandbox.ledger import Entry
from sandbox.provider import Operation, Provider
from sandbox.refusals import UnusableError
from sandbox.state import Sandbox

ENDS_BEFORE = {Action.ANSWER, Action.RESET, Action.HANG}


class Exchange(Arrival):
    """One path of one provider: `operations` by method, and `otherwise` for every other method."""

    def initialize(  # type: ignore[override]  # Tornado passes what the route says
        self, sandbox: Sandbox, provider: Provider, operations: Mapping[str, Operation], otherwise: Operation
    ) -> None:
        super().initialize()
        self.sandbox = sandbox
        self.provider = provider
        self.operations = operations
        self.otherwise = otherwise

    async def _exchange(self, *path_args: str) -> None:
        call = self._read_call(path_args)
        entry = self._open_entry(call)
        try:
            own_fault = self._own_fault()
            await self._wait(self.sandbox.behaviour.latency_ms)
            await self._decide(call, entry, own_fault)
        except UnusableError as wrong:
            entry.fault = f"unreadable {HEADER}"
            self._finish_with(json_answer({"error": f"{HEADER}: {wrong}"}, HTTPStatus.BAD_REQUEST), entry)
        except StreamClosedError:
            pass  # the client left first; the ledger keeps what was applied
        finally:
            entry.ended_monotonic = self.sandbox.monotonic()

    get = post = put = patch = delete = options = head = _exchange

    async def _decide(self, call: Call, entry: Entry, own_fault: Fault | None) -> None:
        if page := gateway.broken_down(self.sandbox, entry):
            self._finish_with(page, entry)
        elif refusal := gateway.throttled(call, self.provider, self.sandbox, entry):
            self._finish_with(self._disguised(refusal), entry)
        elif fault := self._fault(call, entry, own_fault):
            await self._go_wrong(fault, call, entry)
        else:
            await self._answer_or_lose(self._apply(call, entry), entry)

    def _own_fault(self) -> Fault | None:
        text = self.request.headers.get(HEADER)
        return None if text is None else fault_of_header(text)

    def _fault(self, call: Call, entry: Entry, own_fault: Fault | None) -> Fault | None:
        """The request's own one goes first, and leaves those that wait to others."""
        if own_fault and own_fault.matches(call, self.provider.name, entry.name):
            return own_fault
        return self.sandbox.faults.take(call, self.provider.name, entry.name)

    def _read_call(self, path_args: tuple[str, ...]) -> Call:
        request = self.request
        call = Call(
            method=self.method,
            path=request.path,
            path_args=path_args,
            query=request.query_arguments,
            headers=request.headers,
            body=b"".join(self.chunks),
            origin=f"{request.protocol}://{request.host}",
            account="",
        )
        return replace(call, account=self.provider.account(call, self.sandbox))

    def _open_entry(self, call: Call) -> Entry:
        age_s = self.request.request_time()
        return self.sandbox.ledger.open(
            at=self.sandbox.wall() - age_s,
            at_monotonic=self.sandbox.monotonic() - age_s,
            provider=self.provider.name,
            method=call.method,
            path=call.path,
            account=call.account,
            name=self.provider.subject(call),
        )

    def _apply(self, call: Call, entry: Entry) -> Answer:
        answer = self.provider.too_large if self.is_too_large else self.operate(call)
        entry.applied = answer.applied
        return self._disguised(answer)

    def operate(self, call: Call) -> Answer:
        return self.operations.get(call.method, self.otherwise)(call, self.sandbox)

    def _disguised(self, answer: Answer) -> Answer:
        if not self.sandbox.behaviour.treacherous or answer.content_type != JSON or not answer.body:
            return answer
        return replace(answer, body=json.dumps(self.provider.disguised(json.loads(answer.body))).encode())

    async def _answer_or_lose(self, answer: Answer, entry: Entry) -> None:
        behaviour = self.sandbox.behaviour
        rate = behaviour.timeout_after_commit_rate
        if answer.applied is None or not rate or self.sandbox.dice.random() >= rate:
            self._finish_with(answer, entry)
            return
        entry.fault = "timeout_after_commit_rate"
        if behaviour.lost_answer is LostAnswer.HANG:
            await endings.hang(self.detach(), behaviour.hang_s)
        else:
            endings.reset(self.detach())

    async def _go_wrong(self, fault: Fault, call: Call, entry: Entry) -> None:
        entry.fault = fault.label
        scripted = fault.answer(self.sandbox.wall())
        answer = scripted if fault.action in ENDS_BEFORE else self._apply(call, entry)
        match fault.action:
            case Action.ANSWER | Action.COMMIT_THEN_ANSWER:
                self._finish_with(scripted, entry)
            case Action.RESET | Action.COMMIT_THEN_RESET:
                endings.reset(self.detach())
            case Action.HANG | Action.COMMIT_THEN_HANG:
                await endings.hang(self.detach(), self.sandbox.behaviour.hang_s)
            case Action.COMMIT_THEN_TRUNCATE:
                await endings.truncate(self.detach(), answer)
            case Action.DRIP:
                entry.status = answer.status
                await endings.drip(self.detach(), answer, fault.delay_ms / 1000)
            case Action.DELAY:
                await self._wait(fault.delay_ms)
                self._finish_with(answer, entry)

    def _finish_with(self, answer: Answer, entry: Entry) -> None:
        entry.status = answer.status
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        # Tornado takes even an empty text for a body, which a 204 must not have.
        self.finish(answer.body or None)

    def write_error(self, status_code: int, **_kwargs: Any) -> None:  # noqa: ARG002 -- Tornado's signature
        """A bug of the sandbox, told on standard error: the client sees the provider's own trouble."""
        self._send(self.provider.broken)

    async def _wait(self, milliseconds: float) -> None:
        if milliseconds > 0:
            await asyncio.sleep(milliseconds / 1000)
