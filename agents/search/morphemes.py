"""The morphological analyser: half a gigabyte and three seconds to load, so there is one, in the process ``search``."""

from __future__ import annotations

from kiwipiepy import Kiwi

from models.search.sentence import Morpheme
from models.search.vocabulary import USER_WORDS

SCORE = 3.0
"""How much more likely than to be cut our own nouns are to be whole."""


class Analyser:
    """Calls are CPU work of 0.3 to 1.3 ms."""

    def __init__(self) -> None:
        """Load. To be called in a thread where a loop runs."""
        self._kiwi = Kiwi(num_workers=1)
        for word in USER_WORDS:
            self._kiwi.add_user_word(word, "NNG", SCORE)
        self._kiwi.tokenize("꽃")

    def __call__(self, text: str) -> list[Morpheme]:
        """The morphemes of ``text``."""
        return [
            Morpheme(one.form, str(one.tag).removesuffix("-I").removesuffix("-R"), one.start) for one in self._kiwi.tokenize(text)
        ]
