"""The addresses in a paper's abstract and comments: where its code is, and what else it points to.

The way of a text: canonical HTML → what the author typed, TeX and haste undone (``authored``) → each address with the
words around it (``mentions``; ``hosts`` if it has no scheme) → its one form (``addresses``) → its kind, which its host
decides first, and the words around it only where the host says nothing. No third party is asked.
"""

import re

from digest.model import Link
from digest.parse.links.addresses import CODE_HOSTS, canonical_url, same_address
from digest.parse.links.authored import LEAST_OF_A_NAME, Words, mended, small_letters, with_addresses
from digest.parse.links.mentions import mentions

__all__ = ["LINK_RULES", "canonical_url", "find_links"]

LINK_RULES = 3
"""The version of the rules by which links are found; kept with each day."""

_ALIASES = {"hf.co": "huggingface.co", "dx.doi.org": "doi.org"}

_PLACES = {
    "data": "huggingface.co/datasets kaggle.com/datasets modelscope.cn/datasets doi.org/10.5281",
    "demo": "huggingface.co/spaces modelscope.cn/studios",
    "model": "kaggle.com/models modelscope.cn/models",
    "code": "kaggle.com/code",
    "project": "anonymous.4open.science/w",  # a site made of a repository
    "paper": "huggingface.co/papers",
    "other": "huggingface.co/collections huggingface.co/blog huggingface.co/docs kaggle.com/competitions kaggle.com/c",
}
"""Hosts that keep several kinds of things, with the first part of the path that tells them apart."""

