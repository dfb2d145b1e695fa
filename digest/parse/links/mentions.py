"""A mended text → the addresses in it, each put together where it was broken, with the words around it.

Lines are broken inside addresses, and blanks slip in: whether an address goes on behind a blank is decided by what it
lacks, and by the names that the paper uses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.parse.links.addresses import (
    CODE_HOSTS,
    REPOSITORY_HOSTS,
    TOP_LEVEL,
    is_incomplete,
)
from digest.parse.links.authored import LEAST_OF_A_NAME, Words, is_like_a_name, small_letters
from digest.parse.links.hosts import is_host_meant

_AFTER_WWW = r"(?<=[Ww]{3}\.)(?<![\w@./-][Ww]{3}\.)(?=\w)"
_MARK = re.compile(rf"https://|\.(?:{_AFTER_WWW}|(?:{TOP_LEVEL}|(?:COM|IO|ORG|NET)(?=/))(?![\w@-])(?!\.\w))")
_IN_HOSTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_HOST = re.compile(r"[A-Za-z0-9][\w-]*(?:\.[\w-]+)*")
_LONGEST_HOST = 100  # characters
_RUN = re.compile(r"[A-Za-z0-9\u00c0-\u024f_!#%&()+,\-./:;=?@~]*")
_BALANCED = re.compile(r"(?:[^()]++|\([^()]*+\))*+")
_ENDS = re.compile(r"(?<!\d),|,(?!\d)|\.\.|%(?![0-9A-Fa-f]{2})|(?<!=)(?<!/\d{4}/)(?<!\d{14}/)https://")
_NEXT_SENTENCE = re.compile(r"[.:!?](?P<word>[A-Z][a-z]*|[A-Z]+)(?:-[a-z]+)*(?P<end>[.,:;]*)$")
_SENTENCE_BEHIND_NAME = re.compile(
    r"/[\w.-]+/(?P<name>[\w.-]*(?:[A-Za-z0-9](?P<sentence>\.[A-Z][a-z]+)|[a-z0-9](?P<glued>Our|The|This|We)))$"
)
_COUNT_BEHIND = re.compile(r"(?<=\w)(?:[./][0-9]{1,3}|\.[A-Z]{3,})$")
_COUNTED = re.compile(r" (?:pages?|pp|figures?|tables?|20[0-9]{2})\b")
_WORD_IN_BRACKETS = re.compile(r"(?<=[A-Za-z0-9/])\((?P<word>[A-Za-z]+)\)$")
_SMALL_WORD = re.compile(r" [a-z]+")
_MARKS = re.compile(r"(?<!\w)_+$")
_MOST_MARKS = 4  # characters, one in front of the marks among them
_WORD_BEFORE_HOST = re.compile(r"[a-z]{1,12}?(?=(?:www\.)?(?:github\.com|gitlab\.com|huggingface\.co)/)", re.IGNORECASE)
_MOST_JOINS = 8
_LONGEST = 2000  # characters

_SENTENCE_END = re.compile(r"[.!?]\)? +(?=[A-Z0-9(\[])")
_ONLY_JOINS = re.compile(r"\W*(?:(?:and|or|as|well|respectively|at|on|in|is)\b\W*)*")
_BEFORE, _AFTER = 200, 80  # characters

_GLUE = (
    "a about after all along also an and are as at be before but by can each for from has have here how however if in "
    "including into is it its may more must new no not now of on once or our over respectively see shall should soon "
    "such than that the their then there these they this those through thus to under until upon us use used using via "
    "was we were when where which while who will with within would you your"
)
_NOUNS = (
    "accepted accompanying acceptance annotations appear appears audio available benchmark benchmarks both checkpoints "
    "code codebase codes coming contact contains data dataset datasets demo demos details experiments extended figures "
    "find full github homepage implementation journal keywords license link links model models note oral page pages "
    "paper please poster presented project provided provides published repository results source spotlight "
    "submitted supplementary table tables tool training version video videos visit web webpage website weights work "
    "workshop"
)
_OPENINGS = (
    "abstract acknowledgement acknowledgements acknowledgment acknowledgments additionally background besides camera "
    "caution clinical comments compared conclusion conclusions content contribution contributions correspondence "
    "corresponding disclaimer equal evaluations experimental experiments extensive finally first funding furthermore "
    "highlights however impact importantly index introduction limitations materials method methods moreover "
    "motivation notably objective objectives overall pre preprint purpose second significance specifically summary "
    "supplement together trained trigger unlike updated warning warnings"
)
_GLUE_WORDS = frozenset(_GLUE.split())  # which hold a sentence together and name nothing
# Those that follow addresses in sentences, and those that open the next.
_USUAL_WORDS = _GLUE_WORDS | frozenset(_NOUNS.split()) | frozenset(_OPENINGS.split())
_TOP_LEVELS = frozenset(TOP_LEVEL.split("|"))
_LEADING_WORD = re.compile(r"[A-Za-z]+(?=$|[/.,;:!?)])")
_NAME = re.compile(r"[A-Za-z0-9_~/]")
_HOST_ALONE = re.compile(r"(?:https://)?(?:www\.)?(?P<name>[\w.-]*)")
_TOP = re.compile(rf"(?:{TOP_LEVEL})(?=(?P<path>/)|[.,;:)]*$)")
_WHOLE_HOST = re.compile(rf"(?:[\w-]+\.)+(?:{TOP_LEVEL})(?=/|[.,;:)]*$)")
_ENDS_IN_TOP = re.compile(rf"\.(?:{TOP_LEVEL})\.$")
_ADDRESS = re.compile(rf"https://|{_WHOLE_HOST.pattern}")
_DEEPER_PATH = re.compile(r"\w[\w.-]*/(?:[\w.~-]+/|[.,;)]*$)")
_QUERY = re.compile(r"\w+=")
_PATH_AND_QUERY = re.compile(r"[\w./~-]+\?\w+=")
_ZENODO_NUMBER = re.compile(r"zenodo(?:\.org/records?/ |\. | \.)[0-9]{5,}")
_REPOSITORY_PATH = re.compile(r"(?:tree|blob|raw|releases|wiki|issues)/\w")
_COUNT = re.compile(r"[0-9]+(?:st|nd|rd|th|p|pp|-?pages?|-?figures?|-?tables?)?[.,;:)]*")  # "11 pages", "23rd meeting"
_WORD = re.compile(r"(?P<word>[\w-]+)[.,;:)]*")
_REST_OF_OWNER = re.compile(r"(?:[A-Z]\w{,20} )?[\w-]{,40}\w/(?P<name>[\w.-]{,100}\w)(?P<end>/?[.,;:)]*)(?= |$)")
_CUT_4OPEN = re.compile(r"anonymous\.4open\.science/[rw]/[\w.-]+(?<!-[0-9A-F]{4})")
_END_OF_4OPEN = re.compile(r"[\w.-]*-[0-9A-F]{4}(?=[/.,;:)]|$)")
_KNOWN_HOST = re.compile(r"(?:github\.com|gitlab\.com|huggingface\.co|anonymous\.4open\.science)/", re.IGNORECASE)
_SLUG = re.compile(r"(?P<name>[a-z0-9]+(?:[-_][a-z0-9]+)*)/?[.,;)]*")
_NEAR = 20  # characters


def mentions(text: str, words: Words) -> Iterator[tuple[str, str, str]]:
    """Yield each address in a mended ``text``, put together if it was broken, and its sentence before and after it.

    ``words`` are the paper's, for the names that it uses.
    """
    spans = list(_Text(text, words).spans())
    previous, before = 0, ""
    for index, (start, end, address) in enumerate(spans):
        near = _SENTENCE_END.split(text[max(previous, start - _BEFORE) : start])[-1]
        # In "code at A and B" the words before A are about B, too.
        before = f"{before} {near}"[-_BEFORE:] if index and _ONLY_JOINS.fullmatch(near) else near
        following = spans[index + 1][0] if index + 1 < len(spans) else len(text)
        after = _SENTENCE_END.split(text[end : min(following, end + _AFTER)])[0]
        yield address, before, after
        previous = end


@dataclass(frozen=True)
class _Text:
    """A mended text, and the words of its paper."""

    text: str
    words: Words

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """Yield where each address begins and ends, and the address."""
        position = 0
        seen: list[str] = []
        while mark := _MARK.search(self.text, position):
            position = mark.end()
            has_scheme = mark[0] == "https://"
            near = self.text[max(0, mark.start() - _LONGEST_HOST) : mark.start()]
            before = near.rstrip(_IN_HOSTS)
            host = "" if has_scheme else near[len(before) :].lstrip("_")  # markdown's marks
            start = mark.start() - len(host)
            # What has an "@" in front is an e-mail address.
            if not has_scheme and (before.endswith("@") or not _HOST.fullmatch(host)):
                continue
            address, end = self.joined(start)
            # What was commented out in TeX is another address, run into the word after it.
            is_comment = self.text[start - 1 : start] == "%" and address.startswith(tuple(seen))
            is_meant = has_scheme or is_host_meant(self.text, start, mark.end(), self.words)
            if is_meant and not is_comment:
                seen.append(address.rstrip(".,;"))
                yield start, end, address
            position = max(end, position)

    def joined(self, start: int) -> tuple[str, int]:
        """Return the address that begins at ``start``, joined over blanks where it goes on, and its end."""
        word = _WORD_BEFORE_HOST.match(self.text, start, start + _LONGEST)  # such as "atgithub.com/"
        address, end = self.piece(word.end() if word else start)
        for _ in range(_MOST_JOINS):
            if self.text[end : end + 1] != " " or len(address) > _LONGEST:
                break
            piece, next_end = self.piece(end + 1)
            if not self.goes_on(address, piece, next_end):
                break
            address, end = address + piece, next_end
        # "own/Repo.Extensive experiments": the next sentence, if the paper has no such name.
        glued = _SENTENCE_BEHIND_NAME.search(address)
        if glued and CODE_HOSTS.match(address.removeprefix("https://").removeprefix("www.")):
            second = _SMALL_WORD.match(self.text, end, end + _AFTER)
            if second and second[0][1:] not in _GLUE_WORDS and self.words.times(glued["name"]) < 2:
                length = len(glued["sentence"] or glued["glued"])
                return address[:-length], end - length
        return address, end

    def piece(self, start: int) -> tuple[str, int]:
        """Return what may belong to an address from ``start`` on, without what is glued on behind, and its end."""
        match = _RUN.match(self.text, start, start + _LONGEST)
        run = match[0] if match else ""
        if balanced := _BALANCED.match(run):  # not a bracket that closes what was opened before the address
            run = balanced[0]
        if end := _ENDS.search(run, 1):  # a comma and more, another address
            run = run[: end.start()]
        if ";" in run.partition("?")[0]:
            run = run.partition(";")[0]
        run = self.without_sentence(run, start + len(run))
        # Markdown's marks stand behind as they do before: "__https://own.org/x__".
        if marks := _MARKS.search(self.text[max(0, start - _MOST_MARKS) : start]):
            unmarked, found, rest = run.rpartition(marks[0])
            run = unmarked if found and not rest.strip(".,:;!?)") else run
        return run, start + len(run)

    def without_sentence(self, run: str, end: int) -> str:
        """Return ``run``, which ends at ``end``, without what follows an address where a blank was lost."""
        sentence = _NEXT_SENTENCE.search(run)
        if sentence and self.opens_sentence(sentence, run[: sentence.start()], end):
            return run[: sentence.start()]
        if run.endswith(")"):
            bracket = _WORD_IN_BRACKETS.search(run)
            return run[: bracket.start()] if bracket and bracket["word"].lower() in _USUAL_WORDS else run
        if _COUNTED.match(self.text, end) and "/10." not in run:  # no DOI
            return _COUNT_BEHIND.sub("", run)
        return run

    def opens_sentence(self, sentence: re.Match[str], address: str, end: int) -> bool:
        """Whether the word behind the dot that follows ``address`` is none of its own: "own/Repo.Warning:"."""
        word = sentence["word"].lower()
        if word in _USUAL_WORDS:
            return True
        # "Warning:" heads a text whatever it says, "Additionally," opens a sentence.
        is_opening = sentence["end"] == ":" or (word.endswith("ly") and self.text[end : end + 1] == ",")
        is_behind_host = word[1:] != "" and _WHOLE_HOST.fullmatch(address.removeprefix("https://")) is not None
        return (is_opening or is_behind_host) and word not in _TOP_LEVELS

    def goes_on(self, address: str, piece: str, end: int) -> bool:
        """Whether ``piece``, which follows ``address`` after a blank up to ``end``, is certainly the rest of it."""
        # doi.org/10.5281/zenodo. 1234567, zenodo.org/records/ 1234567
        if _ZENODO_NUMBER.search(f"{address[-_NEAR:]} {piece[:_NEAR]}"):
            return True
        host = _HOST_ALONE.fullmatch(address)
        if host and not piece.startswith("/"):
            return _completes_host(host["name"], piece)
        word = _leading_word(piece)
        if word in _GLUE_WORDS or _ADDRESS.match(piece):
            return False
        is_name = _NAME.match(piece) is not None
        if self.completes_name(address, piece, end) or (is_name and _is_cut_off(address, piece)):
            return True
        # "own-lab/ 11 pages", "own-lab/ 23rd meeting", "own-lab/ ICCV 2025"
        is_count = _COUNT.fullmatch(piece) or (piece.isupper() and _COUNTED.match(self.text, end))
        return is_name and word not in _USUAL_WORDS and not is_count and self.goes_deeper(address, piece)

    def completes_name(self, address: str, piece: str, end: int) -> bool:
        """Whether a name was broken: ``github.com/Own Lab/OwnNet``, ``own/OwnNe t`` of a paper on OwnNet."""
        if not address[-1:].isalnum():
            return False
        bare = address.removeprefix("https://").removeprefix("www.")
        host, _, path = bare.partition("/")
        if "/" not in path and (REPOSITORY_HOSTS.fullmatch(host) or host == "huggingface.co"):
            rest = _REST_OF_OWNER.match(self.text, end - len(piece))
            if rest is None:
                return False
            is_end = rest["end"] != "" or rest.end() == len(self.text)
            name = small_letters(rest["name"])
            return len(name) >= LEAST_OF_A_NAME and (
                name in self.words.names or (is_end and is_like_a_name(rest["name"]))
            )
        # An anonymous repository's name ends in four digits of its own.
        if _CUT_4OPEN.fullmatch(bare):
            return _END_OF_4OPEN.match(piece) is not None
        word = _WORD.fullmatch(piece)
        if word is None or word["word"].lower() in _USUAL_WORDS:
            return False
        first, names = small_letters(path.rpartition("/")[2]), self.words.names
        return first not in names and first + small_letters(word["word"]) in names

    def goes_deeper(self, address: str, piece: str) -> bool:
        """Whether a word that is none of a sentence's is a further part of the path."""
        # github.com/someone/ Name, github.com/someone /Name
        if (address.endswith("/") or piece.startswith("/")) and is_incomplete(address):
            return True
        # Repo _v2
        if piece.startswith("_"):
            return address[-1].isalnum()
        if not address.endswith("/"):
            return piece.startswith("/") and _HOST_ALONE.fullmatch(address) is not None
        if CODE_HOSTS.match(address.removeprefix("https://")):
            return _REPOSITORY_PATH.match(piece) is not None
        # own.edu/ research/projects/name, own.github.io/ own-name
        slug = _SLUG.fullmatch(piece)
        name = small_letters(slug["name"]) if slug else ""
        is_name = len(name) >= LEAST_OF_A_NAME and name in self.words.names
        return is_name or _DEEPER_PATH.match(piece) is not None


