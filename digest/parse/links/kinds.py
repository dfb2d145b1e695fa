"""What an address points to: decided by its host first, by the words around it only where the host says nothing."""

import re

from digest.parse.links.hosts import CODE_HOSTS
from digest.parse.links.text import Words, is_like_a_name

_PLACES = {
    "huggingface.co/datasets": "data",
    "huggingface.co/spaces": "demo",
    "huggingface.co/collections": "other",
    "huggingface.co/papers": "paper",
    "huggingface.co/blog": "other",
    "huggingface.co/docs": "other",
    "kaggle.com/code": "code",
    "kaggle.com/datasets": "data",
    "kaggle.com/models": "model",
    "kaggle.com/competitions": "other",
    "kaggle.com/c": "other",
    "modelscope.cn/models": "model",
    "modelscope.cn/datasets": "data",
    "modelscope.cn/studios": "demo",
    "doi.org/10.5281": "data",
}
"""The first part of the path, on hosts that keep several kinds of things."""

_HOSTS = (
    ("project", r"[\w.-]+\.(?:github|gitlab)\.io|sites\.google\.com"),
    ("data", r"zenodo\.org|osf\.io|(?:[\w-]+\.)*figshare\.com|physionet\.org|ieee-dataport\.org|data\.mendeley\.com"),
    ("data", r"(?:[\w-]+\.)*dataverse\.[\w.-]+|datadryad\.org|opendatalab\.(?:com|org)|universe\.roboflow\.com"),
    ("demo", r"[\w.-]+\.(?:hf\.space|streamlit\.app|gradio\.(?:app|live))|replicate\.com"),
    ("video", r"(?:[\w-]+\.)?(?:youtube|vimeo|bilibili)\.com|youtu\.be|b23\.tv"),
    ("paper", r"openreview\.net|openaccess\.thecvf\.com|\w+rxiv\.org|aclanthology\.org|ecva\.net|papers\.nips\.cc"),
    ("paper", r"ieeexplore\.ieee\.org|dl\.acm\.org|link\.springer\.com|proceedings\.[\w.-]+|(?:\w+\.)?wiley\.com"),
    ("paper", r"(?:\w+\.)?sciencedirect\.com|mdpi\.com|nature\.com|frontiersin\.org|spiedigitallibrary\.org|jmlr\.org"),
    ("other", r"(?:[\w-]+\.)*grand-challenge\.org|codalab\.[\w.-]+|codabench\.org|eval\.ai|aicrowd\.com"),
    ("other", r"[a-z-]+20[0-9]{2}\.[\w.-]+"),  # the meeting of a year
    ("other", r"\w+\.thecvf\.com|creativecommons\.org|hub\.docker\.com|pypi\.org|\w+\.wikipedia\.org|x\.com"),
)
"""Hosts that keep one kind of things."""

_SHORTENERS = (
    r"(?:bit\.ly|bitly\.com|aka\.ms|w3id\.org|cutt\.ly|tinyurl\.com|t\.ly|goo\.gl|rb\.gy|is\.gd|t\.co|purl\.org"
    r"|shorturl\.at|go\.[\w.-]+)/"
)
_DRIVES = (
    r"(?:(?:drive|docs)\.google|(?:\w+\.)?dropbox|(?:\w+\.)?box|pan\.baidu)\.com/"
    r"|1drv\.ms/|onedrive\.live\.com/|mega\.nz/|[\w.-]+\.sharepoint\.com/"
)
_BUILT_SITES = (
    r"[\w.-]+\.(?:(?:netlify|vercel|web)\.app|notion\.site|pages\.dev|webflow\.io|(?:wixsite|weebly)\.com"
    r"|readthedocs\.io)(?:/|$)"
)

_SILENT = (
    (r"(?:huggingface\.co|modelscope\.cn)/[^/]+$", "model data demo", "model"),
    (r"github\.com/(?:orgs/)?[^/]+$", "code project model", "data"),
    (r"kaggle\.com/", "data code", "data"),
    (r"doi\.org/", "data", "paper"),
    (rf"{_SHORTENERS}|{_DRIVES}", "project offered video demo data model", "other"),
    (_BUILT_SITES, "event home demo", "project"),
    (r".*/(?:licen[cs]e|competition|challenge)s?(?:/|$)", "", "other"),
    (r".*/(?:~|projects?/|labs?/|research/)", "event home demo", "project"),
    ("", "event home demo own-name holdings video weights service", "other"),
)
"""Where the host says nothing: what the words may say, the weightier first, and what it is if they say nothing."""

