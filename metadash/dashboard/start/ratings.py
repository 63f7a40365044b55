"""*Start* where tasks are users: which metadata helps to foresee what new ones like, beside the baselines that are seldom beaten."""

import json

import streamlit as st

from metadash.answers.given.ratings import RATING_METRICS, RatingsAnswer, answer_of, looked_at_ratings
from metadash.answers.given.ratings_words import gains_table, methods_table, rating_sentences, ratings, rests_on
from metadash.dashboard import server
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.badges import badge_of
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import header
from metadash.dashboard.parts.jobs import on_its_way
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.parts.which_data import forget_others
from metadash.dashboard.share.told import report
from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.figures.ratings import FAR_OFF, method_dots, rating_curve
from metadash.front.given.recommend import METHOD_WORDS, RatingsResult, recommend_asked, recommend_command, usual_sources
from metadash.runs.store import Run
from metadash.specs.given.ratings import METHODS, RatingsSpec
from metadash.stats.metric import Metric
from metadash.stats.words import plural, plural_of

KNOWN = {"3 and 15": (3, 15), "1, 3 and 7": (1, 3, 7), "5, 15 and 40": (5, 15, 40)}
"""Numbers of known ratings, few and in sight."""
ORDERS = {"any of a user's": "random", "the earliest": "time"}


def ask_about_users(data: Dataset) -> None:
    """The whole page: question, controls, answer or offer, numbers."""
    nouns = plural(words_of(data).class_noun)
    header(
        "Which metadata helps with new users?",
        f"Each user of *{words_of(data).title}* is a task: a few ratings are known, the others are foreseen. Every number behind it is kept.",
    )
    sources, metric = asked_about(data, nouns)
    spec = how_thoroughly(data, sources)
    busy = on_its_way([spec], data)
    run = server.store().find(spec, data)
    if run is None:
        with st.container(border=True):
            if not busy:
                server.expect_work()
            offer(
                [spec], data, "ratings_go", "Answer it", promise(spec, nouns), busy=busy, note="It goes on if you close the page."
            )
        return
    found = stored(run.digest, spec, run, data)
    draw(found, metric)
    looked = looked_at_ratings(found, metric, data, server.store())
    if looked:
        st.caption(plain(looked))
    result = RatingsResult(found, data, metric, looked)
    report(f"ratings-{found.digest}", result.parts)
    with st.expander("Show me the numbers", icon=":material/table:"):
        numbers(found, metric)
    with st.expander("How this was computed", icon=":material/info:"):
        computed_how(found, metric, data)
    download(
        "Download everything (JSON)",
        lambda: json.dumps(result.values(), ensure_ascii=False, indent=1),
        f"ratings-{found.digest}.json",
        "application/json",
    )


def asked_about(data: Dataset, nouns: str) -> tuple[tuple[str, ...], Metric]:
    left, right = st.columns([3, 2])
    possible = [source.name for source in data.class_sources()]
    forget_others("rt_sources", possible)
    sources = left.multiselect(
        f"What is known of {nouns}",
        possible,
        list(usual_sources(data)),
        key="rt_sources",
        bind="query-params",
        help="Leave it empty to see the methods that know none of it.",
    )
    metric = right.selectbox(
        "Measure",
        list(RATING_METRICS),
        format_func=lambda name: {"mae": "error of a rating (stars)"}.get(name, RATING_METRICS[name].title),
        key="rt_metric",
        bind="query-params",
        help="What the sentences and the chart are about; all are computed. nDCG, AUC, precision and HR look at the order alone.",
    )
    return tuple(sources), RATING_METRICS[metric]


