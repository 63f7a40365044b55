"""The table of contents: what runs first on every visit, on whichever page. Pages are files in ``pages/``, one question each."""

from pathlib import Path

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.bring import BRING
from metadash.dashboard.links import history
from metadash.dashboard.links.address import listening
from metadash.dashboard.links.copy_link import whole_page
from metadash.dashboard.links.one_look import look_only
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.parts.jobs import running_badge
from metadash.dashboard.parts.which_data import choose_dataset, refuse_unknown
from metadash.dashboard.places import PAGES
from metadash.dashboard.share import reporting, told, views
from metadash.dashboard.share.closed import banner, closed
from metadash.dashboard.share.entering import enter, signed_in
from metadash.data.library import EMBEDDED, entries

ICON = Path(__file__).with_name(
    "icon.svg"
)  # served by us: a named icon is fetched from a font service on the internet at each visit


STYLE = """<style>
.stMainBlockContainer {max-width: 1240px; padding-top: 3.75rem}
:root [data-testid=stCaptionContainer] {opacity: 1}
/* The name of a control stays readable where the control is off: Streamlit fades both, and the name says what could be chosen. */
.stApp [data-testid=stWidgetLabel], .stApp [data-testid=stWidgetLabel] * {color: inherit; opacity: 1}
.st-key-closed_banner {padding: .35rem .9rem; margin-bottom: .4rem; background: var(--st-secondary-background-color)}
/* A name that is longer than the screen is wide is read whole, in two lines. */
.stMain [data-testid=stPageLink] a, .stMain [data-testid=stPageLink] a * {white-space: normal; overflow-wrap: anywhere}
.st-key-copy_link {min-height: 2.5rem}
.st-key-tour_invitation {padding: .3rem .9rem; row-gap: 0; background: light-dark(#f5f6f8, #1a2029)}
/* Questions to click look like what they are, whichever page they lead to. */
.st-key-ready [data-testid=stPageLink] a, .st-key-tour_go [data-testid=stPageLink] a {background: none; border: 1px solid rgba(128, 128, 128, .45);
  border-radius: var(--st-button-radius, 8px); padding: .3rem .8rem; font-weight: inherit}
.st-key-ready [data-testid=stPageLink] a p, .st-key-tour_go [data-testid=stPageLink] a p {font-weight: 400}
.st-key-ready [data-testid=stPageLink] a:hover, .st-key-tour_go [data-testid=stPageLink] a:hover {border-color: light-dark(#0b7285, #3cc4d6)}
/* On a narrow screen the two share a row below the title, not one each. */
@media (max-width: 639.98px) {[data-testid=stColumn]:has(> * .st-key-copy_link, > * .st-key-report_button) {min-width: 0; flex: 1 1 40%}}
@media (min-width: 640px) {.st-key-copy_link, .st-key-report_button {padding-top: .6rem}}
/* Streamlit writes white on the primary colour; on the dark theme's light teal that is too faint to read. */
[data-testid^=stBaseButton-primary] p, [data-testid^=stBaseButton-primary] span,
[data-tag], [data-tag] span, [data-tag] svg {color: light-dark(#ffffff, #11151b)}
/* A link to one view of a page is not where the visitor is whenever he is on that page. */
.st-key-bring_link [data-testid=stPageLink] a {background: none; font-weight: inherit}
.st-key-bring_link [data-testid=stPageLink] a p {font-weight: 400}
.st-key-bring_link [data-testid=stPageLink] a:hover {text-decoration: underline}
/* Where a link is what the visitor waits for, it is drawn as the button that it is to him. */
.st-key-bring_landed [data-testid=stPageLink] a {padding: .45rem .9rem; font-weight: 400; background: var(--st-primary-color, light-dark(#0b7285, #3cc4d6))}
.st-key-bring_landed [data-testid=stPageLink] a * {color: light-dark(#ffffff, #11151b)}
/* An expander with an icon of its own has no chevron in Streamlit, and looked like a label. */
.stExpander summary:has([data-testid=stExpanderIcon])::after {content: ""; flex: none; width: .5rem; height: .5rem; margin: 0 .4rem 0 auto;
  border: solid currentColor; border-width: 0 2px 2px 0; transform: rotate(-45deg); transition: transform .15s; opacity: .7}
.stExpander details[open] > summary:has([data-testid=stExpanderIcon])::after {transform: rotate(45deg)}
</style>"""