_WORDS = {
    "event": r"(?:challenge|competition|workshop|conference)s?(?:'s)? (?:web ?)?(?:pages?|sites?|home)|licen[cs]e\W*$",
    "project": r"projects?\b|web ?(?:page|site)s?\b|home ?pages?\b|our page\b|(?<!\w )page ?:",
    "code": r"codes?\b|codebase|implementation|scripts?\b|repositor|toolbox",
    "video": r"videos?\b|movies?\b",
    "demo": r"demos?\b(?! videos?)|demonstration|leaderboard|interactive|platform|playground|portal"
    r"|(?:online|web) ?(?:tool|system|app|server)"
    r"|(?:system|service|tool|app)\b.{,14} (?:access|avail|deploy|hosted|live|online|run)",
    "weights": r"weights\b|checkpoints?\b|pre-?trained",
    "service": r"models\b|model (?:is|at|page)",
    "data": r"data|benchmark|corpus|annotations\b",
    "offered": r"(?<!demo )(?<!supplementary )(?:images|videos|recordings|scans|annotations)\b"
    r".{,20}? (?:download|request)",
}
"""How a sentence names what an address points to."""

_WORDS["model"] = rf"{_WORDS['weights']}|{_WORDS['service']}"
# A site that holds a paper's code or data is the paper's own.
_WORDS["home"] = rf"{_WORDS['project']}|{_WORDS['code']}|visit\W*(?:(?:and|or)\b\W*)*$"
_WORDS["holdings"] = rf"{_WORDS['data']}|{_WORDS['offered']}"
_MEANING = {"event": "other", "weights": "model", "offered": "data"} | dict.fromkeys(
    ("home", "own-name", "holdings", "service"), "project"
)
_NEAR = 60  # characters
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_LEAST_OF_A_NAME = 4  # characters

_KIND_OF_HOST = tuple((kind, re.compile(hosts)) for kind, hosts in _HOSTS)
_TOLD = tuple((re.compile(place, re.IGNORECASE), tuple(told.split()), default) for place, told, default in _SILENT)
_SAID = {name: re.compile(rf"\b(?:{words})", re.IGNORECASE) for name, words in _WORDS.items()}
_CLAUSE_BEGINS = re.compile(r"(?:^|;|\w{3}[.!?])\W*$")
_CLAUSE_GOES_ON = re.compile(r"\W*[a-z]")
_FILM = re.compile(r"\.(?:mp4|mov|avi|webm)$", re.IGNORECASE)


def kind_of(url: str, *, before: str = "", after: str = "", words: Words | None = None) -> str:
    """Return code, project, model, data, demo, video, paper or other.

    Args:
        url: in canonical form.
        before: the words of its sentence in front of it; the nearest count first.
        after: the words behind it, which count if those in front say nothing.
        words: those of the paper, for the name of what it presents.
    """
    place = url.removeprefix("https://")
    if place.startswith("hf.co/"):
        place = place.replace("hf.co", "huggingface.co", 1)
    return _by_host(place) or _by_words(place, (before[-_NEAR:], before, after), words)


def _by_host(place: str) -> str | None:
    host, _, path = place.partition("/")
    first, _, rest = path.partition("/")
    if f"{host}/{first}" in _PLACES:
        return _PLACES[f"{host}/{first}"]
    if host == "github.com" and (not rest or first == "orgs"):
        return None
    if CODE_HOSTS.fullmatch(host):
        return "code"
    if host in ("huggingface.co", "modelscope.cn") and rest:
        return "model"
    if _FILM.search(path):
        return "video"
    return next((kind for kind, hosts in _KIND_OF_HOST if hosts.fullmatch(host)), None)


def _by_words(place: str, tiers: tuple[str, str, str], words: Words | None) -> str:
    told, default = next((told, default) for start, told, default in _TOLD if start.match(place))
    if told[:1] == ("code",):  # where code is what a host is for, its word counts wherever the sentence has it
        tiers = ("", *tiers[1:])
    for tier in tiers:
        for name in told:
            if _is_named_in(words, place) if name == "own-name" else _SAID[name].search(tier):
                return _MEANING.get(name, name)
    return "project" if "home" in told and _is_alone(*tiers[1:]) else default


def _is_alone(before: str, after: str) -> bool:
    """Whether an address is a clause of its own, as in "8 pages; https://own.org"."""
    return _CLAUSE_BEGINS.search(before) is not None and _CLAUSE_GOES_ON.match(after) is None


def _is_named_in(words: Words | None, place: str) -> bool:
    """Whether the last part of a path, or the host's first, is what ``words`` write as a name: "OwnNet"."""
    host, _, path = place.partition("/")
    last = path.rpartition("/")[2] or host.partition(".")[0]
    name = _NOT_ALPHANUMERIC.sub("", last).lower()
    if words is None or len(name) < _LEAST_OF_A_NAME:
        return False
    return any(is_like_a_name(words.letters[m.start() : m.end()]) for m in re.finditer(name, words.small_letters))
