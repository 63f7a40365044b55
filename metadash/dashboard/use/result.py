"""What was labelled: the sentence on top, the review queue, what metadata and examples decided, how far the probabilities can be believed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts.escape import plain, unbroken
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.use.press import seen
from metadash.dashboard.use.queue import queue
from metadash.dashboard.use.tray import Shown
from metadash.dashboard.use.work import NONE, mend, mended
from metadash.data.dataset import Dataset
from metadash.figures.reliability import reliability_chart
from metadash.front.use import Labelled
from metadash.stats import words

SURE = 0.8
"""A calibrated probability from which a label is called sure."""
PAGE = 24
"""Cards of a page of the queue."""
NONE_OF_THESE = "none of these"
ALL, DOUBT = "all, most doubtful first", "in doubt"


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many labels are sure, in doubt, none of these, and given by a person."""
    none = frame["none_of_these"] & ~frame["corrected"]
    sure = ~none & ((frame["probability"] >= SURE) | frame["corrected"])
    return {
        "all": len(frame),
        "sure": int(sure.sum()),
        "none": int(none.sum()),
        "doubt": int((~sure & ~none).sum()),
        "corrected": int(frame["corrected"].sum()),
    }


def headline(data: Dataset, frame: pd.DataFrame, n_classes: int, written: Callable[[object], str] = plain) -> str:
    """``Of 40 images, 31 are surely one of the 5 letters, 6 are in doubt, 3 look like none of these.`` ``written``: as Markdown, or as ``str``."""
    found, noun = counts(frame), written(data.description.class_noun)
    what = words.plural_of(found["all"], data.modality.noun)
    if found["all"] == 1:
        row = frame.iloc[0]
        if row["none_of_these"]:
            return f"It looks like none of the {n_classes} {words.plural(noun)}; the nearest is “{written(row['label'])}”."
        return f"It is “{written(row['label'])}”, by {percent(row['probability'])}; else “{written(row['second'])}”."
    sure = {0: "none is", 1: "1 is"}.get(found["sure"], f"{found['sure']} are")
    parts = [f"{sure} surely one of the {n_classes} {words.plural(noun)}"]
    if found["doubt"]:
        parts.append(f"{found['doubt']} {'is' if found['doubt'] == 1 else 'are'} in doubt")
    if found["none"]:
        parts.append(f"{found['none']} {'looks' if found['none'] == 1 else 'look'} like none of these")
    return f"Of {what}, {', '.join(parts)}."


def percent(probability: float) -> str:
    """``81 %``, on one line; never 0 or 100, which no learner can know."""
    return unbroken("under 1 %" if probability < 0.01 else "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %")


def newest(data: Dataset, frame: pd.DataFrame, asked: Sequence[Shown]) -> None:
    """What the last of several drawings was taken for, beside its picture: that is what somebody who has just drawn looks for."""
    row = frame.iloc[len(asked) - 1]
    picture, text = st.columns([1, 9], vertical_alignment="center")
    picture.html(
        f'<img alt="The last drawing" style="width:56px;image-rendering:pixelated;border-radius:5px" src="{seen(data.modality, asked[-1].value)["picture"]}">'
    )
    if row["none_of_these"]:
        text.markdown(f"The last one looks like **none of these**; the nearest is “{plain(row['label'])}”.")
    else:
        text.markdown(
            f"The last one is **“{plain(row['label'])}”**, by {percent(row['probability'])}; else “{plain(row['second'])}”."
        )


# --- the queue ---------------------------------------------------------------------------------------------------------------


