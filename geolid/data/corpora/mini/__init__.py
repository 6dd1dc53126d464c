"""The embedded corpus: real words of many languages, from CLDR as Babel brings it, spoken by espeak-ng, offline.

    accents   who of espeak-ng's voices speaks a language, and with which accents
    words     what there is to say in it
    cast      the speakers of each set
    plan      every utterance: who says what, how long, and how it is heard
    espeak    the synthesiser
    channel   telephones, rooms and noise
    audio     an utterance's file
    tables    the data directories
    child     a process of its own for what must not depend on what was done before

The plan is a pure function of the options. An utterance depends on the seed, its set, its accent and its number, and on
nothing else: more languages or more utterances leave those that stand as they are.
"""
