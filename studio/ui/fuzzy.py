"""`match`: whether a text has the letters of a query, and how well."""

import re
import unicodedata

_WORD = re.compile(r"\w+")
WHOLE, START, INSIDE, SCATTERED = 4.0, 3.0, 2.0, 1.0


def match(query: str, text: str) -> float | None:
    """Return how well each word of a query is in a text, higher is better; None where one is not.

    A word may begin the text, begin one of its words, stand within one, or have its letters scattered over the text in
    their order, the first at the beginning of a word ("exst" finds "Export still"). Case and accents do not count; an
    empty query is in everything, at 0.
    """
    plain = _plain(text)
    scores = [_one(word, plain) for word in _plain(query).split()]
    return None if None in scores else sum(score for score in scores if score is not None)


def _one(word: str, text: str) -> float | None:
    # Among texts that are alike the shorter one is rather meant.
    brief = 1 / (2 + len(text))
    if text.startswith(word):
        return WHOLE + brief
    starts = [found.start() for found in _WORD.finditer(text)]
    if any(text.startswith(word, start) for start in starts):
        return START + brief
    if len(word) > 1 and word in text:
        return INSIDE + brief
    best = None
    for start in starts:
        at = start - 1
        for letter in word:
            at = text.find(letter, at + 1)
            if at < 0:
                break
        else:
            if text[start] == word[0]:
                spread = (at - start + 1 - len(word)) / len(text)
                best = max(best or 0.0, SCATTERED - spread)
    return None if best is None else best + brief


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))
