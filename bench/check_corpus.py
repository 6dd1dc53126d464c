#!/usr/bin/env python3
"""Time the check of a training set of 2,500,000 utterances, the size of VoxLingua107's, beside a test set.

    . ./path.sh && python bench/check_corpus.py

Makes both (107 languages, speakers, texts, no audio) in a temporary folder and compares their tables, whole; then says
how much audio a second one process looks at, of 500 utterances of 10 s at 16 kHz. The bar: 240 s and 2 GiB.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from big_data_dir import make, measure

from geolid.data.check.measure import measure as look_at
from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_rows
from geolid.data.utterances import Utterance


def add_speakers_and_texts(data_dir: Path) -> None:
    with (data_dir / "utt2spk").open("w") as speakers, (data_dir / "text").open("w") as texts:
        for utt, language in read_rows(data_dir / "utt2lang"):
            speakers.write(f"{utt} {language}_{utt[4:14]}\n")
            texts.write(f"{utt} some ten words of a text such as a transcript has\n")


def make_test_set(data_dir: Path) -> None:
    utts = {f"deu_{number:011d}.wav": "deu" for number in range(1600)}
    write_data_dir(data_dir, {"wav.scp": {utt: f"downloads/{utt}" for utt in utts}, "utt2lang": utts})


def seconds_heard_a_second(folder: Path) -> float:
    rate, seconds, number = 16000, 10, 500
    noise = 0.1 * np.random.default_rng(1).standard_normal(rate * seconds)
    for at in range(number):
        soundfile.write(folder / f"{at}.wav", np.roll(noise, at), rate, subtype="PCM_16")
    utterances = ((at, Utterance(str(at), str(folder / f"{at}.wav"))) for at in range(number))
    start = time.perf_counter()
    assert sum(1 for _ in look_at(utterances, number, headers_only=False, allow_pipes=False, nj=1)) == number
    return number * seconds / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=2_500_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"listening, one process: {seconds_heard_a_second(folder):,.0f} s of audio a second", flush=True)
        make(folder / "train", args.utterances)
        add_speakers_and_texts(folder / "train")
        measure(["utils/utt2lang_to_lang2utt.sh", f"{folder}/train/utt2lang", f"{folder}/train/lang2utt"])
        measure(["utils/fix_data_dir.sh", f"{folder}/train"])  # for spk2utt
        make_test_set(folder / "test")
        command = ["-m", "geolid.bin.check_corpus", "--audio", "none", "--report_dir", f"{folder}/report"]
        seconds, gib = measure([*_ANY_STATUS, *command, "--train", f"{folder}/train", f"{folder}/test"])
        print(f"tables of {args.utterances:,} utterances: {seconds:.1f} s {gib:.2f} GiB", flush=True)
        print((folder / "report" / "report.txt").read_text())


# The texts are in Latin letters whatever the language, so that the check ends with warnings.
_ANY_STATUS = ["sh", "-c", 'python "$@"; [ $? -eq 3 ]', "sh"]


if __name__ == "__main__":
    main()
