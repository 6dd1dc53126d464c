#!/usr/bin/env python3
"""Drawing and batching an epoch against the CategoryPowerSampler of the installed ESPnet, on 2,500,000 utterances.

    . ./path.sh && python bench/sampler.py

107 languages as unlike in size as those of VoxLingua107, utterances of 2 to 20 s, the published settings. ESPnet builds
its sampler anew, from the tables, for every epoch after the first, and that is what is timed; ours reads the tables
once, with the audio sources, which ESPnet's sampler has no part in, and draws each epoch from them. Each runs in a
process of its own. Memory is the largest of it less what importing took (0.5 GiB, most of it torch, in both). The bars:
at least 30 times faster an epoch, under half of the memory, at least 0.92 of a padded batch real samples.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from geolid.data.languages import registry

RATE = 16000
BATCH_BINS = 2_880_000
MAX_BATCH_SIZE = 16
UPSAMPLING_FACTOR = 0.5
DATASET_SCALING_FACTOR = 1.2
EPOCHS = (1, 2, 3)


def make(folder: Path, utterances: int) -> None:
    """Write a formatted directory, without audio, and its shapes."""
    rng = np.random.default_rng(0)
    languages = sorted(registry())[:107]
    hours = rng.lognormal(0, 0.7, len(languages))
    counts = np.maximum(rng.multinomial(utterances, hours / hours.sum()), 1)
    names = ("wav.scp", "utt2lang", "speech_shape", "category2utt")
    tables = {name: (folder / name).open("w") for name in names}
    for language, count in zip(languages, counts.tolist(), strict=True):
        tables["category2utt"].write(language)
        for number, samples in enumerate(rng.integers(2 * RATE, 20 * RATE, count).tolist()):
            utt = f"{language}_M5TZ7bL{number:08d}__U__S{number % 7}---{number % 9000:04d}.640-{number % 9000:04d}.540"
            tables["wav.scp"].write(f"{utt} dump/raw/format.1/data/{utt}.flac\n")
            tables["utt2lang"].write(f"{utt} {language}\n")
            tables["speech_shape"].write(f"{utt} {samples}\n")
            tables["category2utt"].write(f" {utt}")
        tables["category2utt"].write("\n")
    for table in tables.values():
        table.close()


def ours(folder: Path) -> dict:
    from geolid.train.augment import AugmentConf, Augmenter
    from geolid.train.batches import BatchSize
    from geolid.train.dataset import SpeechDataset
    from geolid.train.iterator import TrainIterFactory
    from geolid.train.sampler import catpow
    from geolid.train.utterances import read_languages, read_utterances

    imports = largest_memory()
    start = time.perf_counter()
    utterances = read_utterances(folder, folder / "speech_shape", read_languages(folder / "category2utt"))
    reading = time.perf_counter() - start
    sampler = catpow(utterances.lengths, utterances.labels, UPSAMPLING_FACTOR, DATASET_SCALING_FACTOR)
    dataset = SpeechDataset(utterances, RATE, Augmenter(AugmentConf(), RATE))
    factory = TrainIterFactory(dataset, sampler, BatchSize(BATCH_BINS, MAX_BATCH_SIZE))
    seconds = []
    for epoch in EPOCHS:
        start = time.perf_counter()
        batches = factory.batches(epoch)
        seconds.append(time.perf_counter() - start)
    memory = largest_memory() - imports
    share = batches.real_share(utterances.lengths)
    counts = np.bincount(utterances.labels[batches.rows])
    return result(max(seconds), memory, share, counts, folder) | {"reading": reading}


def theirs(folder: Path) -> dict:
    from espnet2.samplers.category_power_sampler import CategoryPowerSampler

    imports = largest_memory()
    start = time.perf_counter()
    batches = list(
        CategoryPowerSampler(
            BATCH_BINS,
            [str(folder / "speech_shape")],
            max_batch_size=MAX_BATCH_SIZE,
            upsampling_factor=UPSAMPLING_FACTOR,
            dataset_scaling_factor=DATASET_SCALING_FACTOR,
            category2utt_file=str(folder / "category2utt"),
            epoch=2,
        )
    )
    seconds, memory = time.perf_counter() - start, largest_memory() - imports
    samples = dict(line.split() for line in (folder / "speech_shape").open())
    lengths = [[int(samples[utt]) for utt in batch] for batch in batches]
    share = sum(map(sum, lengths)) / sum(len(batch) * max(batch) for batch in lengths)
    _, counts = np.unique([utt[:3] for batch in batches for utt in batch], return_counts=True)
    return result(seconds, memory, share, counts, folder)


def result(seconds: float, memory: float, share: float, counts: np.ndarray, folder: Path) -> dict:
    """Add how far the languages are from the formula, which is computed here from the tables, in sampling errors."""
    durations: dict[str, int] = {}
    for line in (folder / "speech_shape").open():
        utt, samples = line.split()
        durations[utt[:3]] = durations.get(utt[:3], 0) + int(samples)
    weights = (np.array(list(durations.values())) / sum(durations.values())) ** UPSAMPLING_FACTOR
    probabilities = weights / weights.sum()
    expected = counts.sum() * probabilities
    errors = (counts - expected) / np.sqrt(expected * (1 - probabilities))
    deviation = float(np.sqrt(np.mean(errors**2)))
    return {"seconds": seconds, "memory": memory, "share": share, "rms": deviation, "most": float(abs(errors).max())}


def largest_memory() -> float:
    """Of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=2_500_000)
    parser.add_argument("--only", nargs=2, metavar=("ours|theirs", "DIR"), help="one of the two, on a directory made")
    args = parser.parse_args()
    if args.only:
        print(json.dumps({"ours": ours, "theirs": theirs}[args.only[0]](Path(args.only[1]))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        make(Path(temporary), args.utterances)
        results = {}
        for who in ("ours", "theirs"):
            command = [sys.executable, __file__, "--only", who, temporary]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[who] = found = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{who:<6} {found['seconds']:8.2f} s an epoch, {found['memory']:.2f} GiB, {found['share']:.3f} of a "
                f"batch real, languages off by {found['rms']:.2f} sampling errors (rms; at most {found['most']:.1f})",
                flush=True,
            )
    mine, peer = results["ours"], results["theirs"]
    print(f"ours reads the tables once, in {mine['reading']:.1f} s")
    print(
        f"{args.utterances} utterances: {peer['seconds'] / mine['seconds']:.0f} times faster an epoch, "
        f"{mine['memory'] / peer['memory']:.2f} of the memory"
    )


if __name__ == "__main__":
    main()
