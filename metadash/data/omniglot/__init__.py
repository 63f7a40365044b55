"""Omniglot: 1,623 handwritten characters of 50 alphabets, each drawn once by 20 people (Lake, Salakhutdinov, Tenenbaum 2015).

A person gives the authors' zip files or the Parquet layout; ``install`` makes a data set of either, ``fetch`` downloads the former.
`tables/` holds what neither archive says: facts about the alphabets, and published splits (see its PROVENANCE.md).
"""
