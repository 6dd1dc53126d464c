"""Training: which utterances, in which batches, heard how, and the loop over them."""
