"""The auditor: folds the public event logs and says what does not add up (issue Foundation §6; spec order §9).

``shelves`` and ``orders`` fold what one store and one order say, ``books`` all of it, ``compare`` holds the read models against
that; none of them does I/O. ``doubts`` gives what crosses domains its time to come to rest, ``log`` reads the topics,
``looks`` makes one look at everything, ``verdict`` is the command, ``watch`` the process that looks for ever.

It judges by its own folds: of the code under test it uses the messages, the decoder of records and the databases' queries.
"""
