"""Save the log-mel picture of a recording: what frontend: mel_picture makes of it, with its axes."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import sampling_rate
from geolid.bin.command import ArgumentParser, flag, run
from geolid.identify.speech import read_speech

_COLUMNS_AT_MOST = 1536  # no page shows more


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("audio", metavar="FILE", help="an audio file")
    parser.add_argument("--output", type=Path, help="written: a png (default: <name of FILE>.spectrogram.png, here)")
    parser.add_argument(
        "--whole", type=flag, default=False, help="true: all of the recording; false: the 10 s that a model sees"
    )
    parser.add_argument("--fs", type=sampling_rate, default=16000, help="it is resampled to this rate, such as 16k")
    args = parser.parse_args(argv)
    output = args.output or Path(f"{Path(args.audio).stem}.spectrogram.png")

    wave = read_speech(args.audio, args.fs)

    import torch  # takes seconds, and so do its users

    from geolid.model.mel_picture import SECONDS, SIZE, band_frequencies, decibels, take_middle
    from geolid.report.plots.spectrogram import draw_spectrogram
    from geolid.report.plots.style import save_png

    speech = torch.from_numpy(wave)[None]
    total = speech.shape[1] / args.fs
    start, seconds, columns, seams = 0.0, total, round(total / SECONDS * SIZE), []
    told = f"all of {total:.1f} s"
    if args.whole:
        columns = min(max(columns, 1), _COLUMNS_AT_MOST)
    else:
        start, seconds, columns = max((total - SECONDS) / 2, 0.0), SECONDS, SIZE
        speech = take_middle(speech, torch.tensor([speech.shape[1]]), round(SECONDS * args.fs))
        told = f"{SECONDS:g} s from the middle of {total:.1f} s"
        if total < SECONDS:
            told = f"{total:.1f} s, repeated until they are {SECONDS:g} s"
            seams = [total * number for number in range(1, int(SECONDS / total) + 1)]
    levels = decibels(speech, args.fs, columns, SIZE)[0].numpy()
    told += f"; {columns} moments, {SIZE} bands, intensity in dB below the loudest place"
    name = Path(args.audio).name
    save_png(draw_spectrogram(levels, band_frequencies(args.fs, SIZE), start, seconds, name, told, seams), output)
    print(output)


if __name__ == "__main__":
    run(main)