def page(file: str, title: str, icon: str, help: str, default: bool = False) -> st.Page:
    return st.Page(PAGES / f"{file}.py", title=title, icon=f":material/{icon}:", url_path=file, help=help, default=default)


look_only()
st.set_page_config(page_title="MetaDash", page_icon=ICON, layout="wide", initial_sidebar_state="auto")
st.html(STYLE)

SECTIONS = {
    "": [
        page("start", "Start", "rocket_launch", "Pick a question, press one button, read an answer with its interval.", True),
        page(
            "tour",
            "Tour",
            "school",
            "Five short steps: what a task is, what a prototype does, what metadata add, how sure that is.",
        ),
    ],
    "Look": [
        page(
            "metadata",
            "Metadata",
            "table_view",
            "What is known: tables, facets, search and SQL; any filter becomes a class pool.",
        ),
        page(
            "episodes",
            "Episodes",
            "grid_view",
            "What a task is: draw, lock, swap and save episodes, and see what the learner sees.",
        ),
    ],
    "Learn": [
        page("train", "Train", "model_training", "Configure a learner, see how long it takes, watch it, cancel it."),
        page(
            "compare",
            "Compare",
            "stacked_line_chart",
            "Runs side by side on the same episodes: paired differences with intervals.",
        ),
        page("runs", "Runs", "inventory_2", "Everything that is stored: found again, named, tagged, repeated, deleted."),
        page("adaptation", "Adaptation", "moving", "What the inner loop of a learner does to one task, step by step."),
        page("prototypes", "Prototypes", "scatter_plot", "A t-SNE map of instances, prototypes and what the metadata says."),
    ],
    "Ask": [
        page(
            "ablation",
            "Ablation",
            "balance",
            "What each metadata source is worth: how much, how sure, against which control, in how many examples.",
        ),
        page(
            "what_if",
            "What if",
            "help_center",
            "Metadata swapped, missing, stale or rewritten: what a trained learner makes of it.",
        ),
    ],
    "Work": [
        page(
            "use",
            "Use",
            "new_label",
            "New classes from a few examples: a trained learner labels the rest, and you correct what it doubts.",
        ),
        page(
            "reports",
            "Reports",
            "summarize",
            "Answers collected from all pages, in your order and with your words; saved views of pages.",
        ),
    ],
}

current = st.navigation(SECTIONS, position="hidden")  # drawn below: the data set stands above the pages, since it rules them all
history.tell()
with one_sentence():
    enter()

with listening():
    views.open_asked()
    with st.sidebar:
        st.markdown("### :material/hub: MetaDash")
        with one_sentence():
            # what comes with MetaDash stands first: an address that names no data set means the same after one was imported
            names = sorted((entry.name for entry in entries(server.workspace())), key=lambda name: name not in EMBEDDED)
            choose_dataset(names)
            if not closed():
                with st.container(key="bring_link"):
                    link_to(
                        "metadata",
                        "Bring your own",
                        "upload",
                        "Photos, sentences or numbers, and what is known about them.",
                        md_view=BRING,
                    )
        for section, pages in SECTIONS.items():
            if section:
                st.caption(section)
            for entry in pages:
                st.page_link(entry)
        running_badge()
        signed_in()

    with one_sentence():
        banner()
    with one_sentence(), whole_page(current.url_path, st.container(), reporting.draw):
        told.forget()
        views.told()
        refuse_unknown(names)
        current.run()
