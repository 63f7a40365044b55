"""Tables of chance, and all that is done with a table."""
