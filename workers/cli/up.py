"""How is the whole service tried out? Every part on this machine, kept running until Ctrl-C."""

from __future__ import annotations

import os
import shlex
import time
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.connection import connected, reach_broker
from workers.cli.output import say
from workers.cli.parts import Parts, ended_by_signals
from workers.settings import SettingsError, read_settings

LOOK_EVERY_S = 0.5


def up(
    *,
    flower_port: Annotated[int, typer.Option(help="Flower's port on loopback.")] = 5555,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's port on loopback; 0 takes a free one.")] = 0,
) -> None:
    """Everything on this machine until Ctrl-C: the server, a worker, Flower, and without AUDIENCE_CONFIG the sandbox.

    Data and logs are kept in AUDIENCE_DATA_DIR. If a part ends by itself, the others end too, with exit code 1.
    """
    settings = read_settings()
    folder = settings.data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"AUDIENCE_DATA_DIR: {folder} cannot be used ({error.strerror})") from error
    with ended_by_signals(), Parts(folder) as parts:
        try:
            sandbox_url = None if settings.config else _start_sandbox(parts, folder, sandbox_port)
            reach_broker(connected())
            parts.start("worker", "workers.cli", "worker", env=os.environ).wait_for(" ready.")
            flower = parts.start("flower", "workers.cli", "flower", f"--port={flower_port}", env=os.environ)
            flower.wait_for("Visit me at")
            _welcome(folder, f"http://127.0.0.1:{flower_port}", sandbox_url)
            while True:
                time.sleep(LOOK_EVERY_S)
                parts.check()
        except KeyboardInterrupt:
            raise typer.Exit from None


def _start_sandbox(parts: Parts, folder: Path, port: int) -> str:
    """The sandbox, and a configuration for it in the environment of every later part."""
    from sandbox.cli import READY
    from workers.cli.with_sandbox import credentials, write_config

    part = parts.start("sandbox", "sandbox", "--port", str(port), env=os.environ)
    url = part.wait_for(READY).partition(READY)[2].strip()
    write_config(folder / "audience.toml", url)
    os.environ |= {"AUDIENCE_CONFIG": str(folder / "audience.toml"), **credentials()}
    return url


def _welcome(folder: Path, flower_url: str, sandbox_url: str | None) -> None:
    example = files("schemas") / "examples" / "jobs" / "pubmatic-create-simple.json"
    say(f"Flower      {flower_url}")
    if sandbox_url is not None:
        say(f"Sandbox     {sandbox_url}/_sandbox/audiences, accounts acme, globex, initech")
    say(f"Data, logs  {folder}")
    say("\nPut a job in and watch its event, in another terminal:\n")
    say(f"  export AUDIENCE_DATA_DIR={shlex.quote(str(folder))}")
    if sandbox_url is not None:
        say(f"  export AUDIENCE_CONFIG={shlex.quote(str(folder / 'audience.toml'))}")
    say(f"  audience submit {shlex.quote(str(example))} && audience results --follow")
    say("\nCtrl-C ends everything.")
