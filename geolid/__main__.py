"""The command `geolid`: each of its commands is an entry point of `geolid.bin`, imported when it is called."""

import difflib
import importlib
import sys
from pathlib import Path
from typing import NoReturn

import geolid

COMMANDS = {
    "identify": "find the languages of audio files",
    "info": "tell what a model is, knows and scored",
    "languages": "list languages, or explain their codes",
    "compare": "put two experiments side by side",
    "spectrogram": "save the picture of a recording",
}


def main() -> NoReturn:
    _look_past_scripts()
    given = sys.argv[1:]
    if not given or given[0] in ("-h", "--help", "help"):
        print(_help())
        sys.exit(0)
    if given[0] == "--version":
        print(f"geolid {geolid.__version__}")
        sys.exit(0)
    command, *rest = given
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        sys.exit(f"geolid: there is no command '{command}'{hint}\n\n{_help()}")
    from geolid.bin.command import run

    sys.argv = [f"geolid {command}", *rest]  # so it is named in its help and messages
    run(importlib.import_module(f"geolid.bin.{command}").main)


def _look_past_scripts() -> None:
    """Import nothing from where this command lies: lang2vec puts a script there that hides the package of its name."""
    if sys.path and Path(sys.path[0]).resolve() == Path(sys.argv[0]).resolve().parent:
        del sys.path[0]


def _help() -> str:
    lines = [f"  geolid {name:<11} {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "Spoken language identification that knows where languages are spoken.",
            "",
            *lines,
            "",
            "geolid COMMAND --help tells its options. To try: geolid identify --model MODEL speech.wav",
        ]
    )


if __name__ == "__main__":
    main()
