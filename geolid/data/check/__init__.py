"""Is a corpus fit to train or to test on? Faults of its tables, audio, labels and texts, and what its sets share."""