def how_thoroughly(data: Dataset, sources: tuple[str, ...]) -> RatingsSpec:
    with st.expander("How thoroughly?", on_change="rerun", key="ratings_more"):
        left, middle, right = st.columns(3)
        known = one_of(
            left, "Known ratings", list(KNOWN), "3 and 15", "rt_known", help="How many of a new user's ratings are known."
        )
        timed = ratings_of(data).time is not None
        order = one_of(
            middle,
            "Which are known",
            list(ORDERS) if timed else list(ORDERS)[:1],
            "any of a user's",
            "rt_order",
            help="The earliest, with the next ones to be foreseen, is how it comes in life; any of them is drawn twice a user, and less noisy.",
        )
        seed = right.number_input("Seed", 0, 1000, 0, key="rt_seed", bind="query-params", help="Of how ratings are parted.")
    return recommend_asked(data, sources, shots=KNOWN[known], order=ORDERS[order], seed=int(seed))


def promise(spec: RatingsSpec, nouns: str) -> str:
    with_them = (
        f"with {plain(', '.join(spec.sources))}, without, and with rows dealt to other {nouns}"
        if spec.sources
        else "without metadata"
    )
    return (
        f"Pressing the button foresees ratings of every user once, from {' and '.join(map(str, spec.shots))} known ones, {with_them}, by "
        f"{len(spec.methods)} methods on the same tasks. You will read how much the metadata helps, how sure that is, and what simple means can do."
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def stored(digest: str, _spec: RatingsSpec, _run: Run, _data: Dataset) -> RatingsAnswer:
    return answer_of(_spec, _data, _run, server.store())


def draw(found: RatingsAnswer, metric: Metric) -> None:
    """The sentence on top, what it rests on in small, then the one chart."""
    first, *rest = rating_sentences(found, metric)
    with st.container(border=True):
        if found.spec.sources:
            label, colour = badge_of(found.gain[metric.name][-1].decision)
            st.badge(label, color=colour)
        st.subheader(plain(first), anchor=False)
        st.markdown(plain(" ".join(rest)))
        st.caption(plain(rests_on(found)))
    shot = found.spec.shots[-1]
    if len(found.spec.shots) > 1:
        shot = one_of(st, "Known ratings in the chart", list(found.spec.shots), shot, "rt_shown", format_func=ratings)
    chart(
        method_dots(found, metric, shot, palette()),
        key="rating_dots",
        alt=f"What each method gains over user and item offsets: {first}",
    )
    st.caption(
        f"Dots: what a method gains over user and item offsets, on the same tasks, with {ratings(shot)} known; thick: 95 % interval over tasks, thin: for new users; "
        f"grey band: no practical difference. Far below, in the numbers: {', '.join(METHODS[name] for name in FAR_OFF)}."
    )


def numbers(found: RatingsAnswer, metric: Metric) -> None:
    st.dataframe(methods_table(found, metric), width="stretch", alt=f"{metric.title} of every method with both intervals")
    st.caption(
        "First bracket: 95 % interval for these users (t over tasks). Second: for new users (delete-one-user jackknife). Gains are over user and item "
        "offsets, paired on the same tasks."
    )
    if found.spec.sources:
        st.dataframe(
            gains_table(found), hide_index=True, width="stretch", alt="What metadata gain by every measure, beside chance"
        )
    if len(found.spec.shots) > 1:
        chart(rating_curve(found, metric, palette()), key="rating_curve", alt=f"{metric.title} over known ratings of a user")


def computed_how(found: RatingsAnswer, metric: Metric, data: Dataset) -> None:
    spec = found.spec
    st.markdown(
        f"""
- **Data** `{data.name}` (fingerprint `{data.fingerprint}`): each user is a test user in one of {spec.folds} folds, and in that fold nothing of the user's is
  learned from beside the known ratings (tasks `{found.manifest}`, run `{found.digest}`).
- **Methods** {METHOD_WORDS}
- **Verdict** how surely the gain lies beyond ± {metric.rope:g} {metric.gain.removesuffix(" less")} for new users, and that over rows dealt to other
  {plain(plural(found.item_noun))} too.
- **Computed** in {plural_of(round(found.seconds), "second")}.
"""
    )
    st.code(recommend_command(spec, metric), language="bash", wrap_lines=True)
