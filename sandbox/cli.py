"""Which options the sandbox takes on the command line."""

from typing import Annotated

import typer

from sandbox.behaviour import Behaviour, LostAnswer, MintegralThrottle, PubmaticThrottle
from sandbox.credentials import Credentials, Keys
from sandbox.rates import RetryAfter
from sandbox.refusals import UnusableError
from sandbox.server import LOOPBACK, serve
from sandbox.untrusted_json import read_object

READY = "sandbox ready on "
_FRESH = Behaviour()


def run(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on. There is no auth on the control API.")] = LOOPBACK,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8900,
    latency_ms: Annotated[float, typer.Option(help="Wait before every answer.")] = _FRESH.latency_ms,
    rate_limit: Annotated[
        str, typer.Option(help="For each account, like 5/s; with exceptions: '5/s, pubmatic/acme=2/s'.")
    ] = _FRESH.rate_limit,
    retry_after: Annotated[RetryAfter, typer.Option(help="How a 429 says when to come back.")] = _FRESH.retry_after,
    pubmatic_throttle: Annotated[
        PubmaticThrottle, typer.Option(help="Form of PubMatic's throttling.")
    ] = _FRESH.pubmatic_throttle,
    mintegral_throttle: Annotated[
        MintegralThrottle, typer.Option(help="Form of Mintegral's throttling.")
    ] = _FRESH.mintegral_throttle,
    error_rate: Annotated[
        float, typer.Option(help="Share of requests answered 500 or 503, nothing done.")
    ] = _FRESH.error_rate,
    timeout_after_commit_rate: Annotated[
        float, typer.Option(help="Share of applied requests whose answer is lost.")
    ] = _FRESH.timeout_after_commit_rate,
    lost_answer: Annotated[LostAnswer, typer.Option(help="What a lost answer looks like.")] = _FRESH.lost_answer,
    visible_after_ms: Annotated[
        float, typer.Option(help="How long a new audience stays out of get and list.")
    ] = _FRESH.visible_after_ms,
    update_lock_s: Annotated[
        float, typer.Option(help="Mintegral: no update so soon after a change.")
    ] = _FRESH.update_lock_s,
    clock_tolerance_s: Annotated[
        float, typer.Option(help="Mintegral: how far a timestamp may be off.")
    ] = _FRESH.clock_tolerance_s,
    seed: Annotated[int, typer.Option(help="The same seed rolls the same dice.")] = _FRESH.seed,
    treacherous: Annotated[
        bool, typer.Option(help="Every JSON value in its other documented type or wording.")
    ] = _FRESH.treacherous,
    behaviour: Annotated[
        str, typer.Option(help="Any option, over the others, as JSON: '{\"page_size_max\": 2}'.", metavar="JSON")
    ] = "{}",
    pubmatic_token: Annotated[
        list[str] | None, typer.Option(help="ACCOUNT=TOKEN, also accepted. May be repeated.")
    ] = None,
    mintegral_keys: Annotated[
        list[str] | None, typer.Option(help="ACCOUNT=ACCESS_KEY:API_KEY, also accepted. May be repeated.")
    ] = None,
) -> None:
    """The fake PubMatic and Mintegral, until Ctrl-C. Every option, at any time: PATCH /_sandbox/behaviour."""
    try:
        chosen = Behaviour(
            latency_ms=latency_ms,
            rate_limit=rate_limit,
            retry_after=retry_after,
            pubmatic_throttle=pubmatic_throttle,
            mintegral_throttle=mintegral_throttle,
            error_rate=error_rate,
            timeout_after_commit_rate=timeout_after_commit_rate,
            lost_answer=lost_answer,
            visible_after_ms=visible_after_ms,
            update_lock_s=update_lock_s,
            clock_tolerance_s=clock_tolerance_s,
            seed=seed,
            treacherous=treacherous,
        ).changed(read_object(behaviour))
        credentials = _with(pubmatic_token or [], mintegral_keys or [])
    except UnusableError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    try:
        serve(host, port, chosen, say_ready, credentials)
    except OSError as taken:
        typer.echo(f"The sandbox cannot listen on {host}:{port}: {taken.strerror}", err=True)
        raise typer.Exit(1) from taken


def say_ready(url: str) -> None:
    """The one line that tells whoever started the process where to send requests."""
    print(f"{READY}{url}", flush=True)  # noqa: T201 -- this line is the command's output


def _with(pubmatic_tokens: list[str], mintegral_keys: list[str]) -> Credentials:
    credentials = Credentials()
    for given in pubmatic_tokens:
        account, _, token = given.partition("=")
        if not account or not token:
            raise UnusableError("a PubMatic token is given as ACCOUNT=TOKEN")
        credentials.pubmatic_tokens[account] = token
    for given in mintegral_keys:
        account, _, keys = given.partition("=")
        access_key, _, api_key = keys.partition(":")
        if not account or not access_key or not api_key:
            raise UnusableError("Mintegral keys are given as ACCOUNT=ACCESS_KEY:API_KEY")
        credentials.mintegral_keys[account] = Keys(access_key, api_key)
    return credentials
