"""A learner that had less training than its paper gave it is not ranked below others without a word."""

from metadash.answers.stored_arms import StoredArm, starved_words
from metadash.specs.starved import training_seen
from metadash.stats import words
from tests.answers.test_stored_arms import Stored
from tests.builders import tiny_run


def test_who_had_less_training_than_its_paper_gave_it_is_said_beside_the_others() -> None:
    specs = [
        tiny_run(learner="maml", mode="full", steps=60, meta_batch=32),
        tiny_run(learner="maml", mode="full", steps=60_000, meta_batch=32),
        tiny_run(learner="maml", mode="quick"),
        tiny_run(learner="anil", mode="quick"),
        tiny_run(),
    ]
    arms = [StoredArm(str(n), (Stored(spec),)) for n, spec in enumerate(specs)]
    names = {arm.id: f"arm {arm.id}" for arm in arms}
    assert [training_seen(arm.spec) for arm in arms] == ["0.1 %", "all", "its head alone (quick)", "—", "—"]
    told = starved_words(names, arms)
    assert told[0] == f"“arm 0” saw at most 0.1 % of the {words.count(1_920_000)} training tasks of its paper."
    assert told[1].startswith("“arm 2” adapts only a linear head") and len(told) == 3 and "for want of training" in told[2]
    assert starved_words(names, arms[:1]) == [], "alone it is ranked below nobody"
    assert starved_words(names, arms[3:]) == []
