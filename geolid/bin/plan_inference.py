"""Lay out the inference of sets for the processes of infer; print how many blocks of utterances are to be done."""

import sys
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.errors import GeoLIDError
from geolid.identify.languages import choose_candidates
from geolid.identify.plan import Plan, Recipe, digest, lay_out, look_at
from geolid.model.experiment import find_model_file, has_free_labels, model_languages, read_config


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("exp_dir", type=Path, help="read: config.yaml, a model; written: inference/<model>/<set>")
    parser.add_argument("data_dir", type=Path, nargs="+", help="read: a set, as stage 3 writes it")
    parser.add_argument("--inference_model", default="valid.accuracy.best.pth", help="a .pth of the folder, or a path")
    parser.add_argument("--languages", default="", help="the languages to choose from; without, all that it knows")
    parser.add_argument("--lang2utt", type=Path, help="the training set's, where config.yaml does not tell languages")
    parser.add_argument("--extract_embd", type=flag, default=False, help="whether embeddings are written")
    parser.add_argument("--mixed_precision", type=flag, default=False, help="whether the model computes in 16 bits")
    parser.add_argument("--save_every", type=above_0, default=200, help="utterances of a block, which is done whole")
    args = parser.parse_args(argv)

    model_file = find_model_file(args.exp_dir, args.inference_model)
    config_file = args.exp_dir / "config.yaml"
    conf = read_config(config_file)
    known = model_languages(conf, config_file, args.lang2utt)
    languages = choose_candidates(known, args.languages.split(), has_free_labels(conf))
    sums = {"model": digest(model_file), "config": digest(config_file, *([args.lang2utt] if args.lang2utt else []))}
    blocks = 0
    for name, data_dir in _by_name(args.data_dir).items():
        state = look_at(data_dir, args.save_every)
        plan = Plan(
            recipe=Recipe(
                **sums,
                data=state.digest,
                languages=languages,
                mixed_precision=args.mixed_precision,
                embeddings=args.extract_embd,
            ),
            config_file=str(config_file),
            model_file=str(model_file),
            lang2utt=str(args.lang2utt) if args.lang2utt else None,
            data_dir=str(data_dir),
            utterances=state.utterances,
            save_every=args.save_every,
        )
        plan = lay_out(args.exp_dir / "inference" / model_file.stem / name, plan, state)
        todo = f"{plan.undone} of {plan.utterances} utterances to do" if plan.todo else "nothing to do"
        print(f"{name}: {todo}", file=sys.stderr)
        blocks += len(plan.todo)
    print(blocks)


def _by_name(data_dirs: Sequence[Path]) -> dict[str, Path]:
    """Return the sets by the names of their folders, under which their results will stand."""
    by_name: dict[str, Path] = {}
    for data_dir in data_dirs:
        other = by_name.setdefault(data_dir.name, data_dir)
        if other.resolve() != data_dir.resolve():
            raise GeoLIDError(f"{data_dir} and {other} are two sets of one name; rename one, or infer them by turns")
    return by_name


if __name__ == "__main__":
    run(main)
