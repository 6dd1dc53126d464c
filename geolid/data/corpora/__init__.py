"""What it takes to make data directories of a corpus, where that is more than a script: a folder a corpus."""
