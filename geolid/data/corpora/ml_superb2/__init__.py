"""ML-SUPERB 2.0: short utterances of some 140 languages, drawn from 15 public corpora.

parquet  the pre-formatted set: tables that hold the audio
extract  the audio of a table, written out as files
tree     the original tree: folders of files beside transcripts
choose   which utterances are taken, and what language they are of
sets     the data directories
remote   fetching the pre-formatted set
"""

CORPUS = "ml_superb2"  # as the registry of languages calls it, and utt2dataset
SPLITS = ("train", "dev", "dev_dialect")
