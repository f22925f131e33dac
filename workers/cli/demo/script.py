"""What happens in the demo? Six acts, each with what goes in and which event must come out."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from typing import Any

from workers.cli.demo.expected import Row, fails, identity_of_call, rejected, succeeds
from workers.cli.demo.screen import Screen
from workers.cli.demo.stage import Stage
from workers.cli.demo.watch import Watch
from workers.cli.demo.ways import Ways, as_json, run_command

LIST, STREAM, CELERY, COMMAND, CLIENT = "Redis list", "Redis stream", "Celery", "audience submit", "Python client"
RETRY_AFTER_S = 2
BASES = ("216804", "223315", "183659", "183663")  # what the example of a complex audience is made of
MISSING_BASE = "216804393"

Json = dict[str, Any]


def play(stage: Stage, watch: Watch, screen: Screen) -> Row:
    """Play it to its end; the row of the job whose dead letter was replayed, as it died."""
    ways, simple = Ways(stage.service), example("pubmatic-create-simple")
    for base in BASES:
        stage.sandbox.preset_base(simple["payload"], base)

    screen.act("Jobs come in by every way")
    created = watch.expect(succeeds(LIST, "PubMatic: create a simple audience", simple, result__already_existed=False))
    ways.redis_list(as_json(simple))
    mintegral = example("mintegral-create")
    watch.expect(succeeds(COMMAND, "Mintegral: create an audience", mintegral))
    ways.command(as_json(mintegral))
    complex_ = example("pubmatic-create-complex")
    watch.expect(succeeds(CELERY, "PubMatic: create a complex audience", complex_, result__already_existed=False))
    ways.celery(complex_)
    watch.all_answered()
    _reads(ways, watch, created)
    watch.all_answered()

    screen.act("What is no valid job is answered, and kept")
    _malformed(ways, watch, simple)
    watch.all_answered()

    screen.act("The same job again: no second request, the same event")
    watch.expect(Row(LIST, "the simple audience, once more", created.event_id, created.type, nth=2))
    ways.redis_list(as_json(simple))
    watch.all_answered()

    screen.act(f"The provider asks for patience: 429, Retry-After {RETRY_AFTER_S}")
    _throttled(stage, ways, watch, screen)

    screen.act("The answer to a create is lost after the provider has made the audience")
    lost = _like(simple, "night-owls", payload={"name": "Night Owls", "providerAudienceId": "owls"})
    stage.sandbox.fault(action="commit_then_reset", method="POST", provider="pubmatic", name="Night Owls")
    watch.expect(succeeds(STREAM, "PubMatic: create, answer lost", lost, result__already_existed=False, requests=2))
    ways.redis_stream("job", as_json(lost))
    watch.all_answered()

    screen.act("The provider refuses a job; its cause is mended, its dead letter replayed")
    return _died_and_replayed(stage, ways, watch, screen)


def example(name: str) -> Json:
    """A job of ``schemas/examples``."""
    text = (files("schemas") / "examples" / "jobs" / f"{name}.json").read_text(encoding="utf-8")
    job: Json = json.loads(text)
    return job


def _reads(ways: Ways, watch: Watch, created: Row) -> None:
    audience_id = (created.got or {}).get("data", {}).get("result", {}).get("audience_id", "0")
    get = _like(example("pubmatic-get-internal"), "get-it", payload={"audienceId": int(audience_id)})
    watch.expect(succeeds(CLIENT, "PubMatic: get that audience", get, result__audience_id=audience_id))
    ways.client(get)
    list_ = example("pubmatic-list-internal")
    watch.expect(succeeds(STREAM, "PubMatic: list audiences", list_, result__total=len(BASES) + 2))
    ways.redis_stream("job", as_json(list_))


def _malformed(ways: Ways, watch: Watch, simple: Json) -> None:
    watch.expect(rejected(LIST, "not JSON", b"{not JSON", "invalid_job"))
    ways.redis_list(b"{not JSON")
    watch.expect(rejected(STREAM, "no field job", b"note\0hello", "invalid_job"))
    ways.redis_stream("note", b"hello")
    watch.expect(rejected(CELERY, "two arguments", identity_of_call(simple, "and more"), "invalid_job"))
    ways.celery(simple, "and more")
    nameless = {name: value for name, value in simple.items() if name != "id"}
    watch.expect(rejected(COMMAND, "--no-validate, without id", as_json(nameless), "invalid_job"))
    ways.command(as_json(nameless), "--no-validate")
    other = _like(simple, simple["id"], payload={"name": "Something Else"})
    watch.expect(rejected(LIST, "an id that was used for another job", as_json(other), "conflicting_duplicate"))
    ways.redis_list(as_json(other))


def _throttled(stage: Stage, ways: Ways, watch: Watch, screen: Screen) -> None:
    jobs = [
        {
            **_like(
                example("pubmatic-create-simple"),
                f"patience-{number}",
                payload={"name": f"Patience {number}", "providerAudienceId": f"patience-{number}"},
            ),
            "account": "globex",
        }
        for number in (1, 2, 3)
    ]
    stage.sandbox.fault(action="answer", status=429, headers={"Retry-After": str(RETRY_AFTER_S)}, body="",
                        provider="pubmatic", account="globex")  # fmt: skip
    first, *others = jobs
    watch.expect(succeeds(STREAM, "PubMatic: create, throttled", first, attempts=1, requests=2))
    ways.redis_stream("job", as_json(first))
    lanes = stage.service.lanes["pubmatic"]
    watch.until(lambda: "paused_until" in lanes.lane("globex"))
    paused_for_s = int(float(lanes.lane("globex")["paused_until"])) / 1e6 - time.time()
    screen.say(f"the lane pubmatic/globex is paused for {paused_for_s:.1f} s; no attempt is spent, nobody else waits")
    for job in others:
        watch.expect(succeeds(STREAM, "PubMatic: create, behind it", job, attempts=1, requests=1))
        ways.redis_stream("job", as_json(job))
    watch.all_answered()


def _died_and_replayed(stage: Stage, ways: Ways, watch: Watch, screen: Screen) -> Row:
    job = _like(
        example("pubmatic-create-complex-unregistered-base"), "unregistered-base", payload={"name": "Long Haul"}
    )
    died = watch.expect(
        fails(CLIENT, "PubMatic: create on a base that is missing", job, error__provider_code="AUD01_0034")
    )
    ways.client(job)
    watch.all_answered()
    stage.sandbox.preset_base(job["payload"], MISSING_BASE)
    screen.say(f"the base audience {MISSING_BASE} exists now; audience dead replay {died.event_id}")
    watch.expect(succeeds("dead replay", "the same job, run 2", job, run=2, result__already_existed=False))
    run_command("dead", "replay", died.event_id)
    watch.all_answered()
    return died


def _like(job: Json, id_: str, payload: Json) -> Json:
    return {**job, "id": id_, "payload": {**job["payload"], **payload}}
