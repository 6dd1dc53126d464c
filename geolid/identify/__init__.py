"""A trained model at work: speech in, languages out."""
