"""Faults of faults: when and where one applies, and several at once."""

import re
from itertools import count

from digest.standin.replies import Fault, Reply, Request


def first(times: int, fault: Fault) -> Fault:
    """Apply ``fault`` to the first ``times`` requests only; those after get the honest reply."""
    calls = count(1)

    def fail(request: Request, reply: Reply) -> Reply:
        return fault(request, reply) if next(calls) <= times else reply

    return fail


def only(pattern: str, fault: Fault) -> Fault:
    """Apply ``fault`` where the regular expression is found in the path with its query; be honest elsewhere."""
    return lambda request, reply: fault(request, reply) if re.search(pattern, request.path) else reply


def chain(*faults: Fault) -> Fault:
    """Apply ``faults`` one after another, each to the reply that those before it have left."""

    def fail(request: Request, reply: Reply) -> Reply:
        for fault in faults:
            reply = fault(request, reply)
        return reply

    return fail


def always(answer: Reply, times: int | None = None) -> Fault:
    """Answer every request, or the first ``times``, with ``answer``."""

    def fail(_request: Request, _reply: Reply) -> Reply:
        return answer

    return fail if times is None else first(times, fail)
