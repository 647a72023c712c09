"""What spans of other instrumentations call inputs, outputs, tokens and models, in the protocol's words.

References:
    https://opentelemetry.io/docs/specs/semconv/gen-ai/
    https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
TYPE = "mlflow.spanType"
USAGE = "mlflow.chat.tokenUsage"
COST = "mlflow.llm.cost"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"
REQUEST_ID = "mlflow.traceRequestId"
TAG_PREFIX = "mlflow.traceTag."
SESSIONS = ("session.id", "gen_ai.conversation.id")
USERS = ("user.id",)

_INPUTS = ("input.value", "gen_ai.input.messages", "gen_ai.tool.call.arguments", "traceloop.entity.input")
_OUTPUTS = ("output.value", "gen_ai.output.messages", "gen_ai.tool.call.result", "traceloop.entity.output")
_MODELS = ("llm.response.model_name", "llm.model_name", "gen_ai.response.model", "gen_ai.request.model")
_PROVIDERS = ("llm.provider", "gen_ai.provider.name", "gen_ai.system")
_TOKENS = {
    "input_tokens": ("llm.token_count.prompt", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "output_tokens": (
        "llm.token_count.completion",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
    ),
    "total_tokens": ("llm.token_count.total", "llm.usage.total_tokens"),
    "cache_read_input_tokens": (
        "llm.token_count.prompt_details.cache_read",
        "gen_ai.usage.cache_read.input_tokens",
    ),
}
_KINDS = ("openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind")
_TYPES = {
    "chat": "CHAT_MODEL",
    "create_agent": "AGENT",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "generate_content": "LLM",
    "invoke_agent": "AGENT",
    "text_completion": "LLM",
    "workflow": "CHAIN",
    "task": "TASK",
    **{
        name: name.upper()
        for name in ("tool", "chain", "llm", "retriever", "embedding", "agent", "reranker", "guardrail")
    },
}


def in_our_words(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes, and those that follow from another convention; what is there already stays.

    >>> in_our_words({"gen_ai.operation.name": "chat"})["mlflow.spanType"]
    'CHAT_MODEL'
    """
    found = dict(attributes)
    kind = str(_first(attributes, _KINDS) or "").lower()
    if found.get(TYPE) in (None, "UNKNOWN") and kind in _TYPES:
        found[TYPE] = _TYPES[kind]
    for ours, theirs in ((INPUTS, _INPUTS), (OUTPUTS, _OUTPUTS), (MODEL, _MODELS), (PROVIDER, _PROVIDERS)):
        value = _first(attributes, theirs)
        if ours not in found and value is not None:
            found[ours] = plain(value) if ours in (INPUTS, OUTPUTS) else value
    usage = token_usage(attributes)
    if USAGE not in found and usage:
        found[USAGE] = usage
    return found


def undumped(value: Any) -> Any:
    """A text that some client wrote as JSON, as what it stands for: a text, a list or an object, no number.

    >>> undumped('"LLM"'), undumped('{"k": 1}'), undumped("1")
    ('LLM', {'k': 1}, '1')
    """
    if not isinstance(value, str) or value[:1] not in ('"', "[", "{"):
        return value
    found = plain(value)
    return found if isinstance(found, str | list | dict) else value


def token_usage(attributes: Mapping[str, Any]) -> dict[str, int]:
    """Tokens by kind, as far as they are told."""
    told = {name: _integer(_first(attributes, keys)) for name, keys in _TOKENS.items()}
    found = {name: count for name, count in told.items() if count is not None}
    if "input_tokens" in found and "output_tokens" in found:
        found.setdefault("total_tokens", found["input_tokens"] + found["output_tokens"])
    return found


def plain(value: Any) -> Any:
    """A text that is JSON as the value it stands for; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _first(attributes: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((attributes[key] for key in keys if attributes.get(key) not in (None, "", {}, [])), None)


def _integer(value: Any) -> int | None:
    try:
        return None if value is None or isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
