"""What kind of promise a call to the outside makes, so that the runtime knows what it may do after a lost answer (design §5.7).

An effect is named in the row before it is made. When its outcome is not known (a time-out, a killed worker), a successor waits
the lease out and then goes by the kind that the port declared; a contract test holds each port to its word.
"""

from __future__ import annotations

from enum import Enum


class PortKind(Enum):
    """What the other side does when the same call comes twice. A port declares one or more, the strongest first (design §5.7)."""

    KEYED = "keyed"
    """It carries an idempotency key: the same key happens once and answers the same again. After a lost answer: call again."""

    CONDITIONAL = "conditional"
    """The call states what it expects (a refund: what is left) and is refused if that is no longer so. After a lost answer: ask,
    or call again with the same expectation; a second one cannot happen."""

    ASKABLE = "askable"
    """It names something that can be asked about (an approval: query by tid). After a lost answer: ask, then decide."""

    REPEATABLE = "repeatable"
    """A second call does no harm (a ready: it leaves an unused tid; every read). After a lost answer: call again."""

    NEITHER = "neither"
    """None of these: call at most once; a lost answer is left to reconciliation or a person."""
