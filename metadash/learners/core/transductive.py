"""The entries of learners that classify the queries of a task together: part of the one list in ``registry``. Imports no torch."""

from metadash.learners.core.entry import LearnerEntry

TRANSDUCTIVE = (
    LearnerEntry(
        "bd-cspn",
        "BD-CSPN",
        "transductive",
        "Liu, Song & Qin 2020",
        "Prototypes that the surest of a task's queries help to place, after all queries are moved to where the support lies. "
        "Helps at one shot, where a prototype rests on one example, and fades with more; an answer depends on what else is asked.",
        "As Prototypical Networks, and a second look at the queries.",
        "metadash.learners.transductive.bd_cspn:BDCSPN",
        ("rectify_top",),
        balance="It lives on balanced queries: 5-way 1-shot on glyphs it gains 2.4 points on prototypes, with uneven ones (Dirichlet 2) 0.6, and "
        "at five shots it loses 0.9 there.",
        learns=False,
        transductive=True,
        centres=True,
        compares_directions=True,
    ),
    LearnerEntry(
        "laplacian-shot",
        "LaplacianShot",
        "transductive",
        "Ziko, Dolz, Granger & Ben Ayed 2020",
        "BD-CSPN's prototypes, and then labels that near queries share, in twenty turns of a closed form. Helps at one shot "
        "where the queries of a class lie close together; with more shots the neighbours can mislead.",
        "As BD-CSPN, and the distances between all queries of a task.",
        "metadash.learners.transductive.laplacian:LaplacianShot",
        ("laplacian_lambda", "neighbours", "rectify_top"),
        quick={"laplacian_lambda": 0.3},
        balance="It lives on balanced queries: 5-way 1-shot on glyphs it gains 2.7 points on prototypes, with uneven ones (Dirichlet 2) 1.5, and "
        "with very uneven ones (Dirichlet 0.5) it loses 4.5.",
        learns=False,
        transductive=True,
        centres=True,
        compares_directions=True,
    ),
    LearnerEntry(
        "tim",
        "TIM",
        "transductive",
        "Boudiaf et al. 2020; Veilleux et al. 2021",
        "Steps of a classifier that fit the support and make the labels of the queries sure and evenly used. The strongest "
        "of the transductive learners where queries are balanced, and the one that suffers most where they are not: then give it tim_alpha above 1.",
        "Nothing to train; 50 steps of a head a task, one millisecond or two.",
        "metadash.learners.transductive.tim:TIM",
        ("tim_alpha", "tim_steps", "tim_lr"),
        balance="It lives on balanced queries: 5-way 1-shot on glyphs it gains 3.9 points on prototypes, and with uneven ones (Dirichlet 2) it "
        "loses 17; with tim_alpha 2 it gains 1.7 and 1.1.",
        learns=False,
        transductive=True,
        centres=True,
        compares_directions=True,
        makes_head=True,
    ),
)
