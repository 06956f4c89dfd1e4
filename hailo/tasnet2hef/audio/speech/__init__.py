"""Three seconds of real speech, two voices at once, to compare networks on.

``excerpt.flac`` (8 kHz): the prompts ``conf-onlyone`` by Allison Smith (en_US) and ``conf-getpin`` by Carlo Flora
(it_IT), levelled, cut and added, from Debian's asterisk-core-sounds 1.6.1. The first is under CC BY-SA 3.0, the
second under CC BY 3.0; the excerpt is under CC BY-SA 3.0.
"""
