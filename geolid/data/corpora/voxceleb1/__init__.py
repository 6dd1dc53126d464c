"""VoxCeleb1 for speaker identification: 1,251 speakers, labels that are no languages, the same in all three sets.

split    the list of the identification task: which file is for training, dev and test
layout   the folders of the corpus, and whether the speakers are all there
sets     the data directories
"""

CORPUS = "voxceleb1"  # as the registry of labels calls it, and utt2dataset
HOME = "https://www.robots.ox.ac.uk/~vgg/data/voxceleb"
HOW_TO_GET = (
    f"VoxCeleb1 cannot be fetched from here: ask for its audio on {HOME}, unpack the archive of dev to dev/wav and "
    f"that of test to test/wav of one folder, put {HOME}/meta/iden_split.txt beside them, and name that folder in "
    "db.sh (VOXCELEB1) or with --root"
)
EXAMPLE = "id10003/na8-QEFmj44/00003.wav"