def _completes_host(name: str, piece: str) -> bool:
    """``https://www.own. ch/paper``, ``https://own- lab.github.io``; ``https://own.github.io. In`` ends."""
    if name and name[-1].isalnum() and _KNOWN_HOST.match(name + piece):  # https://git hub.com/own/Repo
        return True
    if name.endswith("-"):
        return _WHOLE_HOST.match(piece) is not None
    if name and not name.endswith("."):
        return False
    top = _TOP.match(piece)
    if top is None:
        return not _ENDS_IN_TOP.search(name) and _WHOLE_HOST.match(piece) is not None
    return "." not in name[:-1] or top["path"] is not None


def _is_cut_off(address: str, piece: str) -> bool:
    """Whether an address cannot end so, whatever word follows."""
    # watch? v=a1B2
    if address.endswith("?"):
        return _QUERY.match(piece) is not None
    if address.endswith("/"):
        # huggingface.co/ datasets/someone/name: a host that is nothing alone; own.org/ watch?v=a1B2
        is_host = _HOST_ALONE.fullmatch(address[:-1]) and is_incomplete(address) and "/" in piece.strip("/")
        return bool(is_host or _PATH_AND_QUERY.match(piece))
    # own/Repo- One, own/repo_ one, watch?v= a1B2
    return address.endswith(("-", "_", "~")) or ("?" in address and address.endswith(("=", "&")))


def _leading_word(piece: str) -> str:
    word = _LEADING_WORD.match(piece)
    return word[0].lower() if word else ""
