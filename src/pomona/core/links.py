"""The ledger's relations: how a decision is joined to the data, code and idea behind it.

Read a link as a sentence: ``source`` *relation* ``target``.
"""

from typing import Literal

Relation = Literal[
    "tests",  # run, endpoint, release -> hypothesis
    "decided",  # decision -> hypothesis
    "evidence",  # decision, gate, verdict -> any record it rests on
    "belongs_to",  # version -> dataset; model version -> model; release -> endpoint
    "derived_from",  # version -> the version before it
    "extracted_from",  # version -> source
    "trained_on",  # run -> data version
    "evaluated_on",  # run, gate, model version -> data version
    "ran",  # run -> training entry (code snapshot and selector)
    "used_code",  # run -> code snapshot (digest)
    "used_environment",  # run -> environment (digest)
    "produced",  # run -> model version; job -> run
    "serves",  # endpoint, release -> model version
    "challenges",  # release -> the candidate model version
    "monitors",  # window, incident -> endpoint
    "caused",  # incident -> reaction -> job
]
