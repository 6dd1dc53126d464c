"""Kaldi data directories and audio files. Knows no model and imports no torch, so it starts at once."""
