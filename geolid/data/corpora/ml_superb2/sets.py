"""The data directories of the corpus. There is no label of speakers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from geolid.data import languages
from geolid.data.corpora.ml_superb2 import CORPUS, SPLITS, extract, parquet, tree
from geolid.data.corpora.ml_superb2.choose import Chosen, Listed, Taken, Wishes, choose, refuse_norwegian
from geolid.data.corpora.parallel import each
from geolid.data.corpora.prepare import NO_TEXT, Choice, Made, Row, in_order, up_to_hours, write_set
from geolid.data.download import free_bytes
from geolid.errors import GeoLIDError

HOW_TO_GET = (
    "Fetch the pre-formatted set with --download true, or name the folder of the corpus in db.sh (ML_SUPERB2) or with "
    "--root"
)
_HEADERS_AT_A_TIME = 256
_FAULTS_SHOWN = 5


@dataclass(frozen=True)
class Corpus:
    """Where the corpus is, and how it is read."""

    root: Path
    splits: tuple[str, ...] = SPLITS
    audio_dir: Path | None = None  # where the audio of the pre-formatted set is written; None: audio, in the root
    train_amount: str = tree.TRAIN_AMOUNTS[0]  # of the original tree
    max_faulty: float = 0.01  # share of a split's utterances that may have no audio of use


def write_sets(corpus: Corpus, data_dir: Path, choice: Choice, wishes: Wishes, nj: int = 1) -> list[Made]:
    """Write the sets of the languages that are asked for, from whichever form of the corpus is there."""
    refuse_norwegian(choice, wishes)
    if not corpus.root.is_dir():
        raise GeoLIDError(f"{corpus.root}: there is no such folder. {HOW_TO_GET}")
    shards = parquet.find(corpus.root)
    sources = None if shards else tree.find(corpus.root)
    if not shards and sources is None:
        raise GeoLIDError(
            f"{corpus.root}: holds neither parquet files (train-00000-of-....parquet) nor the original tree "
            f"(<source>/<language>/transcript_10min_dev.txt). {HOW_TO_GET}"
        )
    listed = _lists_of_parquet(corpus, shards, nj) if shards else _lists_of_tree(corpus, sources, choice)
    chosen = {split: choose(them, choice, wishes) for split, them in listed.items()}
    _refuse_absent(corpus.root, choice, chosen.values())
    rows = _rows_of_parquet(corpus, shards, listed, chosen, nj) if shards else _rows_of_tree(chosen, nj)
    made = []
    for split, its_rows, faults in rows:
        it = chosen[split]
        _refuse_faulty(split, faults, len(it.taken), corpus.max_faulty)
        its_rows = in_order(its_rows)
        if split == "train":
            its_rows = up_to_hours(its_rows, choice)
        made.append(write_set(data_dir / f"{split}_{CORPUS}_lang", its_rows, CORPUS, {**it.dropped, **faults}))
    return made


Lists = dict[str, list[Listed]]  # by split


def _lists_of_parquet(corpus: Corpus, shards: dict[str, list[parquet.Shard]], nj: int) -> Lists:
    missing = [split for split in corpus.splits if split not in shards]
    if missing:
        raise GeoLIDError(
            f"{corpus.root}: has no parquet files of {', '.join(missing)}, only of {', '.join(shards)}; fetch them "
            f"with --download true, or make the sets that there are with --splits '{' '.join(shards)}'"
        )
    lists = {}
    for split in corpus.splits:
        found = each(parquet.read_list, shards[split], nj, f"{split}: lists", at_a_time=1)
        lists[split] = [one for them in found for one in them]
    return lists


def _lists_of_tree(corpus: Corpus, sources: Path, choice: Choice) -> Lists:
    if "dev_dialect" in corpus.splits:
        raise GeoLIDError(
            f"{corpus.root}: is the original tree, which has no dev_dialect; make the other sets with "
            "--splits 'train dev', and take dev_dialect from the pre-formatted set, in another folder"
        )
    if choice.languages is None:
        tree.refuse_missing_sources(sources)
    return {split: tree.read_split(sources, split, corpus.train_amount, choice) for split in corpus.splits}


def _refuse_absent(root: Path, choice: Choice, chosen: Iterable[Chosen]) -> None:
    there = sorted(set().union(*(it.languages for it in chosen)))
    absent = sorted((choice.languages or frozenset()) - set(there))
    if absent:
        names = ", ".join(f"{code} ({languages.get(code).name})" for code in absent)
        raise GeoLIDError(f"{root}: has no {names}; the languages there are {' '.join(there)}")


# A split, its rows, and which of its utterances have no audio of use; why.
Rows = tuple[str, list[Row], dict[str, str]]


def _rows_of_parquet(
    corpus: Corpus, shards: dict[str, list[parquet.Shard]], listed: Lists, chosen: dict[str, Chosen], nj: int
) -> Iterator[Rows]:
    audio_dir = corpus.audio_dir or corpus.root / "audio"
    by_file = {split: _by_file(it.taken) for split, it in chosen.items()}
    jobs = {
        split: [
            extract.Job(shard, {row: one.utt for row, one in taken.items()}, audio_dir)
            for shard in shards[split]
            if (taken := files.get(str(shard.file)))
        ]
        for split, files in by_file.items()
    }
    _refuse_little_space(audio_dir, [job for its_jobs in jobs.values() for job in its_jobs], listed)
    for split, its_jobs in jobs.items():
        rows, faults = [], {}
        found = each(extract.write_audio, its_jobs, nj, f"{split}: audio", at_a_time=1)
        for job, written in zip(its_jobs, found, strict=True):
            taken = by_file[split][str(job.shard.file)]
            for row, what in written.items():
                if what.fault:
                    faults[taken[row].utt] = f"{what.fault}: {taken[row].listed.place}"
                else:
                    rows.append(_row(taken[row], str(job.folder / what.name), what.seconds))
        yield split, rows, faults


def _by_file(taken: list[Taken]) -> dict[str, dict[int, Taken]]:
    files: dict[str, dict[int, Taken]] = {}
    for one in taken:
        files.setdefault(one.listed.table, {})[one.listed.row] = one
    return files


def _refuse_little_space(audio_dir: Path, jobs: list[extract.Job], listed: Lists) -> None:
    """Stop before the disk is full: a row's audio takes about its share of the parquet file."""
    rows = Counter(one.table for them in listed.values() for one in them)
    needed = sum(job.shard.file.stat().st_size * len(job.missing()) / rows[str(job.shard.file)] for job in jobs)
    free = free_bytes(audio_dir)
    if free < needed:
        raise GeoLIDError(
            f"{audio_dir}: {free / 1e9:.1f} GB are free, and the audio takes about {needed / 1e9:.1f} GB; free some "
            "space, name another place with --audio_dir, or choose fewer languages with --languages"
        )


