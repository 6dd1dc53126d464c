#!/usr/bin/env python3
"""Stage 6 against the installed ESPnet's `lid_inference`: one model, the same 2,000 utterances, two cores for each.

    . ./path.sh && python bench/infer.py                       # an ECAPA-TDNN as small as the models of conf/mini
    . ./path.sh && python bench/infer.py --size published      # as large as that of the published system

It needs the embedded corpus (./run.sh --stop_stage 3): utterances of 1 to 20 s are its speech, repeated or cut. The
model stands on log-mel frames; its layers are random, and its class directions are such that many languages occur among
the answers. Ours runs as stage 6 does, two processes with a thread each, with all that comes before and after. ESPnet
has one process on a CPU (several need GPUs); it runs once with two threads and once with one beside its reader, as its
recipe does, and the faster one counts. Its batch is one utterance, the recipe's default: in larger ones an answer
depends on the other utterances. The work without start-up is what 2,000 utterances take longer than 20.

The bars: 3 times the utterances a second without start-up, 2 times with it, and the same labels.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
import yaml

from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_table
from geolid.model.build import build_model

RATE = 16000
FEW = 20
SIZES = {"mini": (96, 288, 96), "published": (512, 1536, 192)}  # channels, channels before pooling, embedding


def make_set(folder: Path, sources: dict[str, str], labels: dict[str, str], count: int) -> None:
    """Write a formatted directory of utterances of 1 to 20 s."""
    generator = np.random.default_rng(0)
    utts = sorted(sources)
    tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2lang": {}, "utt2num_samples": {}}
    (folder / "wav").mkdir(parents=True)
    for number in range(count):
        source = utts[int(generator.integers(len(utts)))]
        speech, _ = soundfile.read(sources[source], dtype="int16")
        samples = int(generator.integers(RATE, 20 * RATE))
        utt = f"{labels[source]}_{number:05d}"
        soundfile.write(folder / "wav" / f"{utt}.wav", np.resize(speech, samples), RATE)
        tables["wav.scp"][utt] = str(folder / "wav" / f"{utt}.wav")
        tables["utt2lang"][utt] = labels[source]
        tables["utt2num_samples"][utt] = str(samples)
    write_data_dir(folder, tables)


def make_model(exp: Path, size: str, test_set: Path, sources: dict[str, str], labels: dict[str, str]) -> None:
    """Write config.yaml and model.pth, which both read."""
    from espnet2.tasks.lid import LIDTask  # bench/identify.py, which does not need it, imports this file

    channels, last_channels, embedding = SIZES[size]
    languages = sorted(set(labels.values()))
    conf = {
        "frontend": "default",
        "frontend_conf": {"fs": RATE, "n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 80},
        "normalize": "utterance_mvn",
        "normalize_conf": {"norm_vars": False},
        "encoder": "ecapa_tdnn",
        "encoder_conf": {"model_scale": 8, "ndim": channels, "output_size": last_channels},
        "pooling": "chn_attn_stat",
        "projector": "rawnet3",
        "projector_conf": {"output_size": embedding},
        "loss": "aamsoftmax",
        "loss_conf": {"margin": 0.2, "scale": 20},
        "model": "espnet",
        "lang_num": len(languages),
        "lang2utt": str(test_set / "lang2utt"),
        "languages": languages,
    }
    torch.manual_seed(0)
    model = build_model(conf).eval()
    embeddings: dict[str, list[torch.Tensor]] = {language: [] for language in languages}
    with torch.inference_mode():
        for utt in sorted(sources)[::10]:
            speech = torch.from_numpy(soundfile.read(sources[utt], dtype="float32")[0])[None]
            embeddings[labels[utt]].append(model.identify(speech, torch.tensor([speech.shape[1]])).embedding[0])
        means = torch.stack([torch.stack(embeddings[language]).mean(0) for language in languages])
        apart = means - means.mean(0)
        common = means.mean(0) / means.mean(0).norm()  # what all embeddings share would decide otherwise
        model.loss.weight.copy_(apart - (apart @ common)[:, None] * common)
    (exp / "config.yaml").write_text(yaml.safe_dump({**LIDTask.get_default_config(), **conf}))
    torch.save(model.state_dict(), exp / "model.pth")


def run_ours(exp: Path, data_dir: Path) -> tuple[float, dict[str, str]]:
    command = ["steps/06_infer.sh", "--nj", "2", "--inference_model", "model.pth", str(exp), str(data_dir)]
    seconds = timed(command, threads=1)
    return seconds, read_table(exp / "inference/model" / data_dir.name / f"{data_dir.name}_lids")


def run_espnet(exp: Path, data_dir: Path, threads: int) -> tuple[float, dict[str, str]]:
    out = exp / f"espnet_{threads}_{data_dir.name}"
    out.mkdir()
    seconds = timed(
        ["python", "-m", "espnet2.bin.lid_inference", "--output_dir", str(out), "--ngpu", "0", "--num_workers", "1"]
        + ["--data_path_and_name_and_type", f"{data_dir}/wav.scp,speech,sound", "--valid_batch_size", "1"]
        + ["--lid_train_config", f"{exp}/config.yaml", "--lid_model_file", f"{exp}/model.pth"]
        + ["--use_preprocessor", "false", "--fix_duration", "false"],
        threads,
    )
    return seconds, read_table(out / f"{data_dir.name}_lids")


def timed(command: list[str], threads: int) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="mini")
    parser.add_argument("--utterances", type=int, default=2000)
    parser.add_argument("--corpus", type=Path, default=Path("dump/raw/test_mini_lang"), help="where speech comes from")
    args = parser.parse_args()
    sources, labels = read_table(args.corpus / "wav.scp"), read_table(args.corpus / "utt2lang")
    with tempfile.TemporaryDirectory() as temporary:
        exp = Path(temporary)
        few, many = exp / "few", exp / "many"
        make_set(few, sources, labels, FEW)
        make_set(many, sources, labels, args.utterances)
        make_model(exp, args.size, many, sources, labels)

        peers = {
            "ESPnet, two threads": lambda data_dir: run_espnet(exp, data_dir, 2),
            "ESPnet, one thread": lambda data_dir: run_espnet(exp, data_dir, 1),
            "ours": lambda data_dir: run_ours(exp, data_dir),
        }
        start_up, total, answers = {}, {}, {}
        for name, run in peers.items():
            start_up[name] = run(few)[0]
            total[name], answers[name] = run(many)
            work = total[name] - start_up[name]
            print(
                f"{name}: {total[name]:.1f} s, of which {start_up[name]:.1f} s for {FEW} utterances; "
                f"{(args.utterances - FEW) / work:.1f} utterances a second without start-up",
                flush=True,
            )
    best = min(("ESPnet, two threads", "ESPnet, one thread"), key=total.get)
    work = {name: total[name] - start_up[name] for name in (best, "ours")}
    print(f"{args.size}: {work[best] / work['ours']:.2f} times as fast as {best} without start-up (the bar: 3)")
    print(f"{args.size}: {total[best] / total['ours']:.2f} times as fast with start-up (the bar: 2)")
    same = sum(answers[best][utt] == language for utt, language in answers["ours"].items())
    occur = len(set(answers["ours"].values()))
    print(f"{same} of {args.utterances} labels are the same; {occur} languages occur among them")


if __name__ == "__main__":
    main()
