"""How a provider's request goes from its arrival to an answer, or to the lack of one."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from sandbox import endings
from sandbox.answers import Answer, text_answer
from sandbox.behaviour import LostAnswer, RetryAfter
from sandbox.calls import Call
from sandbox.faults import Action, Fault
from sandbox.ledger import Entry
from sandbox.rates import retry_after_date, retry_after_seconds
from sandbox.state import Sandbox

Operation = Callable[[Call, Sandbox], Answer]
ENDS_BEFORE = {Action.ANSWER, Action.RESET, Action.HANG}


@dataclass(frozen=True, slots=True)
class Provider:
    """What has to be known of a provider whatever the operation is."""

    name: str
    account: Callable[[Call, Sandbox], str]  # name of the credential, "" when it is not a known one
    subject: Callable[[Call], str]  # the name of what the request is about
    throttled: Callable[[Sandbox], Answer] | None  # None: whatever the limit is, it does not count here


class Exchange(RequestHandler):
    """One path of one provider: `operations` by method, and `otherwise` for every other method."""

    def initialize(
        self, sandbox: Sandbox, provider: Provider, operations: Mapping[str, Operation], otherwise: Operation
    ) -> None:
        self.sandbox = sandbox
        self.provider = provider
        self.operations = operations
        self.otherwise = otherwise

    async def _exchange(self, *path_args: str) -> None:
        call = self._read_call(path_args)
        entry = self._open_entry(call)
        try:
            await self._wait(self.sandbox.behaviour.latency_ms)
            refusal = self._roll_error(entry) or self._throttle(call, entry)
            if refusal:
                self._finish_with(refusal, entry)
            elif fault := self.sandbox.faults.take(call, self.provider.name, entry.name):
                await self._go_wrong(fault, call, entry)
            else:
                await self._answer_or_lose(self._apply(call, entry), entry)
        except StreamClosedError:
            pass  # the client left first; the ledger keeps what was applied
        finally:
            entry.ended_monotonic = self.sandbox.monotonic()

    get = post = put = patch = delete = options = head = _exchange

    def _read_call(self, path_args: tuple[str, ...]) -> Call:
        request = self.request
        call = Call(
            method=request.method or "",
            path=request.path,
            path_args=path_args,
            query=request.query_arguments,
            headers=request.headers,
            body=request.body,
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

    def _roll_error(self, entry: Entry) -> Answer | None:
        rate = self.sandbox.behaviour.error_rate
        if not rate or self.sandbox.dice.random() >= rate:
            return None
        entry.fault = "error_rate"
        status = self.sandbox.dice.choice((HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE))
        # A gateway's page, which is no JSON: what a client meets when the provider itself never saw the
        # request.
        return text_answer(f"<html><body><h1>{status.value} {status.phrase}</h1></body></html>", status, "text/html")

    def _throttle(self, call: Call, entry: Entry) -> Answer | None:
        if not call.account or not self.sandbox.rates or self.provider.throttled is None:
            return None
        behaviour = self.sandbox.behaviour
        who = f"{self.provider.name}/{call.account}"
        tolerance_s = behaviour.rate_tolerance_ms / 1000
        wait_s = self.sandbox.admissions.admit(who, self.sandbox.rates, entry.at_monotonic, tolerance_s)
        if wait_s <= 0:
            return None
        entry.fault = "rate_limit"
        answer = self.provider.throttled(self.sandbox)
        if behaviour.retry_after is RetryAfter.SECONDS:
            return replace(answer, headers={"Retry-After": retry_after_seconds(wait_s)})
        if behaviour.retry_after is RetryAfter.HTTP_DATE:
            return replace(answer, headers={"Retry-After": retry_after_date(wait_s, self.sandbox.wall())})
        return answer

    def _apply(self, call: Call, entry: Entry) -> Answer:
        answer = self.operate(call)
        entry.applied = answer.applied
        return answer

    def operate(self, call: Call) -> Answer:
        return self.operations.get(call.method, self.otherwise)(call, self.sandbox)

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
        entry.fault = fault.action.value
        answer = fault.answer() if fault.action in ENDS_BEFORE else self._apply(call, entry)
        match fault.action:
            case Action.ANSWER:
                self._finish_with(answer, entry)
            case Action.COMMIT_THEN_ANSWER:
                self._finish_with(fault.answer(), entry)
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
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.finish(answer.body)

    async def _wait(self, milliseconds: float) -> None:
        if milliseconds > 0:
            await asyncio.sleep(milliseconds / 1000)

    def compute_etag(self) -> None:
        """No provider documents one, and hashing every answer costs."""
