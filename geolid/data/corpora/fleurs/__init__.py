"""FLEURS: sentences of one text, read in 102 languages; for each a folder, tables of its splits and audio of each.

tables   what the table of a split says
layout   the folders of the corpus, and whether it is all there
sets     the data directories
remote   fetching it
"""

CORPUS = "fleurs"  # as the registry of languages calls it, and utt2dataset
SPLITS = ("train", "dev", "test")