_HOSTS_OF_ONE_KIND = (
    ("project", r"[\w.-]+\.(?:github|gitlab)\.io|sites\.google\.com"),
    ("data", r"zenodo\.org|osf\.io|(?:[\w-]+\.)*figshare\.com|physionet\.org|ieee-dataport\.org|data\.mendeley\.com"),
    ("data", r"(?:[\w-]+\.)*dataverse\.[\w.-]+|datadryad\.org|opendatalab\.(?:com|org)|universe\.roboflow\.com"),
    ("data", r"(?:\w+\.)?cancerimagingarchive\.net|(?:\w+\.)?synapse\.org|openneuro\.org|\w+\.pangaea\.de|scidb\.cn"),
    ("demo", r"[\w.-]+\.(?:hf\.space|streamlit\.app|shinyapps\.io|gradio\.(?:app|live))|replicate\.com"),
    ("video", r"(?:[\w-]+\.)?(?:youtube|vimeo|bilibili)\.com|youtu\.be|b23\.tv"),
    ("paper", r"openreview\.net|openaccess\.thecvf\.com|\w+rxiv\.org|aclanthology\.org|ecva\.net|papers\.nips\.cc"),
    ("paper", r"ieeexplore\.ieee\.org|dl\.acm\.org|link\.springer\.com|proceedings\.[\w.-]+|(?:\w+\.)?wiley\.com"),
    ("paper", r"(?:\w+\.)?sciencedirect\.com|mdpi\.com|nature\.com|frontiersin\.org|spiedigitallibrary\.org|jmlr\.org"),
    (
        "paper",
        r"tandfonline\.com|academic\.oup\.com|iopscience\.iop\.org|\w+\.ncbi\.nlm\.nih\.gov|(?:papers\.)?ssrn\.com",
    ),
    (
        "paper",
        r"(?:\w+\.)?hal\.science|journals\.[\w.-]+|doi\.(?!org$)[\w.-]+|(?:[\w-]+\.)?copernicus\.org|\w+\.bmva-archive\.org\.uk|\w+\.acm\.org",
    ),
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

_DATA_DOIS = "4121|5061|6084|7910|7937|13026|17605|17632|21227|34740"
"""What 4TU, Dryad, figshare, Dataverse, TCIA, PhysioNet, OSF, Mendeley, IEEE DataPort and Kaggle number begins so."""

_SILENT = (
    (r"(?:huggingface\.co|modelscope\.cn)/[^/]+$", "model data demo", "model"),
    (r"github\.com/(?:orgs/)?[^/]+$", "code thanks sources project model", "data"),
    (r"kaggle\.com/", "data code", "data"),
    (rf"doi\.org/10\.(?:{_DATA_DOIS})/", "", "data"),
    (r"doi\.org/10\.57967/", "data model demo", "model"),  # Hugging Face
    (r"(?:doi\.org|hdl\.handle\.net)/", "record issue data", "paper"),
    (rf"{_SHORTENERS}|{_DRIVES}", "project offered video demo data model", "other"),
    (_BUILT_SITES, "event home demo", "project"),
    (r".*/(?:licen[cs]e|competition|challenge)s?(?:/|$)", "", "other"),
    (r".*/(?:~|projects?/|labs?/|research/)", "event home demo", "project"),
    (
        "",
        (
            "event thanks collection home demo record own-name holdings video weights service results details "
            "published access"
        ),
        "other",
    ),
)
"""Where the host says nothing: what the words may say, the weightier first, and what it is if they say nothing."""

_EVENTS = "(?:challenge|competition|conference|workshop)s?"
_WORDS = {
    "event": rf"{_EVENTS}(?:(?:'s)? (?:web ?)?(?:pages?|sites?|home)|(?: 20[0-9]{{2}})? \($)|licen[cs]e\W*$",
    "project": r"projects?\b|web ?(?:page|site)s?\b|home ?pages?\b|our page\b|(?<!\w )page ?:",
    "code": r"codes?\b|codebase|implementation|scripts?\b|repositor|toolbox|(?<!data )sources\b",
    "sources": r"repos?\b|source (?:files|is)|software|package|library|framework|algorithm|pipeline|tools?\b|toolkit"
    r"|plug-?in",
    "video": r"videos?\b|movies?\b",
    "thanks": r"(?:we|authors) (?:\w+ )?(?:thank|acknowledge)\b[^.,;]*$|grateful to\b[^.,;]*$",
    "collection": r"(?:data|data ?set|image|benchmark)s? (?:portal|hub|catalog\w*)\b",
    "demo": r"playable (?:\w+ )?(?:version|game|build|prototype|level|world)s?\b"
    r"|(?<!video )(?:demos?\b(?! videos?)|demonstration)|demonstrator|leaderboard|interactive|platform"
    r"|playground|portal|arena\b|chatbot|dashboard"
    r"|(?:online|web)[ -]?(?:based )?(?:tool|system|app|server|service|interface|viewer|explorer|version)"
    r"|(?:system|service|tool|app|prototype)\b.{,14} (?:access|avail|deploy|hosted|live|online|run|reach|tried)",
    "weights": r"weights\b|checkpoints?\b|pre-?trained",
    "service": r"models\b|model (?:is|at|page)",
    "data": r"data|benchmark|corpus|annotations\b",
    "offered": r"(?<!demo )(?<!supplementary )(?:images|videos|recordings|scans|annotations)\b"
    r".{,20}? (?:download|request)",
    "record": r"(?:journal\b|accepted for publication|version of record|published (?:version|article)"
    r"|transactions on|accepted manuscript|final (?:authenticated|published) version"
    r"|final version of (?:this|the) (?:article|manuscript|paper|work))[^;]*$",
    "issue": r"published in\b[^;]*$",
    "published": r"published (?:at|by|in)\b[^;]*$|(?:paper|preprint|manuscript|article|pdf|thesis|dissertation)"
    r"(?: is| are)?(?: available)?(?: at| from| here)?\W*$",
    "results": r"results\b|visuali[sz]ations?\b|supplement\w*|appendi",
    "details": r"(?:more|further|additional) (?:information|info|details)(?: \w+){0,4}\W*$",
    "access": r"(?:accessible|explored|tested|tried) (?:at|from|on|through|under|via)\W*$",
}
"""How a sentence names what an address points to."""

_WORDS["model"] = rf"{_WORDS['weights']}|{_WORDS['service']}"
# A site that holds a paper's code or data is the paper's own.
_WORDS["home"] = rf"{_WORDS['project']}|{_WORDS['code']}|visit\W*(?:(?:and|or)\b\W*)*$"
_WORDS["home"] += r"|(?:we|is|are) (?:\w+ )?open-?sourced? (?:it|all|every\w+)\b"
_WORDS["holdings"] = rf"{_WORDS['data']}|{_WORDS['offered']}"
_NAMES_OF_KINDS = {
    "code": "sources",
    "data": "offered collection",
    "demo": "access",
    "model": "weights",
    "other": "event thanks",
    "paper": "issue published record",
    "project": "holdings home results details service",
}
_MEANING = {name: kind for kind, names in _NAMES_OF_KINDS.items() for name in names.split()}
_NEAR = 60  # characters

_KIND_OF_PLACE = {place: kind for kind, places in _PLACES.items() for place in places.split()}
_KIND_OF_HOST = tuple((kind, re.compile(hosts)) for kind, hosts in _HOSTS_OF_ONE_KIND)
_TOLD = tuple((re.compile(place, re.IGNORECASE), tuple(told.split()), default) for place, told, default in _SILENT)
_SAID = {name: re.compile(rf"\b(?:{words})", re.IGNORECASE) for name, words in _WORDS.items()}
_APPOSITION = re.compile(rf"\W*(?:an?|our|the)\b[^.;]{{,40}}?\b(?:{_WORDS['demo']})", re.IGNORECASE)
_CLAUSE_BEGINS = re.compile(r"(?:^|;|\w{3}[.!?])\W*$")
_CLAUSE_GOES_ON = re.compile(r"\W*[a-z]")
_FILM = re.compile(r"\.(?:mp4|mov|avi|webm)$", re.IGNORECASE)


def find_links(*, abstract: str | None, comments: str | None, title: str = "") -> tuple[Link, ...]:
    """Return the links of a paper in the order of their first mention, each once.

    An address gives the same link whether arXiv made an anchor of it or left it as text.

    Args:
        abstract: one line of canonical HTML, or None if the source has none.
        comments: the same.
        title: plain text; what it names helps to tell where an address ends and whose it is.
    """
    lines = {"abstract": abstract or "", "comments": comments or ""}
    texts = [(place, text) for place, line in lines.items() if line and (text := with_addresses(line))]
    if not texts:
        return ()
    found: dict[str, Link] = {}
    words = Words(title, lines.values())
    for place, text in texts:
        for address, before, after in mentions(mended(text), words):
            url = canonical_url(address)
            if url is not None and same_address(url) not in found:
                found[same_address(url)] = Link(url, _kind_of(url, before, after, words), place)
    return tuple(found.values())


def _kind_of(url: str, before: str, after: str, words: Words) -> str:
    """Return code, project, model, data, demo, video, paper or other.

    Args:
        url: in canonical form.
        before: the words of its sentence in front of it; the nearest count first.
        after: the words behind it, which count if those in front say nothing.
        words: those of the paper, for the name of what it presents.
    """
    place = url.removeprefix("https://")
    alias, _, rest = place.partition("/")
    if alias in _ALIASES:
        place = f"{_ALIASES[alias]}/{rest}"
    return _by_host(place) or _by_words(place, (before[-_NEAR:], before, after), words)


def _by_host(place: str) -> str | None:
    host, _, path = place.partition("/")
    first, _, rest = path.partition("/")
    if f"{host}/{first}" in _KIND_OF_PLACE:
        return _KIND_OF_PLACE[f"{host}/{first}"]
    if host == "github.com" and (not rest or first == "orgs"):
        return None
    if CODE_HOSTS.fullmatch(host):
        return "code"
    if host in ("huggingface.co", "modelscope.cn") and rest:
        return "model"
    if _FILM.search(path):
        return "video"
    return next((kind for kind, hosts in _KIND_OF_HOST if hosts.fullmatch(host)), None)


def _by_words(place: str, tiers: tuple[str, str, str], words: Words) -> str:
    told, default = next((told, default) for start, told, default in _TOLD if start.match(place))
    if told[:1] == ("code",):  # where code is what a host is for, its word counts wherever the sentence has it
        tiers = ("", *tiers[1:])
    host, _, path = place.partition("/")
    own_name = small_letters(path.rpartition("/")[2] or host.partition(".")[0])
    # A site's front page is no paper, and perhaps a company's; a page deep in a site is no system.
    never = ("access",) if path else ("published", "details")
    for tier in tiers:
        for name in told:
            if name == "own-name":
                if len(own_name) >= LEAST_OF_A_NAME and words.use_as_name(own_name):
                    return "demo" if _APPOSITION.match(tiers[2]) else "project"
            elif name not in never and _SAID[name].search(tier):
                return _MEANING.get(name, name)
    # A clause of its own, as in "8 pages; https://own.org".
    is_alone = _CLAUSE_BEGINS.search(tiers[1]) and not _CLAUSE_GOES_ON.match(tiers[2])
    return "project" if "home" in told and is_alone else default
