"""The audit on the *Metadata* page: the headline on a fold, below it findings, who could be recognised, and what costs computing."""

import itertools
from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from metadash.ablation.metadata_only import proxies
from metadash.canonical import canonical_json
from metadash.dashboard.metadata import privacy as blurring
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.theme import chart, palette
from metadash.data.dataset import ROLES, Dataset
from metadash.errors import BadInput
from metadash.figures.charts import base
from metadash.figures.palette import Palette
from metadash.metadata.audit.anonymity import SIZES, Anonymity, anonymity
from metadash.metadata.audit.audit import Audit, audit
from metadash.metadata.audit.findings import SEVERITIES, Finding
from metadash.metadata.audit.privacy import Personal, personal_columns
from metadash.stats import words

MARKS = {"block": ":red[■] mend", "warn": ":orange[▲] look", "note": ":gray[·] note"}


@st.cache_data(max_entries=32, show_spinner="Looking the metadata over …")
def _audit(fingerprint: str, key: str, _data: Dataset, _split: str) -> Audit:
    return audit(_data, _split)


def audit_of(data: Dataset, split: str) -> Audit:
    return _audit(data.fingerprint, canonical_json([split]), data, split)


@st.cache_data(max_entries=16, show_spinner=False)
def _personal(fingerprint: str, _data: Dataset) -> list[Personal]:
    return personal_columns(_data)


@st.cache_data(max_entries=128, show_spinner=False)
def _anonymity(fingerprint: str, key: str, _data: Dataset, _quasi: list[str], _sensitive: str | None) -> Anonymity:
    return anonymity(_data, _quasi, _sensitive)


def section(data: Dataset) -> None:
    """The fold with the headline; what is in it is worked out when it is open."""
    found = audit_of(data, data.description.default_split or data.split_names[0])
    icon = ":material/block:" if found.blocked else ":material/fact_check:"
    # once a session: the link loses the part's name when the first part is chosen, and the fold must not fall shut then
    opened = st.session_state.setdefault("md_audit opened", "md_audit" in st.query_params)
    with st.expander(
        f"**Audit.** {plain(found.headline)}", icon=icon, expanded=opened, on_change="rerun", key="md_audit_fold"
    ) as fold:
        if not fold.open:
            return
        part = one_of(st, "Part of the audit", list(PARTS), default="Findings", key="md_audit", label_visibility="collapsed")
        try:
            PARTS[part](data)
        except BadInput as problem:
            st.error(plain(problem), icon=":material/error:")


def chosen_split(data: Dataset) -> str:
    names = data.split_names
    default = data.description.default_split
    return st.selectbox(
        "Judged under the split",
        names,
        index=names.index(default) if default in names else 0,
        key="md_split",
        bind="query-params",
    )


def findings(data: Dataset) -> None:
    """The table of findings, the gravest first, and what is known for whom."""
    place, _ = st.columns([1, 2])
    with place:
        split = chosen_split(data) if len(data.split_names) > 1 else data.split_names[0]
    found = audit_of(data, split).with_more(proxies(blurring.finished_alone(data, split)))
    rows = list(found.findings)
    st.markdown(f"#### {counted(rows)}")
    if rows:
        st.table(findings_table(rows))
    st.caption(
        "■ mend: training with it would answer another question. ▲ look: it may be harmless, see first. · note: worth knowing. "
        "What metadata alone answers is not among these until it has been computed, under *Metadata alone*."
    )
    known_for(found.coverage)
    download("Download findings (CSV)", lambda: findings_csv(rows), f"{data.name}-{split}-audit.csv")


def known_for(coverage: pd.DataFrame) -> None:
    """The share of rows known, by source and role; one sentence where that is all of them."""
    if (coverage[list(ROLES)] == 1).all(axis=None):
        st.markdown("Every source is known for every class or instance of every role.")
        return
    st.markdown("**Known for**, by source and role")
    share = {role: st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1) for role in ROLES}
    st.dataframe(
        coverage,
        hide_index=True,
        column_config=share,
        height="content",
        alt="Share of classes or instances known, by source and role",
    )


def counted(rows: list[Finding]) -> str:
    """``1 thing to mend, 2 to look at, 4 to know.``"""
    counts = {severity: sum(row.severity == severity for row in rows) for severity in SEVERITIES}
    told = {"block": "to mend", "warn": "to look at", "note": "to know"}
    parts = [f"{n} {told[severity]}" for severity, n in counts.items() if n]
    return f"{', '.join(parts)}.".capitalize() if parts else "Nothing was found."


def findings_table(rows: list[Finding]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "": [MARKS[row.severity] for row in rows],
            "Source": [plain(row.source) if row.source else "all" for row in rows],
            "What was found, and what to do": [f"**{plain(row.sentence)}** {plain(row.advice)}" for row in rows],
        }
    ).set_index("")


