"""Command line: python -m metadash.data.glyphs.builder --out DIR [--families play arimo ...]"""

import argparse
import logging
import sys
from pathlib import Path

from metadash.data.glyphs import load_embedded
from metadash.data.glyphs.builder.build import build_all, build_part
from metadash.data.glyphs.builder.fonts import pinned_families
from metadash.data.glyphs.builder.write import write
from metadash.errors import BadInput


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m metadash.data.glyphs.builder", description="Draws the glyphs data set.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--families", nargs="+", metavar="NAME", help="draw these only, for the classes of the embedded set")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if options.families:
            slugs = options.families
            classes, _, _ = load_embedded()
            instances, images = build_part(slugs, classes)
        else:
            slugs = list(pinned_families())
            classes, instances, images = build_all(slugs)
        write(options.out, classes, instances, images, slugs)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"{len(classes)} classes and {len(instances)} drawings written to {options.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
