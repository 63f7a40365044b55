"""The parts of the audit that compute: what a less exact column costs, what metadata alone answers, what a published map gives away."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from metadash.ablation.giveaway import giveaway
from metadash.ablation.metadata_only import Alone, alone_specs, base_run, read_alone
from metadash.ablation.privacy_curve import Cost, Step, curve, read_curve
from metadash.answers.stored_arms import run_words
from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.compare.learners import named, shelf
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.watching import offer
from metadash.data.columns.kind import REPLACED
from metadash.data.columns.registry import kind_of, rung_named
from metadash.data.dataset import Dataset
from metadash.figures.charts import Dot, interval_dots
from metadash.metadata.audit.anonymity import Anonymity, anonymity
from metadash.metadata.blur import NOISES, ladder_of
from metadash.specs.probes import ProbeSpec
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.stats import words
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY
from metadash.stats.shots import fewest_shots

SEEDS = (0, 1, 2)
KEYS = ("class_id", "instance_id", "class_name")


def all_columns(data: Dataset) -> list[str]:
    """The columns of both tables that can be grouped by."""
    found = [name for frame in (data.classes, data.instances) for name in map(str, frame.columns) if name not in KEYS]
    apart = {name for name in data.classes.columns if not kind_of(data.classes[name].head(50)).groups}
    return [name for name in dict.fromkeys(found) if name not in apart]


def split_of(data: Dataset) -> str:
    return data.description.default_split or data.split_names[0]


def with_bounds(interval: Interval) -> str:
    """``64 % [57, 72]``"""
    bounds = f" [{interval.low:.0f}, {interval.high:.0f}]" if interval.low is not None and interval.high is not None else ""
    return f"{interval.estimate:.0f} %{bounds}"


def above_chance(interval: Interval, chance: float) -> Interval:
    """The interval of an accuracy as one of points above chance."""
    low, high = (None if bound is None else bound - chance for bound in (interval.low, interval.high))
    return replace(interval, estimate=interval.estimate - chance, low=low, high=high, counted_in=ACCURACY.gain)


# --- less exact --------------------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=256, show_spinner=False)
def _groups(fingerprint: str, key: str, _data: Dataset, _quasi: list[str], _rungs: dict[str, str]) -> Anonymity:
    return anonymity(_data, _quasi, rungs=_rungs)


def groups(data: Dataset, quasi: list[str], rungs: dict[str, str]) -> Anonymity:
    return _groups(data.fingerprint, canonical_json([quasi, rungs]), data, quasi, rungs)


def exactness(data: Dataset) -> None:
    """One column, rung by rung: who is hidden at once, in SQL; what it costs, in jobs."""
    places = {f"{source.name} · {column}": (source, column) for source in data.sources for column in source.columns}
    left, right = st.columns([2, 3])
    chosen = left.selectbox("Source and column", list(places), key="md_blur", bind="query-params")
    source, column = places[chosen]
    others = right.multiselect(
        "What somebody else knows besides",
        [name for name in all_columns(data) if name != column],
        key="md_besides",
        bind="query-params",
        wrap=True,
    )
    table = data.classes if source.level == "class" else data.instances
    values, quasi = table[column], [*others, column]
    steps: list[Step] = []
    rows: list[Cost] = []
    if source.level == "class" and set(quasi) and kind_of(values).reads_as != "nothing":
        steps = curve(data, base_run(data, split_of(data)), source.name, column, SEEDS)
        rows = read_curve(steps, data, column, server.store(), others)
    ladder = ladder_of(values)
    hidden = {rung: groups(data, quasi, {column: rung}) for rung in ladder}
    costs = {row.step.words: row for row in rows}
    st.markdown(f"#### {ladder_sentence(column, hidden, costs)}")
    st.dataframe(
        ladder_table(values, hidden, costs),
        height="content",
        alt="Each rung of the ladder with an example, the smallest group, the rows alone, and its cost",
    )
    known = f"{column} alone" if not others else f"{', '.join(others)} and {column}"
    st.caption(
        f"k: the smallest group of rows that agree in {plain(known)}, counted over all {words.count(len(table))} rows. Cost: accuracy at one "
        "example per class with this source alone, less that with the column as it is; paired on the same tasks, three seeds."
    )
    if source.level != "class":
        st.caption(
            f"*{plain(source.name)}* describes instances: what blurring it costs is computed for sources about classes only."
        )
        return
    noise = [step for step in steps if step.how in NOISES]
    if noise:
        kind = kind_of(values)
        moved = f"{noise[0].how} moves every value by its scale on average" + (f" ({kind.unit})" if kind.unit else "")
        how = f"{noise[0].how} puts another value in the place of that share" if noise[0].how == REPLACED else moved
        st.caption(
            f"Noise shows how much chance the learner bears: {how}. It is no promise of privacy: whoever has the run has its seed, and can take "
            "the noise off again."
        )
    cost_chart(rows)
    offer(
        [run for step in steps for run in step.runs],
        data,
        "md_cost",
        "Compute what each step costs",
        f"Pressing the button trains the learner with *{plain(source.name)}* at every step. You will see how much accuracy each rung of "
        f"*{plain(column)}*, and each strength of noise, costs with new {words_of(data).class_noun}s.",
    )


def ladder_sentence(column: str, hidden: dict[str, Anonymity], costs: dict[str, Cost]) -> str:
    """Where the column starts to hide everybody, and what that costs where it is known."""
    first = next((rung for rung, found in hidden.items() if found.k >= 5), None)
    name = plain(column)
    if first is None:
        return f"However {name} is blurred, some group stays smaller than 5."
    if first == "as it is":
        return f"{name} hides every row among at least {words.count(hidden[first].k)} as it is."
    begin = f"{name} as it is leaves {words.percent(hidden['as it is'].share_unique)} of the rows alone; from “{first}” on every row is among {words.count(hidden[first].k)} or more."
    row = costs.get(first)
    if row is None or row.cost is None:
        return begin
    new = row.cost[0].new_classes
    return f"{begin} That changes accuracy with new classes by {new.words}."


def ladder_table(values: pd.Series, hidden: dict[str, Anonymity], costs: dict[str, Cost]) -> pd.DataFrame:
    place = values.first_valid_index()
    rows = {}
    for rung, found in hidden.items():
        told = rung_named(rung).apply(values).loc[place] if place is not None else None
        rows[rung] = {
            "k": words.count(found.k),
            "rows alone": f"{found.share_unique:.0%}",
            "cost at 1 example": cost_words(costs.get(rung)),
            "example": "nothing" if told is None or pd.isna(told) else str(told),
            "different": words.count(found.groups),
            "what is told": rung_named(rung).meaning,
        }
    for name, row in costs.items():
        if row.step.how in NOISES:
            told = "now and then another value" if row.step.how == REPLACED else "the value moved by chance"
            rows[name] = dict.fromkeys(("k", "rows alone", "example", "different"), "—") | {
                "cost at 1 example": cost_words(row),
                "what is told": told,
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def cost_words(row: Cost | None) -> str:
    if row is None or row.cost is None:
        return "not computed"
    first = row.cost[0]
    return (
        "0"
        if row.step.how == "as it is"
        else words.points(first.episodes.estimate, first.new_classes.low, first.new_classes.high, first.unit)
    )


def cost_chart(rows: Sequence[Cost]) -> None:
    """Points lost (or won) at one example per class by each step, dots with both intervals."""
    done = [row for row in rows if row.cost and row.step.how != "as it is"]
    if not done:
        return
    colours = palette()
    dots = [
        Dot(
            row.step.words,
            row.cost[0].episodes,
            row.cost[0].new_classes,
            colours.control if row.step.how in NOISES else colours.plain,
            hollow=row.step.how in NOISES,
        )
        for row in done
        if row.cost
    ]
    chart(
        partial(interval_dots, dots, colours),
        key="md_cost_chart",
        alt="Accuracy lost by each step at one example per class, with intervals",
    )
    st.caption(
        "Dot: points against the column as it is, at one example per class. Thick bar: 95 % interval for these test classes; thin bar: for new ones. "
        "Hollow: noise. Grey band: no practical difference."
    )


# --- metadata alone ----------------------------------------------------------------------------------------------------------


def finished_alone(data: Dataset, split: str) -> list[Alone]:
    return read_alone(alone_specs(data, base_run(data, split)), data, server.store())


def alone(data: Dataset) -> None:
    """What metadata alone answers, source by source, against chance."""
    split = split_of(data)
    specs = alone_specs(data, base_run(data, split))
    found = read_alone(specs, data, server.store())
    if found:
        tests = next(iter(specs.values())).evaluation
        suspicious = [one for one in found if one.is_proxy]
        first = next((one for one in found if one.level == "class"), None)
        best = (
            f"{'Everything' if len(first.sources) > 1 else plain(first.name)} said about the classes answers {with_bounds(first.new_classes)} "
            f"before the first example, chance {first.chance:.0f} %. "
            if first
            else ""
        )
        names = ", ".join(plain(one.name) for one in suspicious)
        if suspicious:
            warned = f"To look at: {names} gives the class away without a look at the instance."
        else:
            warned = "No source about instances stands for the class." if any(one.level == "instance" for one in found) else ""
        st.markdown(f"#### {best}{warned}")
        colours = palette()
        dots = [
            Dot(
                f"{one.name} ({one.level})",
                above_chance(one.accuracy, one.chance),
                above_chance(one.new_classes, one.chance),
                colours.hurts if one.is_proxy else colours.helps if one.level == "class" else colours.plain,
            )
            for one in found
        ]
        chart(
            partial(interval_dots, dots, colours, rope=0.0),
            key="md_alone_chart",
            alt="Accuracy of each source alone, in points above chance",
        )
        st.caption(
            f"Points above chance ({found[0].chance:.0f} %) in {tests.n_way}-way {tests.strategy} tasks, {words.count(tests.n_episodes)} of them, one seed. Thick bar: 95 % "
            "interval for these test classes; thin bar: for new ones. For a source about classes this is what it says before the first example is "
            "seen. A source about instances more than 5 points above chance stands for the class."
        )
    offer(
        list(specs.values()),
        data,
        "md_alone",
        "Compute what metadata alone answers",
        "Pressing the button scores every source without a single example being looked at. A source about instances that does better than "
        "chance gives the class away, and would make any answer too good.",
    )


# --- a published map ---------------------------------------------------------------------------------------------------------


def published(data: Dataset) -> None:
    """What a reader of a map, or of exported prototypes, could guess."""
    arms = [arm for arm in shelf()[0] if arm.dataset == data.name]
    if not arms:
        st.info(
            "Train a learner first; then you will see here what a map of it would give away.", icon=":material/model_training:"
        )
        link_to("train", "Train a learner", "model_training")
        return
    names = named(arms)
    runs = {run.digest: (f"{names[arm.id]}, {run_words(run)}", run) for arm in arms for run in arm.runs}
    left, middle, right = st.columns([4, 3, 3])
    from_link("md_run", {digest: label for digest, (label, _) in runs.items()}, name="Learner")
    digest = left.selectbox("Learner", list(runs), format_func=lambda digest: runs[digest][0], key="md_run")
    to_link("md_run")
    what = one_of(right, "What is published", ["map", "prototypes"], default="map", key="md_what")
    of_classes = [str(name) for name in data.classes.columns if name not in KEYS]
    column = middle.selectbox(
        "What a reader would like to know",
        all_columns(data) if what == "map" else of_classes,
        key="md_guess",
        bind="query-params",
    )
    run = runs[digest][1]
    asked = run.spec_as(RunSpec)
    seen = MapSpec(asked, n_shot=fewest_shots(asked.evaluation.shots))
    spec = ProbeSpec(seen, "map", column) if what == "map" else ProbeSpec(seen, "prototypes", column, "logistic")
    stored = server.store().find(spec, data)
    if stored:
        found = giveaway(stored)
        st.markdown(f"#### {plain(found.sentence)}")
        unit = "instances" if what == "map" else "classes"
        st.caption(
            f"{words.count(found.n_points)} {unit}, {found.levels} values, guessed in five parts, each from the other four "
            f"({'five nearest neighbours' if what == 'map' else 'logistic regression'}). Interval: 95 %, over {found.accuracy.n} classes. "
            "Chance: always the commonest value."
        )
    offer(
        [spec],
        data,
        "md_probe",
        "Try to guess it",
        f"Pressing the button plays a reader who has the {'points of the map' if what == 'map' else 'prototypes'} and knows *{plain(column)}* of most of them. "
        "You will see how often the rest is guessed rightly, against chance.",
    )
