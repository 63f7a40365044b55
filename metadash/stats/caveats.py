"""What a number cannot tell, each in a sentence that stands where it applies."""

from metadash.stats.words import count


def single_seed(seeds: int) -> str:
    """Of one training run nothing is known of how training again would change it."""
    return "" if seeds > 1 else "One training seed: how much training again would change this is not known."


def winners_curse(compared: int, measured: str = "gain") -> str:
    """Of the best of several, chosen by what is shown: its own number is too high on average."""
    if compared < 2:
        return ""
    return (
        f"Whoever picks the largest {measured} of these {count(compared)} gets one that is overstated: luck helped it to be the largest. "
        "Measure the winner again with other seeds and test tasks."
    )


def chosen_on_validation(stopped: bool = True) -> str:
    """What validation classes were used for, and what that leaves to test classes."""
    what = "Training stops where validation classes do best, and lists" if stopped else "Lists"
    return f"{what} stand in the order of validation accuracy, which is flattered by that choice; what is said of test classes is not."
