"""What the registry tells: models, their versions, prompts, keys and approvals."""

from pomona.core.events import Event


class ModelVersionRegistered(
    Event, frozen=True, kw_only=True, tag_field="type", tag="registry.version_registered"
):
    model: str
    number: int
    run: str | None


class ModelCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.model_created"):
    name: str


class ModelVersionTagged(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.version_tagged"):
    model: str
    number: int
    key: str
    value: str | None  # None: the tag was removed


class PromptCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.prompt_created"):
    name: str


class PromptVersionCreated(
    Event, frozen=True, kw_only=True, tag_field="type", tag="registry.prompt_version_created"
):
    prompt: str
    number: int


class PromptTagged(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.prompt_tagged"):
    prompt: str
    number: int | None  # None: the tag is the prompt's own
    key: str
    value: str | None  # None: the tag was removed


class PromptAliasMoved(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.prompt_alias_moved"):
    prompt: str
    alias: str
    number: int | None  # None: the alias was removed


class AliasMoved(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.alias_moved"):
    model: str
    alias: str
    number: int | None  # None: the alias was removed
    reason: str = ""  # why it was forced past its gate


class GateChecked(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.gate_checked"):
    model: str
    number: int
    passed: bool
    reason: str


class ModelTampered(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.tampered"):
    model: str
    number: int
    reason: str  # what is not as it was registered


class ModelSealed(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.sealed"):
    model: str
    number: int
    key: str
    reason: str  # why it was sealed later than registered


class SigningKeyRotated(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.key_rotated"):
    before: str | None
    reason: str


class StageMoved(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.stage_moved"):
    model: str
    number: int
    stage: str
    was: str


class ApprovalStated(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.approval_stated"):
    model: str
    number: int
    kind: str  # requested | approved | rejected | withdrawn
    comment: str


class ApprovalPolicySet(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.policy_set"):
    model: str
    needed: int  # people, none of them the author
    was: int
    approvers: list[str]  # empty: anybody else
    reason: str


class CardEdited(Event, frozen=True, kw_only=True, tag_field="type", tag="registry.card_edited"):
    model: str
    number: int
    revision: int


class OutsideCodeAllowed(
    Event, frozen=True, kw_only=True, tag_field="type", tag="registry.outside_code_allowed"
):
    model: str
    number: int
    origin: str
    files: list[str]  # that run code when the model is loaded
    reason: str
