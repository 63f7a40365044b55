"""Puts glyphs, the data set inside the package, into a workspace: what its columns mean, its sources, splits and questions."""

from metadash.data.dataset import Dataset, Description, Question, Source, write_dataset
from metadash.data.glyphs import load_embedded
from metadash.data.splits import split_by_group, table_of
from metadash.workspace import Workspace

SPLIT_SEEDS = range(10)

SOURCES = (
    Source("name", "class", ("unicode_name",), "the words of the character's Unicode name"),
    Source("script", "class", ("script",), "the script it belongs to: Latin, Greek, Cyrillic, or common to all"),
    Source("category", "class", ("general_category",), "Unicode's general category, such as lowercase letter or currency symbol"),
    Source("accents", "class", ("accents", "n_accents"), "which accents it carries, and how many"),
    Source("case", "class", ("case",), "upper case, lower case, or neither"),
    Source("block", "class", ("block",), "the Unicode block it was assigned to"),
    Source("family and foundry", "instance", ("family", "foundry", "designer"), "the font family and who made it"),
    Source("design category", "instance", ("design_category",), "serif, sans serif, display, handwriting or monospace"),
    Source(
        "weight and slant",
        "instance",
        ("weight", "style", "width_class", "italic_angle", "is_fixed_pitch"),
        "how heavy and how slanted",
    ),
    Source("dates", "instance", ("created", "modified"), "when the font file was made and last changed"),
    Source("outline", "instance", ("n_points", "n_contours", "n_curves", "advance_em"), "measures of the outline before drawing"),
)

CLASS_SOURCES = tuple(source.name for source in SOURCES if source.level == "class")
TELL_SIBLINGS = "tell sibling characters apart"
TELL_ANY = "tell any twenty characters apart"

QUESTIONS = (
    Question("unicode-siblings", "the Unicode metadata", TELL_SIBLINGS, CLASS_SOURCES, "siblings", 5),
    Question("name-siblings", "the character's name alone", TELL_SIBLINGS, ("name",), "siblings", 5),
    Question("accents-siblings", "the list of accents alone", TELL_SIBLINGS, ("accents",), "siblings", 5),
    Question("unicode-any", "the Unicode metadata", TELL_ANY, CLASS_SOURCES, "uniform", 20),
)


def install(workspace: Workspace) -> Dataset:
    classes, instances, images = load_embedded()
    splits = {f"base_letter-{seed}": split_by_group(classes["base_letter"], seed) for seed in SPLIT_SEEDS}
    description = Description(
        name="glyphs",
        title="Printed characters",
        modality="image",
        licence="images of fonts under OFL-1.1 and Apache-2.0; families.csv beside the data names each",
        provenance="drawn from 40 open font families by metadash.data.glyphs.builder; metadata from the Unicode database and the fonts' own tables",
        class_noun="character",
        group_noun="letter",
        sibling_column="base_letter",
        disjoint_column="family",
        sources=SOURCES,
        questions=QUESTIONS,
        default_split="base_letter-0",
    )
    return write_dataset(workspace, description, classes, instances, images, table_of(splits))
