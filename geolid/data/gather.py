"""Put together what the jobs made of a data directory's utterances: the formatted directory's tables."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geolid.data import blocks
from geolid.data.data_dir import DROPPED, FREE_LABELS, fresh_data_dir, has_free_labels, utterance_tables
from geolid.data.tables import read_rows, write_table
from geolid.errors import GeoLIDError

FAULTS_SHOWN = 5


@dataclass(frozen=True)
class Summary:
    utterances: int
    seconds: float
    passed: int  # already right
    unfit: int  # outside the wanted durations
    faulty: int


def gather(
    data_dir: Path,
    out_dir: Path,
    settings: blocks.Settings,
    feats_type: str = "raw",
    max_faulty: float = 0.01,
    prefix: str = "",
) -> Summary:
    """Write the tables of `out_dir` for the utterances that came through; the others go to its table `dropped`.

    Every id, of utterance and speaker, gets the prefix. Where more than the share `max_faulty` has faulty audio, the
    directory stays without tables other than `dropped`, and that is an error.
    """
    data_dir, out_dir = Path(data_dir), Path(out_dir)
    outcomes = list(blocks.outcomes(out_dir))
    well = {o.utt: o for o in outcomes if o.source}
    dropped = {o.utt: o.fault or o.unfit for o in outcomes if not o.source}
    faulty = [o for o in outcomes if o.fault]
    too_many = len(faulty) > max_faulty * len(outcomes) or not well
    with fresh_data_dir(out_dir) as fresh:
        if dropped:
            write_table(fresh / DROPPED, dropped)
        if not too_many:
            _write_tables(data_dir, fresh, well, prefix)
            if has_free_labels(data_dir):
                (fresh / "label_kind").write_text(f"{FREE_LABELS}\n")
            (fresh / "feats_type").write_text(f"{feats_type}\n")
            (fresh / "audio_format").write_text(f"{settings.audio_format}\n")
    if too_many:
        raise GeoLIDError(_too_many(data_dir, out_dir, faulty, len(outcomes), max_faulty))
    return Summary(
        utterances=len(well),
        seconds=sum(o.samples for o in well.values()) / settings.rate,
        passed=sum(o.passed for o in well.values()),
        unfit=len(dropped) - len(faulty),
        faulty=len(faulty),
    )


def _write_tables(data_dir: Path, fresh: Path, well: dict[str, blocks.Outcome], prefix: str) -> None:
    write_table(fresh / "wav.scp", ((prefix + utt, outcome.source) for utt, outcome in well.items()))
    write_table(fresh / "utt2num_samples", ((prefix + utt, str(o.samples)) for utt, o in well.items()))
    for name in utterance_tables(data_dir):
        if name in ("wav.scp", "segments", "utt2num_samples", "utt2dur"):
            continue  # what they say has changed, or is said by utt2num_samples
        value_of: Callable[[str], str] = (lambda value: prefix + value) if name == "utt2spk" else str
        rows = read_rows(data_dir / name)
        write_table(fresh / name, ((prefix + utt, value_of(value)) for utt, value in rows if utt in well))


def _too_many(data_dir: Path, out_dir: Path, faulty: list[blocks.Outcome], total: int, max_faulty: float) -> str:
    if not faulty:
        return f"{out_dir}: none of the {total} utterances of {data_dir} has a wanted duration; see {out_dir}/{DROPPED}"
    shown = "".join(f"\n  {o.utt}: {o.fault}" for o in faulty[:FAULTS_SHOWN])
    more = f"\n  ... and {len(faulty) - FAULTS_SHOWN} more" if len(faulty) > FAULTS_SHOWN else ""
    return (
        f"{out_dir}: the audio of {len(faulty)} of {total} utterances of {data_dir} cannot be used "
        f"({len(faulty) / total:.1%}), more than the allowed {max_faulty:.1%}:{shown}{more}\n"
        f"All of them stand in {out_dir}/{DROPPED}; mend them or take them out of {data_dir}, or allow more with "
        f"--max_faulty, then run again: finished work is kept"
    )
