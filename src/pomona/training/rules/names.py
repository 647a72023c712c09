"""Names for runs and logged models that came without one: adjective-noun-number."""

_ADJECTIVES = (
    "amber ample brave bright calm clever crisp dapper eager early fair fresh gentle glad golden grand happy"
    " honest jolly keen kind lively lucky mellow merry mild neat noble olive polite proud quick quiet rapid"
    " ripe rosy royal shiny silent silver sleek smart solid spry sturdy sunny swift tidy vivid warm wise"
)
_NOUNS = (
    "alder apple apricot arbor aspen bark basket beech berry birch blossom bough branch bud cedar cherry"
    " cider clover core crate elm fern fig flower fruit garden grape grove harvest hazel ladder leaf lemon"
    " linden maple medlar moss mulberry nectar oak olive orchard peach pear petal pip plum quince root"
    " sapling seed stem stone thorn twig vine walnut willow"
)
ADJECTIVES, NOUNS = _ADJECTIVES.split(), _NOUNS.split()


def generated_name(entropy: bytes) -> str:
    """A name from 6 random bytes.

    >>> generated_name(bytes(6))
    'amber-alder-0'
    """
    number = int.from_bytes(entropy[:6], "big")
    number, adjective = divmod(number, len(ADJECTIVES))
    number, noun = divmod(number, len(NOUNS))
    return f"{ADJECTIVES[adjective]}-{NOUNS[noun]}-{number % 1000}"
