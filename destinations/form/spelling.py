"""What is wrong with an expression, and the nearest right name, in words for who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from jmespath.exceptions import (
    EmptyExpressionError,
    IncompleteExpressionError,
    JMESPathError,
    LexerError,
    ParseError,
)


class ExpressionError(ValueError):
    """An expression that cannot be compiled: the message shows it, the position, and what would be right."""


def syntax_error(text: str, error: JMESPathError) -> ExpressionError:
    """Put a parser's complaint into one line that shows the expression and the position."""
    if isinstance(error, EmptyExpressionError):
        return ExpressionError("the expression is empty; leave the entry out, or set it to null to remove it")
    if isinstance(error, IncompleteExpressionError):
        return ExpressionError(f"{text} ends too early, at position {len(text)}")
    if isinstance(error, LexerError):
        return ExpressionError(f"{text}: {error.message} at position {error.lexer_position}")
    if isinstance(error, ParseError) and error.token_type == "EOF":
        return ExpressionError(f"{text} ends too early, at position {len(text)}")
    if isinstance(error, ParseError):
        return ExpressionError(f"{text}: unexpected {error.token_value!r} at position {error.lex_position}")
    return ExpressionError(f"{text}: {error}")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, letters and digits counting most; None when nothing is like it."""
    plain = {_plain(other): other for other in known}
    match = get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    return plain[match[0]] if match else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; nearest: 'klaviyo'`` to append to a fault, or nothing."""
    found = nearest(name, known)
    return f"; nearest: {found!r}" if found else ""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))
