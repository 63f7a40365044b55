"""The entries of the references: learners that do not learn to learn, which every other has to beat. Imports no torch."""

from metadash.learners.core.entry import LearnerEntry
from metadash.learners.core.fusions import REFERENCE_FUSIONS

DISTANCES = ("euclidean", "cosine")

REFERENCES = (
    LearnerEntry(
        "baseline",
        "Baseline",
        "reference",
        "Chen, Liu, Kira, Wang & Huang 2019",
        "Each task fine-tunes a new linear head on its examples, over the embedding as it is; over a backbone trained on classes nothing has "
        "learned to learn. A strong reference, more so with more shots or a deeper backbone.",
        "Nothing to train; 100 epochs of a head a task, a millisecond or two over narrow embeddings.",
        "metadash.learners.baseline:Baseline",
        ("finetune_epochs", "finetune_lr"),
        least={"finetune_epochs": 1},
        fusions=REFERENCE_FUSIONS,
        learns=False,
    ),
    LearnerEntry(
        "baseline-plus",
        "Baseline++",
        "reference",
        "Chen, Liu, Kira, Wang & Huang 2019",
        "Baseline with a head of cosine similarities, each class with a direction and a length of its own. In the paper it rivals the "
        "meta-learners.",
        "Nothing to train; 100 epochs of a head a task, a millisecond or two over narrow embeddings.",
        "metadash.learners.baseline:BaselinePlus",
        ("finetune_epochs", "finetune_lr"),
        fusions=REFERENCE_FUSIONS,
        learns=False,
        makes_head=True,
        compares_directions=True,
        centres=True,
    ),
    LearnerEntry(
        "centroid",
        "Nearest centroid on the inputs",
        "reference",
        "textbook",
        "Prototypes of the raw inputs, pixels for images, without any embedding. What lies above it is what the embedding is worth.",
        "Nothing to train; seconds to score.",
        "metadash.learners.reference:NearestCentroid",
        fusions=(*REFERENCE_FUSIONS, "am3"),
        distances=DISTANCES,
        learns=False,
        reads_inputs=True,
    ),
    LearnerEntry(
        "logistic",
        "Logistic regression",
        "reference",
        "textbook",
        "Each task fits multinomial logistic regression on the embeddings of its examples. The classifier that everybody knows, and "
        "hard to beat from five shots on.",
        "Nothing to train; a few milliseconds a task with five ways, some more with twenty.",
        "metadash.learners.reference:LogisticRegression",
        ("logistic_c",),
        fusions=REFERENCE_FUSIONS,
        learns=False,
        compares_differences=True,
    ),
    LearnerEntry(
        "metadata-only",
        "Metadata alone",
        "reference",
        "zero-shot; compare Xing et al. 2019",
        "Compares a query with where the metadata say a class should lie, and never with an example. It says how much of a task the "
        "metadata give away, so its accuracy does not depend on the shots.",
        "As Prototypical Networks.",
        "metadash.learners.reference:MetadataOnly",
        fusions=("pseudo-shots",),
        distances=DISTANCES,
        needs_metadata=True,
        compares_differences=True,
    ),
    LearnerEntry(
        "chance",
        "Chance",
        "reference",
        "none",
        "Gives every class the same score. Exactly one query in as many as there are ways is right.",
        "Nothing.",
        "metadash.learners.reference:Chance",
        fusions=("none",),
        learns=False,
        blind=True,
    ),
)
