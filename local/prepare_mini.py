"""Make the embedded corpus, in three steps: plan it, speak it (in parts, side by side), write its data directories."""

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.corpora.mini import accents, audio, plan, tables, words
from geolid.data.corpora.mini.accents import Accent, CannotSpeakError
from geolid.errors import GeoLIDError

PROGRESS_EVERY_SECONDS = 10


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(required=True, metavar="plan|speak|tables")

    step = steps.add_parser("plan", help="write what every utterance is to be; print how many are not spoken yet")
    step.add_argument("--languages", required=True, help="ISO 639-3 codes with blanks between, or all")
    step.add_argument("--utts_per_lang", type=int, required=True, help="training utterances a language")
    step.add_argument("--seed", type=int, required=True, help="another one, other utterances")
    step.add_argument("audio_dir", type=Path, help="written: plan, an utterance a line")
    step.set_defaults(step=make_plan)

    step = steps.add_parser("speak", help="write the audio that is not there yet")
    step.add_argument("--part", type=int, default=1, help="the part to do, from 1")
    step.add_argument("--parts", type=int, default=1, help="parts in all")
    step.add_argument("audio_dir", type=Path, help="plan is read, <set>/<language>/*.wav written")
    step.set_defaults(step=speak)

    step = steps.add_parser("tables", help="write the data directories; print what is in them")
    step.add_argument("audio_dir", type=Path, help="read")
    step.add_argument("data_dir", type=Path, help="written: the folder of the data directories")
    step.set_defaults(step=write_tables)

    args = parser.parse_args(argv)
    args.step(args)


def make_plan(args: Namespace) -> None:
    utterances = plan.plan(_words_of(args.languages), args.utts_per_lang, args.seed)
    plan.write_plan(args.audio_dir / "plan", utterances)
    print(sum(not all(audio.stands(args.audio_dir, u) for u in speech) for speech in plan.by_speech(utterances)))


def _words_of(languages: str) -> dict[Accent, list[str]]:
    """Return what each accent has to say; of "all" languages, those that cannot be spoken are left out and named."""
    codes = accents.spoken_languages() if languages == "all" else list(dict.fromkeys(languages.split()))
    if not codes:
        raise GeoLIDError("--languages is empty; expected ISO 639-3 codes, such as 'eng fra', or all")
    words_by_accent = {}
    with ProcessPoolExecutor() as pool:
        jobs = {code: pool.submit(words.words_by_accent, code) for code in codes}
        for code, job in jobs.items():
            try:
                words_by_accent.update(job.result())
            except CannotSpeakError as error:
                if languages != "all":
                    raise GeoLIDError(f"{error}; leave {code} out of --languages") from None
                print(f"left out: {error}", file=sys.stderr)
    return words_by_accent


def speak(args: Namespace) -> None:
    start = told = time.monotonic()
    speeches = plan.by_speech(plan.read_plan(args.audio_dir / "plan"))[args.part - 1 :: args.parts]
    written = 0
    for number, utterances in enumerate(speeches, 1):
        written += audio.write_speech(args.audio_dir, utterances)
        if time.monotonic() - told > PROGRESS_EVERY_SECONDS:
            told = time.monotonic()
            print(f"{number} of {len(speeches)} speeches after {told - start:.0f} s", flush=True)
    print(f"{written} files written, {sum(map(len, speeches)) - written} stood, {time.monotonic() - start:.1f} s")


def write_tables(args: Namespace) -> None:
    utterances = plan.read_plan(args.audio_dir / "plan")
    made = {it.set_name: it for it in tables.write_data_dirs(utterances, args.audio_dir, args.data_dir)}
    for name in plan.SETS:
        if name in made:
            it = made[name]
            print(
                f"{name:<24}{it.utterances:6} utterances {it.hours:7.2f} h"
                f"{it.languages:5} languages{it.speakers:6} speakers"
            )
        else:
            print(f"{name:<24} not made: no accents of these languages are known; leave it out of --test_sets")


if __name__ == "__main__":
    run(main)