def findings_csv(rows: list[Finding]) -> bytes:
    frame = pd.DataFrame(
        {
            "severity": row.severity,
            "code": row.code,
            "source": row.source,
            "column": row.column,
            "found": row.sentence,
            "advice": row.advice,
            "evidence": canonical_json({key: str(value) for key, value in row.evidence.items()}),
        }
        for row in rows
    )
    return frame.to_csv(index=False).encode()


# --- who is recognisable -----------------------------------------------------------------------------------------------------


def recognisable(data: Dataset) -> None:
    """Columns that others may know: how many rows agree in all of them."""
    personal = _personal(data.fingerprint, data)
    st.markdown(
        "\n".join(f"- {line}" for line in map(personal_line, personal)) or "No column looks personal by its name or its values."
    )
    columns = blurring.all_columns(data)
    likely = [p.column for p in personal if p.by != "number of values" and p.column in columns][:3]
    left, right = st.columns([3, 2])
    quasi = left.multiselect(
        "What somebody else may know of a row",
        columns,
        default=likely,
        key="md_quasi",
        bind="query-params",
        help="Quasi-identifiers: harmless one by one, and together they may point at one row.",
        wrap=True,
    )
    sensitive = right.selectbox(
        "What they would learn (optional)",
        [name for name in columns if name not in quasi],
        index=None,
        key="md_sensitive",
        bind="query-params",
        help="l-diversity: how many different values of it every group still has.",
    )
    if not quasi:
        st.info("Choose one or more columns to see how many rows agree in them.", icon=":material/group:")
        return
    found = _anonymity(data.fingerprint, canonical_json([quasi, sensitive]), data, quasi, sensitive)
    st.markdown(f"#### {anonymity_sentence(found)}")
    figures = {
        "k (smallest group)": words.count(found.k),
        "groups": words.count(found.groups),
        "rows alone": words.percent(found.share_unique),
        "rows in groups under 5": words.percent(found.share_below(5)),
    }
    if found.l is not None:
        figures["l (least different)"] = words.count(found.l)
    with st.container(horizontal=True, gap="medium"):
        for name, value in figures.items():
            st.metric(name, value, width="content")
    chart(
        partial(sizes_chart, found, palette()),
        key="md_sizes",
        alt="Rows by the size of the group they share their values with: " + anonymity_sentence(found),
    )
    download(
        "Download group sizes (CSV)",
        lambda: pd.DataFrame(found.sizes, columns=["group_size_from", "groups", "rows"]).to_csv(index=False).encode(),
        f"{data.name}-groups.csv",
    )


def personal_line(personal: Personal) -> str:
    by = {"values": f"{personal.share:.0%} of its values", "name": "its name", "number of values": "how many values it has"}[
        personal.by
    ]
    marked = ", marked as sensitive" if personal.declared else "" if personal.source else ", in no source"
    return f"**{plain(personal.column)}** ({personal.table}) looks personal: {plain(personal.sign)}, by {by}{marked}"


def anonymity_sentence(found: Anonymity) -> str:
    """``Who knows family and style: 12 of 98 rows are alone, and the smallest group has 1.``"""
    known = " and ".join(
        [", ".join(map(plain, found.quasi[:-1])), plain(found.quasi[-1])] if len(found.quasi) > 1 else map(plain, found.quasi)
    )
    if found.unique:
        told = f"{words.count(found.unique)} of {words.count(found.rows)} rows are alone with their values"
    else:
        told = f"every row shares its values with at least {words.count(found.k - 1)} other{'s' if found.k > 2 else ''}"
    diverse = (
        f", and a group may have as few as {found.l} different values of {plain(found.sensitive)}" if found.l is not None else ""
    )
    return f"To somebody who knows {known}, {told}{diverse}."


def sizes_chart(found: Anonymity, colours: Palette) -> go.Figure:
    """Rows by size of their group; rows that are alone, and those in groups under 5, stand out."""
    ends = {start: f"{start}" if after == start + 1 else f"{start}–{after - 1}" for start, after in itertools.pairwise(SIZES)}
    label = {**ends, SIZES[-1]: f"{SIZES[-1]} or more"}
    rows = {start: n for start, _, n in found.sizes}
    figure = base(colours, 260)
    figure.add_bar(
        x=[label[start] for start in SIZES],
        y=[rows.get(start, 0) for start in SIZES],
        marker={"color": [colours.hurts if start == 1 else colours.control if start < 5 else colours.plain for start in SIZES]},
        text=[words.count(rows[start]) if rows.get(start) else "" for start in SIZES],
        textposition="outside",
        textfont={"color": colours.text},
        cliponaxis=False,
        hovertemplate="%{y} rows in groups of %{x}<extra></extra>",
    )
    figure.update_xaxes(title={"text": "rows in the group", "font": {"color": colours.muted, "size": 13}}, type="category")
    figure.update_yaxes(title={"text": "rows", "font": {"color": colours.muted, "size": 13}}, rangemode="tozero")
    return figure


PARTS: dict[str, Callable[[Dataset], None]] = {
    "Findings": findings,
    "Who is recognisable": recognisable,
    "Less exact": blurring.exactness,
    "Metadata alone": blurring.alone,
    "A published map": blurring.published,
}
