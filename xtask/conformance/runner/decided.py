"""Steps at which Registrar departs from Synapse on purpose (docs/DEVIATIONS.md).

The decided answer must be given there; Synapse's answer would be the failure.
"""

import re

# Scenario name, step (1 is the first request or note), statuses, errcodes, and the reason.
RULES = [
    # Argon2id hashes the whole password: a longer one that begins alike is another one.
    (r"password_value\[(b72|len511)\]", 3, {403}, {"M_FORBIDDEN"}, "the whole password counts"),
]


def find(name, number):
    """What was decided for a step -> (statuses, errcodes, reason), or None."""
    for pattern, step, statuses, errcodes, reason in RULES:
        if step == number and re.match(pattern, name):
            return statuses, errcodes, reason
    return None
