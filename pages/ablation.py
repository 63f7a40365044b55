"""What is each metadata source worth? Plan an ablation, watch it come in, read a card for every source."""

from dataclasses import replace
from functools import partial

import streamlit as st

from metadash.ablation.effects_table import effects_table
from metadash.ablation.methods import claims_words, command, methods, refuse_claim
from metadash.ablation.plan import USUAL_SEEDS
from metadash.ablation.words import efficiency_words, told_measure
from metadash.dashboard import server
from metadash.dashboard.ablation.cards import (
    chosen_card,
    chosen_subset,
    comparison,
    csv_of,
    draw_card,
    draw_headline,
    draw_sets,
    fold_table,
    parquet_of,
    subset_explorer,
)
from metadash.dashboard.ablation.road import (
    NEXT_TIER,
    answered_whole,
    ask,
    chosen_ablation,
    doses_of,
    draw_whole,
    leaks_allowed,
    lines_of,
    opened_words,
    stored_ablation,
)
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.parts.jobs import how_long, jobs_of, on_its_way
from metadash.dashboard.parts.pool_chip import chosen_pool
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.watching import begin, offer
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.runs.again import copied
from metadash.dashboard.share.closed import closed
from metadash.dashboard.share.told import report
from metadash.errors import BadInput
from metadash.figures.ablation import MEASURES, fading_chart, interaction_chart, measures_of, worth_chart
from metadash.figures.palette import LIGHT
from metadash.figures.report import figure_page, report_html
from metadash.front.ablation import AblationResult
from metadash.stats import words

data = server.chosen_dataset()
header(
    "What is each metadata source worth?",
    "Sources are taken away, put back and falsified, on the same test tasks. A card for each says how much it adds, how sure that is, and against which control.",
)
of_classes(data)
pool = chosen_pool(data)
answer_area, picture_area = st.container(border=True), st.container()
try:
    spec = chosen_ablation(data, pool)
    allowed = leaks_allowed(spec, data)
    doses = list(doses_of(spec, data).values())
    busy, doses_busy = on_its_way(spec.runs, data), on_its_way(doses, data)
    found = stored_ablation(spec, data)
except BadInput as problem:
    with answer_area:
        st.error(plain(problem), icon=":material/error:")
        st.caption("Nothing has been started. Change what it names below, and the button comes back.")
    end_page()

with answer_area:
    if found:
        draw_headline(found, palette())
        draw_sets(found, server.store())
    if not busy and found is None and (whole := answered_whole(spec, data)):
        draw_whole(whole, spec)
    if busy or found is None or found.partial:
        ask(spec, data, busy, allowed, len(found.seeds) if found else 0)
    if opened := opened_words(spec):
        st.caption(opened)
if found is None:
    end_page()

report(f"ablation-{found.digest}", AblationResult(found, data).parts)
noun = plain(words.plural(found.unit_noun))
left, right = picture_area.columns([3, 2], vertical_alignment="bottom")
left.markdown("##### Sources, most first" + (" (partial)" if found.partial else ""))
measure = one_of(
    right,
    "Measure",
    measures_of(found),
    default=told_measure(found),
    key="ab_measure",
    label_visibility="collapsed",
    help="; ".join(f"{name}: {meaning}" for name, meaning in MEASURES.items()),
)
hollow = " Hollow: the same with its rows shuffled." if found.tier == "confirm" and measure != "share" else ""


@st.fragment
def combination() -> None:
    """The chart, and below it any combination of sources, whose rows it shades."""
    above = st.container()
    several = len(spec.sources) > 1
    chosen = chosen_subset(found) if several else []
    with above:
        shaded = chosen if len(chosen) < len(spec.sources) else []
        chart(
            partial(worth_chart, found, measure, palette(), shaded),
            key="ab_chart",
            alt=f"Each source by {MEASURES[measure]}, with both intervals and control",
        )
        st.caption(
            f"In {found.metric.gain}, {measure}: {MEASURES[measure]}. Thick: 95 % interval for these test {noun}; thin: for new {noun}. Grey "
            f"band: no practical difference (± {spec.rope:g}).{hollow}{' Shaded: the sources chosen below.' if shaded else ''}"
        )
    if several:
        try:
            subset_explorer(found, chosen)
        except BadInput as problem:
            st.info(plain(problem), icon=":material/info:")


