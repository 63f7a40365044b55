"""Sentences in which spans are tagged, whoever wrote them: what tags mean, and the table of mentions that is made of them."""
