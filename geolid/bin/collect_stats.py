"""Write the length of every utterance of a training and a validation set, and a table of their languages."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import sampling_rate
from geolid.bin.command import ArgumentParser, run
from geolid.data import languages
from geolid.data.data_dir import has_free_labels
from geolid.data.lengths import language_table, samples_of_utterances
from geolid.data.tables import read_table, whole_or_absent, write_table


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("train_dir", type=Path, help="read")
    parser.add_argument("valid_dir", type=Path, help="read")
    parser.add_argument("stats_dir", type=Path, help="written: {train,valid}/speech_shape, languages")
    parser.add_argument("--fs", type=sampling_rate, default=16000, help="sampling rate in Hz; 16k is 16000")
    args = parser.parse_args(argv)

    per_language = []
    for role, data_dir in (("train", args.train_dir), ("valid", args.valid_dir)):
        samples = samples_of_utterances(data_dir, args.fs)
        write_table(args.stats_dir / role / "speech_shape", {utt: str(count) for utt, count in samples.items()})
        per_language.append(language_table(read_table(data_dir / "utt2lang"), samples, args.fs))
    free = has_free_labels(args.train_dir) and has_free_labels(args.valid_dir)
    lines = list(_lines(*per_language, free))
    with whole_or_absent(args.stats_dir / "languages") as out:
        out.writelines(f"{line}\n" for line in lines)
    print("\n".join(lines))


def _lines(train: dict[str, tuple[int, float]], valid: dict[str, tuple[int, float]], free_labels: bool):
    """Yield a table: a language a line, with its utterances and hours in both sets, and the sums."""
    row = "{:<5} {:<28.28} {:>10} {:>9} {:>10} {:>9}".format
    yield row("code", "language", "train utts", "hours", "valid utts", "hours")
    for code in sorted(train.keys() | valid.keys()):
        is_language = code in languages.registry() and not free_labels  # a speaker may be called as a language is
        name = languages.registry()[code].name if is_language else "-"
        yield row(code, name, *_cells(train.get(code, (0, 0.0))), *_cells(valid.get(code, (0, 0.0))))
    sums = [tuple(map(sum, zip(*table.values(), strict=True))) for table in (train, valid)]
    kind = "labels" if free_labels else "languages"
    yield row("all", f"{len(train)} / {len(valid)} {kind}", *_cells(sums[0]), *_cells(sums[1]))


def _cells(counts: tuple[int, float]) -> tuple[str, str]:
    return str(counts[0]), f"{counts[1]:.3f}"


if __name__ == "__main__":
    run(main)
