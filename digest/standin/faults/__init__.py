"""Ways in which arXiv, or the network before it, has failed or could: ready for ``StandIn.fault``.

Each function returns a fault: called with a request and the honest reply, it returns the reply to send.
"""

from digest.standin.faults.answers import (
    frozen_empty,
    lag_full,
    lag_partial,
    new_layout,
    rate_exceeded,
    stale_feed,
    stale_page,
    status,
    unlisted,
    wrong_count,
)
from digest.standin.faults.combine import (
    chain,
    first,
    only,
)
from digest.standin.faults.network import (
    chunked_cut,
    content_type,
    cut_gzip,
    cut_page,
    cut_transfer,
    down,
    empty_body,
    gzip_bomb,
    gzip_encoded,
    login_page,
    no_length_cut,
    redirect_to,
    slow_drip,
    slow_start,
)

__all__ = [
    "chain",
    "chunked_cut",
    "content_type",
    "cut_gzip",
    "cut_page",
    "cut_transfer",
    "down",
    "empty_body",
    "first",
    "frozen_empty",
    "gzip_bomb",
    "gzip_encoded",
    "lag_full",
    "lag_partial",
    "login_page",
    "new_layout",
    "no_length_cut",
    "only",
    "rate_exceeded",
    "redirect_to",
    "slow_drip",
    "slow_start",
    "stale_feed",
    "stale_page",
    "status",
    "unlisted",
    "wrong_count",
]
