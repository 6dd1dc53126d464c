"""VoxLingua107: stretches of videos, a folder a language, whose file names tell where in the video they stand.

names    what a file's name says
layout   the folders of the corpus, and whether it is all there
sets     the data directories
remote   fetching it
"""

CORPUS = "voxlingua107"  # as the registry of languages calls it, and utt2dataset
