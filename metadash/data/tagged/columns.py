"""Files of columns, as CoNLL's: a word a line with its tag in the last column, a blank line between sentences."""

from metadash.data.tagged.bio import OUTSIDE, TAG
from metadash.errors import BadInput

DOCUMENT = "-DOCSTART-"
Sentence = tuple[list[str], list[str]]


def sentences_in(content: bytes, name: str) -> list[Sentence]:
    """(words, tags) of each sentence of the file ``name``. Lines between documents and comments are passed over. Raises BadInput for what is
    not UTF-8, and for a line with a word and no tag."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"'{name}' is not written in UTF-8; save it so.") from error
    found: list[Sentence] = []
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        columns = columns_of(line)
        if not columns or columns[0] == DOCUMENT:
            if words:
                found.append((words, tags))
            words, tags = [], []
        elif is_comment(line, columns):
            continue
        elif len(columns) < 2:
            raise BadInput(
                f"Line {number} of '{name}' has the word '{columns[0][:40]}' and no tag; write a tag behind it (O where it is in no mention)."
            )
        else:
            words.append(columns[0])
            tags.append(columns[-1])
    return found


def columns_of(line: str) -> list[str]:
    """By tabs where there are some, else by blanks."""
    parts = line.split("\t") if "\t" in line.strip("\r\n ") else line.split()
    return [part.strip() for part in parts] if line.strip() else []


def is_comment(line: str, columns: list[str]) -> bool:
    return line.startswith("#") and not (len(columns) > 1 and is_tag(columns[-1]))


def is_tag(said: str) -> bool:
    return said in OUTSIDE or TAG.fullmatch(said) is not None


def looks_tagged(head: str, least: float = 0.9) -> bool:
    """Whether the beginning of a file is words and their tags: nearly every line has two columns or more, the last a tag, and some tag a type.
    The last line may be cut."""
    lines = [columns_of(line) for line in head.splitlines()[:-1] or head.splitlines()]
    lines = [line for line in lines if line and line[0] != DOCUMENT and not line[0].startswith("#")]
    if not lines:
        return False
    tags = [line[-1] for line in lines if len(line) > 1 and is_tag(line[-1])]
    return len(tags) >= least * len(lines) and any(tag not in OUTSIDE for tag in tags)
