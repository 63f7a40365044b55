"""Formulas as MathML, which browsers draw themselves: Sphinx's own way asks a server on the internet for a script each time a page is read."""

import html
import re
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)
SPACE = "http://www.w3.org/1998/Math/MathML"


def drawn(node: nodes.math | nodes.math_block, as_block: bool) -> str:
    try:
        return subscripts_beside(tex2mathml(node.astext(), as_block=as_block))
    except MathError as problem:
        log.warning("no formula: %s", problem, location=node)
        return ""


def subscripts_beside(formula: str) -> str:
    """The index of a mean stands beside it: docutils puts that of a letter with a bar below the letter, as the limits of a sum."""
    ElementTree.register_namespace("", SPACE)
    root = ElementTree.fromstring(re.sub(r"&(?!lt;|gt;|amp;)\w+;", lambda of_html: html.unescape(of_html[0]), formula))
    for found in root.iter(f"{{{SPACE}}}munderover"):
        base, index, bar = found
        if base.tag == f"{{{SPACE}}}mo":
            continue
        found.clear()
        found.tag = f"{{{SPACE}}}msub"
        over = ElementTree.SubElement(found, f"{{{SPACE}}}mover", accent="true")
        over.extend([base, bar])
        found.append(index)
    return ElementTree.tostring(root, encoding="unicode")


def draw_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(drawn(node, False))
    raise nodes.SkipNode


def draw_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{drawn(node, True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", inline_renderers=(draw_inline, None), block_renderers=(draw_block, None))
    return {"parallel_read_safe": True}
