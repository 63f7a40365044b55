"""The one kind of error a person is meant to read."""


class BadInput(ValueError):
    """What was asked cannot be done, said in one sentence: what is wrong, where, and what to do about it.

    The command line prints the sentence and exits with 2; a page shows it in place of its answer. Anything else that is
    raised is a defect of ours and goes to the log.
    """
