"""Self-supervised speech encoders of the wav2vec 2.0 family, stepped layer by layer."""
