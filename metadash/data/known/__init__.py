"""Public data sets of sentences that are made of their authors' files: what is in the files, and what it means here."""
