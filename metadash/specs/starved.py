"""Which learners had less than their paper gave them, said by one function to whoever ranks a score: a low place may be for want of training."""

from metadash.learners.registry import entry_of
from metadash.specs.run import RunSpec
from metadash.stats import words


def share_of_paper(spec: RunSpec) -> float | None:
    """Of the training tasks of the learner's paper, at most so many (it may have stopped early); None in quick mode, and where they are not known."""
    recipe = entry_of(spec.learner).paper_recipe
    if recipe is None or spec.mode == "quick":
        return None
    return recipe.share(spec.training_episodes().n_way, spec.steps, spec.meta_batch)


def starved(spec: RunSpec) -> str:
    """What a low place may be owed to, as the end of a sentence that begins with its name; empty where it had what its paper gives."""
    if spec.mode == "quick":
        if not entry_of(spec.learner).adapts_backbone:
            return ""
        return "adapts only a linear head over a frozen embedding (quick mode), where its paper adapts the whole network"
    share = share_of_paper(spec)
    if share is None or share >= 1:
        return ""
    recipe = entry_of(spec.learner).paper_recipe
    assert recipe is not None
    steps, tasks = recipe.length(spec.training_episodes().n_way) or (0, 0)
    return f"saw at most {100 * share:.2g} % of the {words.count(steps * tasks)} training tasks of its paper"


def training_seen(spec: RunSpec) -> str:
    """For a column of a table."""
    if spec.mode == "quick":
        return "its head alone (quick)" if entry_of(spec.learner).adapts_backbone else "—"
    share = share_of_paper(spec)
    if share is None:
        return "—"
    return "all" if share >= 1 else f"{100 * share:.2g} %"
