"""VoxPopuli: speeches in the European Parliament in 16 languages, cut and transcribed, with tables that list them.

layout      the folders of the languages
manifests   the tables: what segments there are, who speaks, what is said
language    a language's utterances: tables beside audio, and what of both cannot be used
sets        the data directories
remote      fetching sessions and lists of segments
cutting     segments cut out of sessions
"""

CORPUS = "voxpopuli"  # as the registry of languages calls it, and utt2dataset
SPLITS = ("train", "dev", "test")
