"""TopCoder's SpokenLanguages2: clips of about 10 s in 176 languages, 376 of each, whose names tell nothing.

listing   the table of the clips, the files, and what their labels are called in tables of ours
clips     what a file tells when it is opened: its length, its bytes, its tags
split     which clips are for training, dev and test; the corpus itself has no split
sets      the data directories
"""

CORPUS = "topcoder176"  # as the registry of languages calls it, and utt2dataset
