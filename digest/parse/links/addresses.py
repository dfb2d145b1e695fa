"""What is known of addresses: their top-level domains, which hosts keep code; the one form in which each is kept."""

import re

_GENERIC = (
    "com org net edu gov int mil info biz io ai co dev app site online website web xyz tech page pages live life earth "
    "science academy cloud space world zone studio design art blog wiki one link club top fun vision systems team "
    "network digital media tools software technology services codes computer engineering institute university school "
    "research health care bio eco global international foundation community social video tv me gle ink run works gg cc "
    "la ly gl"
)
_COUNTRIES = (
    "ac ae ar at au bd be bg br by ca ch cl cn cz de dk ee es eu fi fr gr hk hr hu id ie il in ir is it jp kr kz lt lu "
    "lv mk mo mx my nl no nz ph pk pt ro rs ru sa se sg si sk st su th to tr tw ua uk us uz vn za"
)

TOP_LEVEL = "|".join(sorted(f"{_GENERIC} {_COUNTRIES}".split(), key=len, reverse=True))
"""Top-level domains by which an address without a scheme is known; none that is a file's suffix (md, py, sh)."""

_PROPER = "com org net edu gov io ai co dev app info site online website xyz tech earth de uk fr ch cn jp eu kr"

PROPER_TOP_LEVEL = frozenset(_PROPER.split())
"""Those by which a host is known that stands alone; none that is a word of English (in, to, it, page)."""

NEVER_ALONE = frozenset(["in", "is", "it", "at", "be", "by", "me", "my", "no", "to", "us", "pt", "rs", "cc"])
"""Those that are small words ("occlusions.in", with a blank lost) or suffixes of files: such a host needs a path."""

_ANYBODYS = (
    "airbnb amazon bing booking canva chatgpt deviantart ebay facebook flickr gettyimages google imdb instagram "
    "linkedin medium microsoft midjourney openai pexels pinterest pixabay prolific quora reddit shutterstock "
    "stackoverflow tiktok tripadvisor trip twitter unsplash weibo wikipedia x yahoo yelp"
)
ANYBODYS_HOST = re.compile(rf"(?:www\.)?(?:{_ANYBODYS.replace(' ', '|')})\.(?:com|org|net)", re.IGNORECASE)
"""Sites that everybody knows: named alone and without a scheme they are words of the sentence, nothing of a paper's."""

_REPOSITORIES = (
    r"(?:gist\.)?github\.com|bitbucket\.org|codeberg\.org|gitee\.com|gitcode\.com|sourceforge\.net"
    r"|anonymous\.4open\.science|framagit\.org|atomgit\.com"
    r"|(?![\w.-]+\.git(?:hub|lab)\.io)(?:(?:[\w-]+\.)*gitlab[\w-]*(?:\.[\w-]+)+|git\.[\w.-]+)"
)
_NOTEBOOKS = (
    r"colab\.research\.google\.com|colab\.google|nbviewer\.org|mybinder\.org|codeocean\.com"
    r"|(?:raw\.github|(?:raw|gist|media)\.githubusercontent)\.com"
)

REPOSITORY_HOSTS = re.compile(_REPOSITORIES)
"""Hosts of repositories, GitLab and the ``git.`` of an institution among them."""

CODE_HOSTS = re.compile(rf"{_REPOSITORIES}|{_NOTEBOOKS}")
"""Hosts of repositories, of notebooks and of single files: whatever is on them is code."""

_KEEPERS = r"(?:github|gitlab|bitbucket|codeberg|gitee|gitcode)\.(?:com|org)"
_LEAST_SEGMENTS = tuple(
    (re.compile(rf"(?:{places})(?:/|$)"), count)
    for places, count in (
        (rf"(?:{_KEEPERS}|huggingface\.co)/[^/]+/[^/]+/(?:tree|raw)", 4),
        (rf"(?:{_KEEPERS}|huggingface\.co)/[^/]+/[^/]+/(?:blob|releases/(?:tag|download))", 5),
        (rf"{_KEEPERS}|gist\.github\.com", 2),
        (r"(?:huggingface\.co|hf\.co|kaggle\.com)/(?:datasets|spaces|collections|code)", 3),
        (r"huggingface\.co|hf\.co|modelscope\.cn", 2),
        (r"anonymous\.4open\.science|sourceforge\.net|zenodo\.org|(?:dx\.)?doi\.org|arxiv\.org", 2),
        (r"(?:drive|docs|sites|colab\.research)\.google\.com|kaggle\.com|bilibili\.com", 2),
        (r"osf\.io|youtu\.be|youtube\.com|vimeo\.com|openreview\.net|bit\.ly|aka\.ms", 1),
    )
)
"""How many segments of a path it takes, by host and start of the path, to reach what a paper would point to."""

