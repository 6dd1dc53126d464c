"""MUSAN and RIRS_NOISES: music, noise and speech to mix into utterances, and rooms to put them into.

They are no sets of utterances: what comes of them are lists of files, which `noise_info` and `rir_scp` of a training
config name.

musan    the recordings of MUSAN, and what is noted of them
rirs     the room impulse responses of RIRS_NOISES
lists    the lists, of files that have been looked at
remote   fetching both
"""
