"""Where languages are: their lang2vec vectors, places and distances. Imports no torch."""
