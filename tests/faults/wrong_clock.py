"""How does one worker get a clock that jumps while it runs? By a preloaded library, compiled for the run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("wrong_clock.c")


class WrongClock:
    """The wall clock of the processes that are started with ``env``. Without Linux and a ``cc`` nothing jumps."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "wrong-by-s", folder / "wrong_clock.so"
        self.works = sys.platform == "linux" and shutil.which("cc") is not None
        self.env = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self._file)} if self.works else {}
        self.jump(0)
        if self.works:
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)

    def jump(self, by_s: int) -> None:
        """Put the clock so many seconds ahead of the system's, or behind it, at once."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{by_s}\n")
        new.replace(self._file)  # no reader ever sees half of it
