"""What is known about hosts: their top-level domains, which keep code, how long their addresses are at least."""

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

_REPOSITORIES = (
    r"(?:gist\.)?github\.com|bitbucket\.org|codeberg\.org|gitee\.com|gitcode\.com|sourceforge\.net"
    r"|anonymous\.4open\.science|(?:[\w-]+\.)*gitlab(?:\.[\w-]+)+|git\.[\w.-]+"
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
        (r"anonymous\.4open\.science|sourceforge\.net|zenodo\.org|doi\.org|arxiv\.org", 2),
        (r"(?:drive|docs|sites|colab\.research)\.google\.com|kaggle\.com|bilibili\.com", 2),
        (r"osf\.io|youtu\.be|youtube\.com|vimeo\.com|openreview\.net|bit\.ly|aka\.ms", 1),
    )
)
"""How many segments of a path it takes, by host and start of the path, to reach what a paper would point to."""


def needed_segments(host_and_path: str) -> int:
    """Return how many segments of a path it takes on this host, as far as it is known."""
    return next((count for start, count in _LEAST_SEGMENTS if start.match(host_and_path)), 0)


def is_incomplete(address: str) -> bool:
    """Whether ``address`` is on a known host and too short to point to anything of a paper's."""
    bare = address.lower().removeprefix("https://").removeprefix("www.")
    segments = [part for part in bare.split("/")[1:] if part]
    return len(segments) < needed_segments(bare)
