"""Label selectors in Kubernetes' grammar.

    team=fraud,stage in (prod,canary),!retired,tier!=gold,owner

`=` and `==` want the value, `!=` and `notin` hold for a missing label too,
`in` wants one of the values, a bare key wants the label, `!key` its absence.
All requirements must hold. Source of the grammar: Kubernetes' documentation,
"Labels and selectors".
"""

from __future__ import annotations

import re

from lineageql.errors import InvalidArgument
from lineageql.model.predicates import ALWAYS, Label, Not, Operator, Predicate, Test, all_of

# Kubernetes allows names of 63 characters with a DNS prefix; labels here may be freer, so any run of
# characters that the grammar gives no meaning is a key or a value.
MAX_LENGTH = 10_000
_TOKEN = re.compile(r"\s*(==|!=|=|!|\(|\)|,|<|>|[^\s=!(),<>]+)")


def parse_selector(text: str) -> Predicate:
    """The predicate of a label selector; an empty one is always true.

    Raises:
        InvalidArgument: the text is not of the grammar; the message shows the place.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_LENGTH:
            raise InvalidArgument(f"the label selector has {len(text)} characters; the most is {MAX_LENGTH}")
        self.tokens = [(found.group(1), found.start(1)) for found in _TOKEN.finditer(text)]
        self.next = 0

    def parse(self) -> Predicate:
        if not self.tokens:
            return ALWAYS
        terms = [self.requirement()]
        while self.next < len(self.tokens):
            self.take(",", "a comma")
            terms.append(self.requirement())
        return all_of(*terms)

    def requirement(self) -> Predicate:
        if self.peek() == "!":
            self.next += 1
            return Not(Test(Label(self.word("a label key")), Operator.EXISTS))
        label = Label(self.word("a label key"))
        match self.peek():
            case None | ",":
                return Test(label, Operator.EXISTS)
            case "=" | "==":
                self.next += 1
                return Test(label, Operator.EQ, self.value())
            case "!=":
                self.next += 1
                return Not(Test(label, Operator.EQ, self.value()))
            case "in":
                self.next += 1
                return Test(label, Operator.IN, self.values())
            case "notin":
                self.next += 1
                return Not(Test(label, Operator.IN, self.values()))
        raise self.fault("one of = == != in notin or a comma")

    def values(self) -> tuple[str, ...]:
        self.take("(", "an opening parenthesis")
        if self.peek() == ")":
            raise self.fault("a value")
        found = [self.value()]
        while self.peek() == ",":
            self.next += 1
            found.append(self.value())
        self.take(")", "a comma or a closing parenthesis")
        return tuple(found)

    def value(self) -> str:
        # As in Kubernetes, `key=` and `key in (a,)` name the empty value.
        return "" if self.peek() in (None, ",", ")") else self.word("a value")

    def word(self, wanted: str) -> str:
        token = self.peek()
        if token is None or re.fullmatch(r"==|!=|=|!|\(|\)|,|<|>", token):
            raise self.fault(wanted)
        self.next += 1
        return token

    def take(self, token: str, wanted: str) -> None:
        if self.peek() != token:
            raise self.fault(wanted)
        self.next += 1

    def peek(self) -> str | None:
        return self.tokens[self.next][0] if self.next < len(self.tokens) else None

    def fault(self, wanted: str) -> InvalidArgument:
        token, place = self.tokens[self.next] if self.next < len(self.tokens) else ("the end", len(self.text))
        shown = self.text[max(0, place - 20) : place + 20]
        return InvalidArgument(
            f"bad label selector at character {place + 1} (near {shown!r}): {wanted} is needed, found {token!r}"
        )