with picture_area:
    combination()

st.subheader("Source by source", anchor=False)
if len(spec.sources) > 1:
    comparison(found)
    draw_card(chosen_card(found), found, palette())
else:
    draw_card(found.cards[0], found, palette())

if any(card.break_even is None for card in found.cards) and doses:
    offer(
        doses,
        data,
        "ab_doses",
        "Measure how wrong each may get",
        "A model that was trained to do without any source is told wrong things of more and more of what it describes.",
        busy=doses_busy,
        icon="trending_down",
        primary=False,
        enabled=allowed,
    )

FADING, TOGETHER = "with more labelled examples", "what sources say together"
pictures = [FADING] * (len(found.values.shots) > 1) + [TOGETHER] * bool(found.interactions)
if pictures:
    st.subheader("Further pictures", anchor=False)
    further = one_of(st, "Picture", pictures, default=pictures[0], key="ab_further", label_visibility="collapsed")
    if further == FADING:
        chart(
            partial(fading_chart, found, measure, palette()),
            key="ab_fading",
            alt=f"Each source ({measure}) over the number of labelled examples",
        )
        st.caption(f"Bands: 95 % interval for these test {noun}. What metadata adds mostly fades as examples come.")
    else:
        chart(
            partial(interaction_chart, found, palette()),
            key="ab_pairs",
            alt="Interaction of each pair of sources, in points",
        )
        st.caption(
            f"In {found.metric.gain}. Positive: the two complement each other. Negative: they say the same, so that having both is worth less."
        )
st.markdown(efficiency_words(found))

with st.expander("Every number", icon=":material/table:", key="ab_numbers", on_change="rerun") as numbers:
    if numbers.open:
        st.dataframe(effects_table(found), hide_index=True, width="stretch", alt="Every effect with its three intervals")
    if numbers.open and found.by_fold:
        st.dataframe(fold_table(found), hide_index=True, width="stretch", alt="The folds of the cross-fitting, one a row")
        st.caption(
            "Fold by fold, at the fewest shots: each has its own test classes, backbone and heads. Brackets: 95 %, these test classes."
        )
with st.expander("How this was computed", icon=":material/info:", key="ab_how", on_change="rerun") as computed:
    if computed.open:
        st.markdown("\n".join(f"- **{name}** {plain(text)}" for name, text in methods(found, data)))
        st.code(command(spec), language="bash", wrap_lines=True)

st.subheader("Take it along", anchor=False)
with st.container(horizontal=True):
    download("CSV", lambda: csv_of(found), f"ablation-{found.digest}.csv")
    download("Parquet", lambda: parquet_of(found), f"ablation-{found.digest}.parquet", "application/octet-stream")
    download(
        "Figure", lambda: figure_page(worth_chart(found, measure, LIGHT)), f"ablation-{found.digest}-figure.html", "text/html"
    )
copied(partial(lines_of, spec), "ab_copy")
claim = st.toggle(
    "Mark the report as a claim", key="ab_claim", bind="query-params", help="Only what was confirmed may be claimed."
)
try:
    if claim:
        refuse_claim(spec, found)
        st.caption(plain(claims_words(found)))
    download(
        "Report (one HTML file)",
        lambda: report_html(found, data, claim),
        f"ablation-{found.digest}.html",
        "text/html",
        icon=":material/description:",
    )
except BadInput as refusal:
    st.warning(plain(refusal), icon=":material/gavel:")
    if spec.tier != "confirm" and not closed():
        confirm = replace(spec, tier="confirm", seeds=tuple(range(USUAL_SEEDS["confirm"])))
        parts = jobs_of(confirm.runs, data)
        missing = not all(part.done for part in parts)
        label = "Start confirm" if missing else "Show what was confirmed"
        if st.button(label, type="primary", icon=":material/play_arrow:", key="ab_confirm", disabled=not allowed):
            begin(confirm.runs, data, again=False)
            st.session_state[NEXT_TIER] = "confirm"
            st.rerun()
        st.caption(f"{words.capital(how_long(parts))} on this machine." if missing else "It is stored already.")
link_to("what_if", "Try changes on a learner", "help_center")