def _rows_of_tree(chosen: dict[str, Chosen], nj: int) -> Iterator[Rows]:
    for split, it in chosen.items():
        audio = [one.listed.audio for one in it.taken]
        rows, faults = [], {}
        found = each(tree.seconds_of, audio, nj, f"{split}: headers", at_a_time=_HEADERS_AT_A_TIME)
        for one, seconds in zip(it.taken, found, strict=True):
            if isinstance(seconds, str):
                faults[one.utt] = seconds
            else:
                rows.append(_row(one, one.listed.audio, seconds))
        yield split, rows, faults


def _row(one: Taken, source: str, seconds: float) -> Row:
    return Row(one.utt, source, one.lang, seconds, text=one.listed.text or NO_TEXT)


def _refuse_faulty(split: str, faults: dict[str, str], total: int, max_faulty: float) -> None:
    if len(faults) > max_faulty * total:
        shown = "".join(f"\n  {utt}: {fault}" for utt, fault in list(faults.items())[:_FAULTS_SHOWN])
        more = f"\n  ... and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        raise GeoLIDError(
            f"{split}: {len(faults)} of {total} utterances have no audio of use ({len(faults) / total:.1%}), more than "
            f"the allowed {max_faulty:.1%}:{shown}{more}\nFetch or unpack the corpus anew, or allow more with "
            "--max_faulty"
        )