def review(data: Dataset, result: Labelled, frame: pd.DataFrame, asked: Sequence[Shown]) -> None:
    """A page of cards, those in doubt first; a label that is changed there is an example from then on."""
    found = counts(frame)
    shown = {
        ALL: found["all"],
        **({DOUBT: found["doubt"]} if found["doubt"] else {}),
        **({NONE_OF_THESE: found["none"]} if found["none"] else {}),
        **{f"as {name}": int((frame["label"] == name).sum()) for name in result.classes},
    }
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    which = left.selectbox("Show", list(shown), format_func=lambda one: f"{one} ({shown[one]})", key="us_show")
    right.caption(
        f"Change a label where it is wrong: the input becomes a further example at once, and everything is labelled anew. Sure: {100 * SURE:.0f} % or more."
    )
    order = ordered(result, frame, which)
    page = 0
    if len(order) > PAGE:
        page = int(st.pagination(-(-len(order) // PAGE), key="us_page")) - 1
    labels = [*result.classes, NONE_OF_THESE]
    items = [card(data, result, frame, asked, place, labels) for place in order[page * PAGE : (page + 1) * PAGE]]

    def corrected() -> None:
        said = st.session_state["us_queue"].correct
        label = labels[int(said["label"])]
        mend(data, str(said["item"]), NONE if label == NONE_OF_THESE else label)

    queue("us_queue", items, labels, corrected)
    if not items:
        st.caption("Nothing is left here.")


def ordered(result: Labelled, frame: pd.DataFrame, which: str) -> list[int]:
    """Places of what is shown: what the core's ``review`` puts first, then what a person has corrected."""
    order = [*result.review()["place"].tolist(), *np.flatnonzero(frame["corrected"]).tolist()]
    settled = np.flatnonzero(frame["corrected"]).tolist()
    order = list(dict.fromkeys([place for place in order if place not in settled] + settled))
    keep = {
        ALL: np.ones(len(frame), dtype=bool),
        DOUBT: ((frame["probability"] < SURE) & ~frame["none_of_these"] & ~frame["corrected"]).to_numpy(),
        NONE_OF_THESE: frame["none_of_these"].to_numpy(),
    }.get(which, (frame["label"] == which.removeprefix("as ")).to_numpy())
    return [place for place in order if keep[place]]


def card(data: Dataset, result: Labelled, frame: pd.DataFrame, asked: Sequence[Shown], place: int, labels: Sequence[str]) -> dict:
    """One input as the queue shows it."""
    row, one = frame.iloc[place], asked[place]
    none = bool(row["none_of_these"])
    if row["corrected"]:
        sure, note = "", "You said so." if none else "You said so: a further example now."
    else:
        sure = percent(row["probability"])
        note = f"else {row['second']}, {percent(row['second_probability'])}"
        if none:
            sure, note = "", f"nearest: {row['label']}, {sure}; {note}"
        elif row.get("without_metadata", row["label"]) != row["label"]:
            note += f"; without metadata {row['without_metadata']}"
    label = NONE_OF_THESE if none else row["label"]
    because = "" if none or row["corrected"] else str(row["decided_by"])
    return {
        **decided(data, result, because),
        "id": one.name,
        "name": one.name,
        "label": labels.index(label),
        "share": 1.0 if row["corrected"] else float(row["probability"]),
        "sure": sure,
        "note": note,
        "none": none,
        "mended": bool(row["corrected"]),
        **seen(data.modality, one.value, 64),
    }


def decided(data: Dataset, result: Labelled, name: str) -> dict[str, str]:
    """The example that speaks most for a label, small beside it."""
    names = result.given.said.example_names
    if name not in names or data.modality.picture is None:
        return {}
    value = result.given.inputs[result.given.said.support[names.index(name)]]
    return {"why": str(seen(data.modality, value, 24)["picture"]), "because": f"Decided most by {name}"}


def settled(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """The labels with what a person said of some since: at once, before the learner has heard of it, and what is none of these, which is
    no example of anything."""
    frame = frame.copy()
    for name, label in mended(data).items():
        own = frame["input"] == name
        said: dict[str, Any] = {"none_of_these": label == NONE, "corrected": True}
        for column, value in (said if label == NONE else said | {"label": label, "probability": 1.0}).items():
            frame.loc[own, column] = value
    return frame


# --- what is behind it -------------------------------------------------------------------------------------------------------


def with_and_without(data: Dataset, result: Labelled, frame: pd.DataFrame, asked: Sequence[Shown]) -> None:
    """What being told of the classes changes: how many labels, which, and source by source."""
    if "without_metadata" not in frame:
        st.caption("This learner reads no metadata, or was told none; a learner that reads some shows here what they change.")
        return
    moved = np.flatnonzero((frame["without_metadata"] != frame["label"]) & ~frame["corrected"])
    many = words.plural_of(len(frame), "label")
    st.markdown(f"Without metadata, **{len(moved)}** of {many} would be {'another' if len(moved) == 1 else 'others'}.")
    shown = moved[:PAGE]
    rows = pd.DataFrame(
        {
            "input": [seen(data.modality, asked[place].value).get("picture", "") or asked[place].name for place in shown],
            "with metadata": frame["label"].iloc[shown].to_numpy(),
            "how sure": [percent(p) for p in frame["probability"].iloc[shown]],
            "without": frame["without_metadata"].iloc[shown].to_numpy(),
            "how sure then": [percent(p) for p in frame["probability_without_metadata"].iloc[shown]],
        }
    )
    if len(shown):
        picture = {"input": st.column_config.ImageColumn("input", width="small")} if data.modality.picture else {}
        st.dataframe(rows, hide_index=True, column_config=picture, alt="Labels that the metadata change", row_height=44)
    by_source = result.by_source()
    if len(by_source):
        told = by_source.assign(
            changed=[percent_or_none(one) for one in by_source["changed"]],
            probability=[percent(one) for one in by_source["probability"]],
        )
        st.caption(f"Told less, source by source: the share of the {many} that changes, and how sure the learner is then.")
        st.dataframe(
            told.rename(columns={"changed": "labels that change", "probability": "how sure, on average"}),
            hide_index=True,
            alt="What each source changes",
        )


def percent_or_none(share: float) -> str:
    return "none" if share == 0 else percent(share)


def deciding(data: Dataset, result: Labelled, frame: pd.DataFrame, asked: Sequence[Shown]) -> None:
    """Of one input the examples that speak most for its label."""
    names = [one.name for one in asked]
    which = st.selectbox(
        "Which input", range(len(names)), format_func=lambda place: f"{names[place]}: {frame['label'].iloc[place]}", key="us_why"
    )
    found = result.deciding
    own = found[found["query"] == which].sort_values("rank")
    if own.empty:
        st.caption("Nothing can be said of it: its class has no example, and metadata alone placed it.")
        return
    examples = result.given.inputs[list(result.given.said.support)]
    shown = pd.DataFrame(
        {
            "example": [
                seen(data.modality, examples[place]).get("picture", "") or data.modality.words(examples[place])
                for place in own["place"]
            ],
            "its name": own["example"].to_numpy(),
            "change of the probability without it": [words.points(-100 * change) for change in own["change"]],
        }
    )
    picture = {"example": st.column_config.ImageColumn("example", width="small")} if data.modality.picture else {}
    st.caption(f"The examples of “{plain(frame['label'].iloc[which])}” that speak most for it.")
    st.dataframe(shown, hide_index=True, column_config=picture, alt="The examples that decided", row_height=44)


def believed(result: Labelled) -> None:
    """The reliability diagram with its error and its n."""
    if result.trust is None:
        st.caption("The data set has too few validation or test classes to say what these probabilities are worth.")
        return
    chart(
        partial(reliability_chart, result.reliability, palette()),
        key="us_reliability",
        alt="How often answers are right over how sure they were",
    )
    for note in result.notes:
        st.caption(plain(note.replace("*None of these*", "“None of these”")))


def shots_before_and_after(result: Labelled) -> tuple[float, float]:
    """Examples of a class on average, without and with what was corrected."""
    total, classes = len(result.given.said.support), len(result.classes)
    return (total - len(result.given.corrected)) / classes, total / classes
