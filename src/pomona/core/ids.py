"""Ids: a short kind prefix and a ULID (lower case, sorts by time); and names for each kind."""

import secrets
from datetime import datetime
from typing import NewType

HypothesisId = NewType("HypothesisId", str)
DecisionId = NewType("DecisionId", str)
DatasetId = NewType("DatasetId", str)
VersionId = NewType("VersionId", str)
SourceId = NewType("SourceId", str)
EntryId = NewType("EntryId", str)
RunId = NewType("RunId", str)
ModelId = NewType("ModelId", str)
ModelVersionId = NewType("ModelVersionId", str)
EndpointId = NewType("EndpointId", str)
ReleaseId = NewType("ReleaseId", str)
PredictionId = NewType("PredictionId", str)
OutcomeId = NewType("OutcomeId", str)
MonitorId = NewType("MonitorId", str)
IncidentId = NewType("IncidentId", str)
ReactionId = NewType("ReactionId", str)
JobId = NewType("JobId", str)
Digest = NewType("Digest", str)  # BLAKE3, 64 hex digits

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32


def ulid(at_ms: int, entropy: bytes) -> str:
    """26 characters: 48 bits of Unix milliseconds, then 80 bits of entropy.

    >>> ulid(0, bytes(10))
    '00000000000000000000000000'
    >>> ulid(1, bytes(10)) < ulid(2, bytes(10))
    True

    References:
        https://github.com/ulid/spec
    """
    number = (at_ms << 80) | int.from_bytes(entropy[:10], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_id(prefix: str, at: datetime) -> str:
    """A fresh id of the kind ``prefix``, sortable by ``at``."""
    return f"{prefix}_{ulid(int(at.timestamp() * 1000), secrets.token_bytes(10))}"


def kind_of(record_id: str) -> str:
    """The prefix of an id; ``run`` for the 32 hex digits of an MLflow run; '' if it is none.

    >>> kind_of("hyp_01h"), kind_of("0" * 32), kind_of("champion")
    ('hyp', 'run', '')
    """
    if len(record_id) == 32 and all(c in "0123456789abcdef" for c in record_id):
        return "run"
    prefix, _, rest = record_id.partition("_")
    return prefix if rest and len(prefix) <= 3 else ""
