"""IARPA Babel: telephone conversations in 25 languages, a language pack of LDC each, with transcripts by the second.

    packs        the packs and recordings that a folder holds
    transcript   what is said when, and which of it are words
    recording    a recording's utterances, or why it cannot be used
    sets         the data directories

Only conversations are taken: training for training, dev for tests; the scripted parts, eval and what has no transcripts
stay where they are.
"""
