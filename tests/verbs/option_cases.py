"""For each option of each verb, what to add to a line that it must make a difference to, and the lines themselves."""

EVERYWHERE = ("workspace", "json")
"""Where to look and how to print: what they do is one function of ``main``, tested below once for all."""

SITUATIONS: dict[str, tuple[str, ...]] = {
    "answer": ("", "--question any", "--sources place", "--mode full"),
    "ablate": (
        "--sources place size",
        "--tier screen --sources place size",
        "--learner maml --sources place",
        "--sources place site",
    ),
    "whatif": (
        "--run $informed --change place:swap:0.5",
        "--run $informed --edit $thing:corner=middle",
        "--run $informed --dose place",
        "--run $plain --change place:swap",
    ),
    "datasets": ("",),
    "datasets fetch": ("omniglot",),
    "datasets import": ("omniglot --source here",),
    "audit": ("", "--metadata-only", "--quasi corner", "--probe corner --run $informed", "--probe corner"),
    "episodes": ("", "--strategy siblings", "--strategy disjoint"),
    "train": (
        "",
        "--sources place",
        "--sources place --mode full --fusion auxiliary",
        "--learner maml",
        "--learner matching --sources place",
        "--strategy uniform",
        "--learner chance",
    ),
    "propose": ("",),
    "learners": ("",),
    "compare": ("", "$informed $plain", "$informed $shuffled $plain --pairs"),
    "doctor": ("",),
    "serve": ("",),
}
SITUATIONS["report"] = tuple(f"{one} --out $folder/a.html" for one in SITUATIONS["ablate"][:2])
"""What stands on the line already when an option is added."""

BUDGET = {
    "backbone": "--backbone mlp",
    "width": "--width 8",
    "backbone_episodes": "--backbone-episodes 7",
    "own_backbone": "--own-backbone",
    "normalise": "--normalise l2",
    "steps": "--steps 7",
    "n_episodes": "--n-episodes 70",
    "shots": "--shots 1,3",
    "n_query": "--n-query 4",
}
TASKS = {"n_way": "--n-way 3", "strategy": "--strategy disjoint|--strategy uniform", "column": "--column corner"}
FOLDS = {"split": "--split family-1", "folds": "--folds 4"}
ABLATION = {
    "tier": "--tier reliance --seeds 4",
    "sources": "--sources flag",
    "fusion": "--fusion am3",
    "seeds": "--seeds 7",
    "doses": "--doses|--no-doses",
    "learner": "--learner matching",
    "mode": "--mode full",
    "controls": "--controls noise",
    "rope": "--rope 1.5",
    "allow_leak": "--allow-leak",
    "where": "--where size>1",
    **FOLDS,
    **TASKS,
    **BUDGET,
}
CASES: dict[str, dict[str, str]] = {
    "answer": {
        "question": "--question marks|--question any",
        "sources": "--sources size,flag",
        "where": "--where size>0.5",
        "seeds": "--seeds 2",
        "mode": "--mode full|--mode quick",
        **FOLDS,
        **TASKS,
        **BUDGET,
        "split": "--split family-1|--split family-0",
    },
    "ablate": {**ABLATION, "plan": "--plan"},
    "report": {**ABLATION, "out": "--out nowhere/b.html", "claim": "--claim"},
    "whatif": {
        "asked": "--run $shuffled",
        "change": "--change place:missing:0.3",
        "edit": "--edit $thing:corner=",
        "edit_instance": "--edit-instance 7:site=",
        "dose": "--dose place,size",
        "n_shot": "--n-shot 2",
        "episode": "--episode 2",
        "seed": "--seed 3",
    },
    "datasets": {},
    "datasets fetch": {
        "name": "another",
        "base": "--from elsewhere",
        "as_name": "--as mine",
        "no_rotations": "--no-rotations",
    },
    "datasets import": {
        "name": "another",
        "source": "--source there",
        "as_name": "--as mine",
        "no_rotations": "--no-rotations",
    },
    "audit": {
        "split": "--split family-1",
        "sources": "--sources size",
        "quasi": "--quasi is_round",
        "sensitive": "--sensitive count",
        "metadata_only": "--metadata-only",
        "probe": "--probe family",
        "probed": "--run $shuffled",
        "prototypes": "--prototypes",
        **{name: text for name, text in BUDGET.items() if name != "shots"},
    },
    "episodes": {
        **TASKS,
        "n_way": "--n-way 4",
        "column": "--column corner|--column site|--column taken",
        "strategy": "--strategy siblings|--strategy uniform",
        "n_shot": "--n-shot 2",
        "n_query": "--n-query 3",
        "split": "--split family-1",
        "role": "--role train",
        "where": "--where count>2",
        "count": "--count 3",
        "seed": "--seed 4",
        "out": "--out $folder/e.npz",
    },
    "train": {
        **TASKS,
        **BUDGET,
        "learner": "--learner relation",
        "option": "--option inner_steps=3",
        "sources": "--sources flag",
        "fusion": "--fusion film",
        "auxiliary_weight": "--auxiliary-weight 0.5",
        "control": "--control shuffled",
        "distance": "--distance cosine",
        "source_dropout": "--source-dropout 0.5",
        "seed": "--seed 3",
        "split": "--split family-1",
        "where": "--where size>0.5",
        "ways": "--ways 4",
        "tune": "--tune 4",
        "mode": "--mode full|--mode quick",
    },
    "propose": {
        **TASKS,
        **{name: BUDGET[name] for name in ("shots", "n_query", "width", "backbone_episodes", "own_backbone")},
        "split": "--split family-1",
        "n_tasks": "--n-tasks 50",
    },
    "learners": {},
    "compare": {
        "learners": "$shuffled",
        "pairs": "--pairs|",
        "ways": "--ways",
        "rope": "--rope 4",
    },
    "doctor": {"deep": "--deep"},
    "serve": {"port": "--port 8999", "address": "--address 0.0.0.0"},
}
"""For each option what to add to the line; of several (``|``) one must make a difference."""
for _verb in ("answer", "ablate", "report", "audit", "episodes", "train", "whatif"):
    CASES[_verb]["dataset"] = "--dataset glyphs"

NO_DIFFERENCE = {
    "own_backbone": "a demand that is met already where no backbone comes with the data set; it is tested on glyphs below",
    "allow_leak": "leave is given for a leak that is not there; it is tested on the source that leaks",
    "out": "of episodes: it writes a file, which is tested below",
    "metadata_only": "it is on the line already",
    "pairs": "it is on the line already",
}
"""Options that may stand on a line without a difference, and why that ignores nothing."""
