"""Do blocks of a plan: read, identify, save."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from geolid.data.audio import AudioError, is_pipe, read_header
from geolid.data.utterances import Utterance
from geolid.geo.places import places
from geolid.identify.batches import BatchLimits
from geolid.identify.engine import Answers, Engine
from geolid.identify.parts import Part, save_part
from geolid.identify.plan import Names, Plan, block_utterances
from geolid.identify.speech import read_speech

Tell = Callable[[int, float], None]  # so many utterances are done, of so many seconds


def do_blocks(folder: Path, plan: Plan, blocks: Sequence[int], engine: Engine, limits: BatchLimits, tell: Tell) -> None:
    """Do some blocks of a set; `tell` hears of every batch."""
    names = Names(folder)
    for block, rows in block_utterances(plan, blocks):
        begun = time.time_ns()
        part = _do_block([utterance for utterance, _ in rows], [n for _, n in rows], plan, engine, limits, tell)
        save_part(names.part(block), part, begun)


def _do_block(
    block: Sequence[Utterance],
    samples: Sequence[int | None],
    plan: Plan,
    engine: Engine,
    limits: BatchLimits,
    tell: Tell,
) -> Part:
    def read(number: int) -> np.ndarray:
        utterance = block[number]
        return read_speech(utterance.source, engine.rate, utterance.start, utterance.end)

    lengths = [
        _length_by_header(utterance, engine.rate) if count is None else count
        for utterance, count in zip(block, samples, strict=True)
    ]
    answers = []
    for answer in engine.answer_all(lengths, read, limits):
        answers.append(answer)
        tell(len(answer.rows) + len(answer.faults), float(answer.lengths.sum()) / engine.rate)
    return _as_part([utterance.name for utterance in block], answers, plan, engine)


def _length_by_header(utterance: Utterance, rate: int) -> int:
    """Return the samples that an utterance will have; 0 where only reading it can tell."""
    if is_pipe(utterance.source):
        return 0
    try:
        header = read_header(utterance.source)
    except AudioError:
        return 0
    end = utterance.end if utterance.end >= 0 else header.samples / header.rate
    return round((end - utterance.start) * rate)


def _as_part(utts: Sequence[str], answers: Sequence[Answers], plan: Plan, engine: Engine) -> Part:
    rows = np.concatenate([answer.rows for answer in answers])
    order = np.argsort(rows)
    faults = {number: reason for answer in answers for number, reason in answer.faults.items()}

    def gathered(what: str) -> np.ndarray:
        return np.concatenate([getattr(answer, what) for answer in answers])[order]

    return Part(
        utts=np.array([utts[row] for row in rows[order]], dtype=np.str_),
        logits=gathered("logits"),
        seconds=float(gathered("lengths").sum()) / engine.rate,
        dropped=np.array([utts[number] for number in sorted(faults)], dtype=np.str_),
        reasons=np.array([faults[number].replace("\n", " ") for number in sorted(faults)], dtype=np.str_),
        places=places(gathered("vectors")) if engine.vector_kind == "geo" else None,
        embeddings=gathered("embeddings") if plan.recipe.embeddings else None,
    )
