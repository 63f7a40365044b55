"""Makes the embedded *glyphs* data set from 40 pinned packages of open fonts: choose, draw, clean, merge, write.

Nothing else in metadash imports this package, so Pillow, fontTools and fontpkg are needed only to build.
"""
