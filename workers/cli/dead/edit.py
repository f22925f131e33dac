"""How are payloads mended? One by a file with the new one; many by what is merged into each; checked before stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.dead.carry_out import Tally, carry_out
from workers.cli.dead.chosen import Chosen
from workers.cli.endings import Failed, WrongUsage
from workers.cli.output import Json, say
from workers.cli.who import who

if TYPE_CHECKING:
    from workers.dead_letters.merge import Merge

STANDARD_INPUT = "-"


def edit(
    ids: options.Ids = None,
    *,
    payload: Annotated[
        str | None, typer.Option(metavar="FILE", help="Of one: the new payload, a JSON object; - reads standard input.")
    ] = None,
    merge: Annotated[
        str | None,
        typer.Option(
            metavar="JSON", help='Of any number: fields to set in each payload, {"price": "2.0"}; null removes.'
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Edit also what may have been applied, or what no producer of its account signed."
        ),
    ] = False,
    everything: options.Everything = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --merge: only say what would be edited.")] = False,
    provider: options.Provider = None,
    account: options.Account = None,
    operation: options.Operation = None,
    category: options.Category = None,
    provider_code: options.ProviderCode = None,
    run: options.Run = None,
    text: options.Text = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
    as_json: Json = False,
) -> None:
    """Mend payloads; the next replay sends the new one.

    `audience dead show ID --payload` writes the one it has. Of a message that was no valid job, FILE may also hold
    the whole job, and JSON is merged into it. The original bytes stay, and every edit is kept with who and when.
    """
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        run=run, text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    if (payload is None) == (merge is None):
        raise WrongUsage("dead edit takes --payload FILE for one, or --merge JSON for any number")
    if payload is not None:
        if not ids or len(ids) > 1 or dry_run or as_json or everything or not wanted.is_empty:
            raise WrongUsage("--payload is for one, by its id; --merge takes filters, --all, --dry-run and --json")
        _edit_one(ids[0], payload, force=force)
        return
    chosen = Chosen.of("edit", ids, wanted, everything=everything)
    tally = Tally("edited", as_json, dry_run, chosen.named)
    _merge(chosen, _patch(merge or "", force=force, dry_run=dry_run, audited=chosen.named), tally)


def _edit_one(id_: str, file: str, *, force: bool) -> None:
    place = options.place_of(id_)
    given = _content(file)
    here = connected()
    from workers.dead_letters.answers import Kept
    from workers.dead_letters.edit import Editor

    answer = Editor.of(here.door, here.redis).edit(place, given, who(), force=force)
    if isinstance(answer, Kept):
        raise Failed(f"{id_}: not edited: {answer.why}.")
    say(f"{id_}: edited at {', '.join(each or 'its root' for each in answer.changed)}")
    say(f"Send it: audience dead replay {id_}")


def _merge(chosen: Chosen, patch: Merge, tally: Tally) -> None:
    here = connected()
    from workers.dead_letters.edit import Editor

    editor = Editor.of(here.door, here.redis)
    trail = options.trail(here, "edit", filter=chosen.wanted.given, **patch.about)
    is_silent = patch.dry_run or patch.audited
    carry_out(chosen.places(here), lambda each: editor.merge(each, patch, who()), tally, None if is_silent else trail)


def _patch(text: str, *, force: bool, dry_run: bool, audited: bool) -> Merge:
    from workers.dead_letters.merge import Merge, fields_of

    try:
        return Merge(fields_of(text), force, dry_run, audited)
    except ValueError as error:
        raise WrongUsage(f"--merge: {error}") from error


def _content(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(f"--payload {name} cannot be read ({error.strerror}); name a file, or -") from error