_SCHEME = re.compile(r"(?:https?:/*)+", re.IGNORECASE)
_FOREIGN = re.compile(r"[\s\"<>{}|\\^`]")
_PARTS = re.compile(
    r"(?:[^/?#@]*@)?(?P<host>[^/?#:@]*)(?P<port>:[0-9]{1,5})?"
    r"(?P<rest>(?=[/?#]|$)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?)"
)
_SLASHES = re.compile("//+")
_BEHIND_A_NAME = re.compile(r"(/[\w.-]+/[\w.-]+)[^\w./-]")
_MODEL_AND_BRACKET = re.compile(r"^(/(?:(?:datasets|spaces)/)?[\w.-]+/[\w.-]+)\(.*")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_BYTE = "(?:25[0-5]|(?:2[0-4]|1[0-9]|[1-9])?[0-9])"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,24}}|xn--[a-z0-9-]+)|(?P<numbers>{_BYTE}(?:\.{_BYTE}){{3}})")
_OPENERS = {")": "(", "]": "["}
_NEVER_LAST = frozenset("/.,:;!?'\"`*$%&~@#\u2026\u201c\u201d\u2018\u2019")
_LONGEST = 2000  # characters; what is longer is no address
_OLDER_DOI = re.compile(r"^https://dx\.doi\.org/")
_REPOSITORY = re.compile(r"https://github\.com/[^/?#]+(?:/[^/?#]+)?")

_PROMISE = re.compile(
    r"(?:upon|after|until|pending)[-_/]*(?:acceptance|publication|review)"
    r"|to[-_/]?be[-_/]?(?:released|announced|added|updated|published)|/coming[-_/]?soon(?:/|$)"
    r"|/your[-_]?(?:repo\w*|link|name|user\w*|project|code|org\w*|page|url|paper)\b"
    r"|/(?:x{2,}|placeholder|pending|tb[ad]|todo|(?:repo|code|project|github|paper)[-_]?(?:link|url))(?:/|$)"
    r"|/(?:user(?:name)?|owner)/(?:repo\w*|project\w*)$|/10\.5281/zenodo(?:\.x*)?$",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"/(?:anonym\w*(?:-\w+)*|blind(?:ed)?|soon|link|code|repo\w*|user\w*|[\w.-]*-)", re.IGNORECASE)
_EXAMPLE_HOST = re.compile(r"example\.(?:com|org|net)|x{3,}\.[\w.-]+|your[\w-]*\.\w+")


def canonical_url(address: str) -> str | None:
    """Return ``address`` as ``https://host/path``; None if it names no page, or only the place for one.

    The host is lower case and without ``www.``; sentence punctuation and unbalanced brackets at the end, a final
    slash and an empty fragment go; on hosts of repositories a fragment and ``.git`` go too. Path and query are kept.
    """
    typed = _SCHEME.sub("", _FOREIGN.split(address[: _LONGEST + 1], maxsplit=1)[0], count=1)
    parts = _PARTS.fullmatch(_without_tail(typed))
    if parts is None or len(address) > _LONGEST:
        return None
    host, rest = parts["host"].lower().removeprefix("www."), parts["rest"]
    if REPOSITORY_HOSTS.fullmatch(host):
        # An owner's or repository's name is of letters, digits, "-", "_" and ".": what else follows is glued on.
        path = _SLASHES.sub("/", parts["path"])
        glued_on = _BEHIND_A_NAME.match(path)
        rest = _without_tail(glued_on[1] if glued_on else path + (parts["query"] or ""))
        while rest.endswith(".git"):
            rest = _without_tail(rest.removesuffix(".git"))
    elif host == "huggingface.co":
        rest = _MODEL_AND_BRACKET.sub(r"\1", rest)
    known = _HOST.fullmatch(host)
    if known is None or _is_placeholder(host, rest):
        return None
    # Four numbers alone are a version, or part of a longer one; arXiv makes an address of those, too (IP_ADDRESS in
    # arxiv-base's urls/links.py).
    if known["numbers"] and not (parts["port"] or rest):
        return None
    return f"https://{host}{parts['port'] or ''}{rest}"


def _without_tail(address: str) -> str:
    """Cut final slashes, punctuation, quotes, and brackets that were not opened."""
    for end in range(len(address), 0, -1):
        last = address[end - 1]
        is_unbalanced = last in _OPENERS and address.count(last, 0, end) > address.count(_OPENERS[last], 0, end)
        if last not in _NEVER_LAST and not is_unbalanced:
            return address[:end]
    return ""


def _is_placeholder(host: str, rest: str) -> bool:
    """Whether nothing is there yet: a known host alone, nobody's account, a promise in place of a name."""
    if _EXAMPLE_HOST.fullmatch(host):
        return True
    keeps_repositories = REPOSITORY_HOSTS.fullmatch(host) is not None
    if not rest:
        return keeps_repositories or is_incomplete(host)
    return _PROMISE.search(rest) is not None or (keeps_repositories and _NOBODY.fullmatch(rest) is not None)


def is_incomplete(address: str) -> bool:
    """Whether ``address`` is on a known host and too short to point to anything of a paper's."""
    bare = address.lower().removeprefix("https://").removeprefix("www.")
    needed = next((count for start, count in _LEAST_SEGMENTS if start.match(bare)), 0)
    return sum(1 for part in bare.split("/")[1:] if part) < needed


def same_address(url: str) -> str:
    """Return what is equal for two spellings of a canonical ``url``.

    GitHub's owners and repositories ignore case; dx.doi.org is the older name of doi.org.
    """
    url = _OLDER_DOI.sub("https://doi.org/", url)
    return _REPOSITORY.sub(lambda match: match[0].lower(), url, count=1)
