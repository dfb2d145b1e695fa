"""Views: which papers one shows and why. Their files and their command are in test_view_files.py."""

import gzip
import html
import json
import re
import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config.settings import View
from digest.model import Day, Hit, Link, Section
from digest.views import description, descriptions, hits, newest
from digest.views.foreign_queries import query_in
from tests.days import AWKWARD, day_of, paper

CODE = Link("https://github.com/example/robots", "code", "abstract")
DATA = Link("https://example.org/robots.zip", "data", "abstract")


def view(**fields: Any) -> View:
    """Return a view of new papers and cross-lists of cs.CV; ``fields`` go over what it is by default."""
    return View(**{"name": "mine", "categories": ("cs.CV",), "sections": ("new", "cross")} | fields)


def reasons(looked_for: View, **fields: Any) -> tuple[str, ...]:
    """Return why a view shows a paper with these fields, announced as new; none if it does not."""
    found = hits(looked_for, [day_of([(Section.NEW, paper(**fields))])])
    return found[0].reasons if found else ()


def has(keyword: str, text: str) -> bool:
    """Whether a view of one keyword shows a paper with this title; one that excludes is asked the other way."""
    return bool(reasons(view(keywords=(keyword,)), title=text, abstract="", comments=None))


def is_by(asked: str, author: str) -> bool:
    """Whether a view of one author shows a paper by another."""
    return bool(reasons(view(authors=(asked,)), authors=("Ada Example", author)))


def shown(found: tuple[Hit, ...]) -> list[tuple[str, str, str]]:
    """Return category, section and id of each hit."""
    return [(hit.announcement.category, hit.announcement.section.value, str(_id(hit))) for hit in found]


def _id(hit: Hit) -> object:
    return hit.announcement.paper.arxiv_id


# --- keywords --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("diffusion", "Diffusion Models Revisited"),
        ("DIFFUSION", "On diffusion"),
        ("diffusion", "A (diffusion)-based method, at last"),
        ("gaussian splatting", "3D Gaussian Splatting"),
        ("gaussian splatting", "Gaussian-Splatting for All"),
        ("gaussian-splatting", "Gaussian splatting"),
        ("Gaussian  splatting", "gaussian\nsplatting"),
        ("point cloud", "Point-Clouds at Night"),
        ("GAN", "GANs are back"),
        ("segment*", "Segmentation without labels"),
        ("segment*", "To segment"),
        ("gauss* splat*", "Gaussian-Splatting"),
        ("self-super*", "A self-supervised method"),
        ("3d", "A 3D world"),
        ('"radiance field"', "Radiance Fields"),
        ("“radiance field”", "Radiance fields"),
        ("C++", "From Python to C++"),
        ("NeRF", "NeRF++"),
        # accents and letters
        ("Poincaré", "Poincare embeddings"),
        ("poincare", "Poincaré embeddings"),
        ("poincare", "POINCARE\u0301 embeddings"),
        ("strasse", "Die Straße"),
        ("Łódź", "A survey of Lodz"),
        ("Åre", "are"),
        ("fine", "ﬁne-grained"),
        ("2D", "２Ｄ views"),  # noqa: RUF001 - wide letters are the point
        ("β-VAE", r"$\beta$-VAE"),
        (r"$\beta$-VAE", "β-VAE"),
        ("beta-VAE", "β-VAE"),
        ("lambda", "λ-calculus"),
        ("сеть", "СЕТЬ"),  # noqa: RUF001 - Cyrillic is the point
        # TeX
        ("diffusion", r"\emph{Diffusion} models"),
        ("gaussian splatting", r"{\bf Gaussian} splatting"),
        ("gaussian splatting", r"\textbf{G}aussian {S}platting"),
        ("gaussian splatting", r"Gaussian $\textit{Splatting}$"),
        ("diffusion", r"$\mathcal{L}_{diffusion}$"),
        ("diffusion", r"10$\times$diffusion"),
        ("CO2", "CO$_2$ and CO$_{2}$"),
        ("naive", r"A na\"{\i}ve method"),
        ("Godel", r"G\"odel's theorem"),
        ("k-means", "$k$-means"),
        # a hyphen of either is nothing, and a keyword's is a blank
        ("U-Net", "A UNet"),
        ("U-Net", "A U Net"),
        ("2-3", "2 3, 2-3, 2\u20133"),
        ("U-Net", "Two U-Nets"),
        ("U-Net", "U\u2011Net, U\u2013Net"),
        ("UNet", "A U-Net"),
        ("UNets", "Two U-Nets"),
        ("RGB-D", "RGBD-based"),
        ("RGBD", "RGB-D, RGB-T"),
        ("few-shot learner", "Fewshot learners"),
        ("fewshot", "A few-shot task"),
        ("point-cloud", "A pointcloud"),
        ("text-to-image", "Text-to image"),
        ("diffusion", "dif\u00adfusion"),
        # letters and digits part
        ("3-D", "In 3D"),
        ("3D", "In 3-D"),
        ("3 D", "In 3D"),
        ("SAM2", "SAM 2 and SAM-2"),
        ("SAM 2", "SAM2.1"),
        ("SAM-2", "SAM2"),
        ("SAM", "SAM-2"),
        ("SAM*", "SAM2"),
        ("GPT-4o", "GPT4o"),
        ("GPT4o", "GPT-4o"),
        ("YOLOv8", "YOLO v8"),
        ("YOLO-v8", "YOLOv8"),
        ("YOLO v8", "YOLOv8"),
        ("YOLOv8", "YOLOv-8"),
        ("Qwen2.5-VL", "Qwen 2.5 VL"),
        ("ResNet 50", "ResNet-50"),
        ("recall 1", "Recall@1"),
        # accents, composed or not
        ("Poincare\u0301*", "Poincaré's"),
        # plurals
        ("class", "Classes"),
        ("bus", "Buses"),
        ("bounding box", "Bounding boxes"),
        ("mesh", "Meshes"),
        ("ontology", "Ontologies"),
        ("survey", "Surveys"),
        ("hypothesis", "Hypotheses"),
        ("matrix", "Matrices"),
        ("vertex", "Vertices"),
        ("index", "Indexes"),
        ("hero", "Heroes"),
        ("quiz", "Quizzes"),
        ("GAN", "GANS"),
        # no blanks between words
        ("点云", "使用点云数据的方法"),
        ("点云分割", "点云分割"),
        ("diffusion", "使用diffusion模型"),
        ("3D点云", "关于3D点云的研究"),
        ("ガウス", "ガウススプラッティング"),
        ("분할", "영상 분할을 위한"),
    ],
)
def test_a_keyword_is_found(keyword: str, text: str) -> None:
    """Cases, accents, hyphens, plain plurals and TeX hide no word; a star is the rest of one."""
    assert has(keyword, text)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("diffusion", "Diffusional methods"),
        ("fusion", "Diffusion"),
        ("gaussian splatting", "Splatting of Gaussian kind"),
        ("gaussian splatting", "Gaussian 3D splatting"),
        ("point clouds", "A point cloud"),
        ("point cloud", "A point cloudy day"),
        ("segment*", "Resegmentation"),
        ("AI", "Ais, a name"),
        ("C++", "The letter C"),
        ("2D", "12D"),
        ("nerf", "nerfstudio"),
        ("が", "か"),
        ("가", "각"),
        ("点云", "点 云"),
        ("SAM", "SAM2"),
        ("SAM2", "SAM"),
        ("SAM2", "SAM2Long"),
        ("SAM2", "SAM 21"),
        ("U-Net", "nnU-Net"),
        ("U Net", "UNet"),
        ("3D", "13D"),
        ("4-6", "46"),
        ("46", "4-6"),
        ("2-3", "2.3 and 2,3"),
        ("2 3", "2.3 and 2,3 and 2:3"),
        ("10-20", "10.20"),
        ("2.3", "2-3 and 2 3"),
        ("3.5", "3,5"),
        ("V-Net", "By V. Net"),
        ("zero-shot", "zero, shot"),
        ("large-model", "large; model"),
        ("R1", "R@1"),
        ("T5", "T = 5"),
        ("POS", "Poses"),
        ("CAS", "Cases"),
        ("boxes", "A box"),
        ("survey", "Surveies"),
        ("DIS", "des"),
        ("AD", "Steps A-D"),
    ],
)
def test_another_word_is_no_keyword(keyword: str, text: str) -> None:
    """Words are whole, phrases in sequence, and there is no stemming but the plain plural of a singular."""
    assert not has(keyword, text)


@pytest.mark.parametrize(
    "text",
    [
        "at each point. Cloud data",
        "at each point! Cloud data",
        "at each (point). Cloud data",
        "at each \\emph{point}. \\emph{Cloud} data",
        "at each point.Cloud data",
        "at each point. cloud data",
        'the "point." Cloud data',
        "at each point. \n Cloud data",
        "at each point, cloud data",
        "at each \\emph{point}, cloud data",
        "at each point: cloud data",
        "at each point; cloud data",
        "at each point? Cloud data",
        "at each point,cloud data",
        "at each (point), cloud data",
        "at each point\uff0c cloud data",
        "at each point, e.g., cloud data",
    ],
)
def test_a_phrase_ends_with_its_sentence(text: str) -> None:
    """Its words stand in one sentence, no comma between them, in whichever text; each is found alone."""
    for place in ("title", "abstract", "comments"):
        fields = {"title": "", "abstract": "", "comments": ""} | {place: text}
        assert reasons(view(keywords=("point cloud",)), **fields) == ()
        assert reasons(view(keywords=(("point", "cloud"),)), **fields)
        assert reasons(view(keywords=("point cloud",)), **fields | {place: f"{text} A point cloud"})


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("real vs synthetic", "Real vs. synthetic data"),
        ("images e.g. road", "images e.g. road scenes"),
        ("real, fast", "Real, fast models"),
        ("fig 3", "In Fig. 3"),
        ("size 3.5", "A size 3.5"),
        ("1,000 images", "1,000 images"),
        ("million images", "2,5 million images"),
        ("5 m", r"5\,m"),
        ("u s roads", "On U.S. Roads"),
        ("example et al method", "Example et al. Method"),
        ("3.5 model", "A 3.5 model"),
        ("st petersburg", "In St. Petersburg"),
        ("torch.Tensor", "A torch.Tensor"),
        ("C. elegans", "Of C. elegans"),
        ("Yahoo! answers", "Yahoo! Answers"),
        ("github com example", "github.com/example"),
    ],
)
def test_a_full_stop_may_be_none(keyword: str, text: str) -> None:
    """After an abbreviation, inside a number or a name, and where the keyword has it, too, the phrase goes on."""
    assert has(keyword, text)


def test_all_of_several_words_can_be_asked_for() -> None:
    """A list in the list: each of it wherever it is; the reason says where; a hyphen asks for what is missing."""
    looked_for = view(keywords=(("diffusion*", "video generation"), "sound"))
    both = 'keywords "diffusion*" and "video generation" in the title'
    assert reasons(looked_for, title="Video generation by diffusion") == (both,)
    assert reasons(looked_for, title="Video generation", abstract="By diffusion.", comments="Sound") == (
        'keywords "diffusion*" in the abstract and "video generation" in the title',
        'keyword "sound" in the comments',
    )
    assert reasons(looked_for, title="Diffusion", abstract="") == ()
    without = view(keywords=(("diffusion", "-video"), "sound"))
    assert reasons(without, title="Diffusion", abstract="") == ('keyword "diffusion" in the title',)
    assert reasons(without, title="Diffusion", abstract="Of video") == ()
    assert reasons(without, title="Sound", abstract="Video") == ('keyword "sound" in the title',)
    kept_out = view(keywords=(("diffusion", "video"), "-medical"))
    assert reasons(kept_out, title="Medical video diffusion") == ()


@pytest.mark.parametrize(
    ("keyword", "way_out"),
    [
        ("subject AND dawn", 'write ["subject", "dawn"] in its place; "and" in small letters'),
        ("subject && dawn", 'write ["subject", "dawn"] in its place'),
        ("+subject +dawn", 'write ["subject", "dawn"] in its place'),
        ("gaussian OR nerf", 'write "gaussian", "nerf" in its place; "or" in small letters'),
        ("gaussian | nerf", 'write "gaussian", "nerf" in its place'),
        ("gaussian|nerf", 'write "gaussian", "nerf" in its place'),
        ("a AND b OR c", 'write ["a", "b"], "c" in its place'),
        ("(a OR b) AND c", 'such as ["a", "c"], ["b", "c"]'),
        ("NOT medical", 'write "-medical" in its place'),
        ("subject NOT medical", 'write ["subject", "-medical"] in its place'),
        ("subject ANDNOT medical", 'write ["subject", "-medical"] in its place'),
        ("subject -medical", 'write ["subject", "-medical"] in its place'),
        ("ti:subject", 'write "subject" in its place'),
        ("abs: subject", 'write "subject" in its place'),
        ('all:"gaussian splatting"', 'write "gaussian splatting" in its place'),
        ("-ti:medical", 'write "-medical" in its place'),
        ("cat:cs.CV", 'set categories = ["cs.CV"]'),
        ("au:Example_A", 'set authors = ["Example A"]'),
        ("ti:subject AND cat:cs.CV", 'write "subject" in its place; set categories = ["cs.CV"]'),
        ("jr:Nature", "cannot be asked for"),
        ("submittedDate:[2024 TO 2025]", "cannot be asked for"),
        ("AND", '"and" in small letters'),
        ("- NOT medical", 'write "-medical" in its place'),
        ("subject AND - OR dawn", 'write "subject", "dawn" in its place'),
        ("+subject", 'write "subject" in its place'),
        ("!medical", 'write "-medical" in its place'),
        ("subject !medical", 'write ["subject", "-medical"] in its place'),
        ("-!medical", 'write "-medical" in its place'),
        ("!!medical", 'write "-medical" in its place'),
        ("~medical", 'write "medical" in its place'),
        ("subject + dawn", 'write ["subject", "dawn"] in its place'),
        ('+"gaussian splatting" + dawn', 'write ["gaussian splatting", "dawn"] in its place'),
    ],
)
def test_the_query_of_another_tool_is_told_from_words(keyword: str, way_out: str) -> None:
    """Of a keyword that is one, it is said what to write in its place, and by which key."""
    for keywords in (("fine", keyword), (("fine", keyword), "good")):
        found = query_in(view(keywords=keywords))
        assert found is not None
        assert f"keywords: expected words without the syntax of other tools, found {keyword!r}" in found[0]
        assert way_out in found[1]
        offered = re.match(r"write (.*) in its place", found[1])
        entries = json.loads(f"[{offered[1]}]") if offered else []
        asked = tuple(one if isinstance(one, str) else tuple(one) for one in entries)
        assert query_in(view(keywords=asked)) is None


def test_a_query_may_stand_among_authors() -> None:
    """Several of them are several names; the one at fault is named."""
    found = query_in(view(authors=("K. He", "Ada Example OR Bo Sample")))
    assert found is not None
    assert "authors: " in found[0]
    assert 'write "Ada Example", "Bo Sample" in its place' in found[1]
    assert query_in(view(authors=("au:Example",))) is not None
    assert query_in(view(authors=("OR SAMPLE", "Kai And", "Jean-Luc Not"))) is None


@pytest.mark.parametrize(
    "keyword",
    [
        *("search and rescue", "this or that", "not", "CAT: a model", "C++", "p(y|x)", "https://example.org", "R&D"),
        *("text-to-image", "-medical", "- medical", "self - supervised", "SAND", "Android", "top +1", "G+D"),
        *("A+", "A!", "A+ students", "Yahoo! answers", "C++ code", "~5 images", "Jeopardy!"),
    ],
)
def test_words_that_look_like_a_query_are_words(keyword: str) -> None:
    """In small letters, inside of words, and where a sign can mean something else."""
    assert query_in(view(keywords=(keyword,))) is None


@pytest.mark.parametrize(
    ("author", "way_out"),
    [
        ("NOT He", "an author cannot be kept out, only keywords can"),
        ("-He", "an author cannot be kept out, only keywords can"),
        ("!He", "an author cannot be kept out, only keywords can"),
        ("Ada Example NOT He", 'write "Ada Example" in its place; an author cannot be kept out'),
        ("+He", 'write "He" in its place'),
        (
            "Ada Example, Bo Sample",
            'write "Ada Example", "Bo Sample" in its place; of one author, "Ada-Example, Bo Sample"',
        ),
        ("A. Example, Bo Sample, C. Third", 'write "A. Example", "Bo Sample", "C. Third" in its place'),
        ("Example, Sample, Third", 'write "Example", "Sample", "Third" in its place'),
        ("Example; Sample", 'write "Example", "Sample" in its place'),
        ("Example, Ada; Sample, Bo", 'write "Example, Ada", "Sample, Bo" in its place'),
        ("Ada Example and Bo Sample", 'write "Ada Example", "Bo Sample" in its place'),
        ("Ada Example & Bo Sample", 'write "Ada Example", "Bo Sample" in its place'),
        ("He*", 'write "He" in its place'),
        ("Example and others", 'write "Example" in its place'),
        ("Example et al.", 'write "Example" in its place'),
        ("K.", "write a surname"),
        ("J. K.", "write a surname"),
        ("Jr.", "write a surname"),
        ("...", "write a surname"),
        ("*", "write a surname"),
        ("ada@example.org", "write a surname"),
        ("0000-0002-1825-0097", "write a surname"),
    ],
)
def test_what_finds_no_author_is_refused(author: str, way_out: str) -> None:
    """Several names in one, part of a name, or none: it is said what to write."""
    found = query_in(view(authors=("Ada Example", author)))
    assert found is not None
    assert "authors: expected" in found[0]
    assert f"found {author!r}" in found[0]
    assert way_out in found[1]


@pytest.mark.parametrize(
    "author",
    [
        *(
            "He, Kaiming",
            "Smith, Jr., John",
            "Smith, John, III",
            "John Smith, Jr.",
            "Garc\u00eda M\u00e1rquez, Gabriel",
        ),
        *(
            "Garc\u00eda M\u00e1rquez, G. J.",
            "van der Plaat, Zo\u00eb Ann",
            "Van Plaat, Luc Jan",
            "Plaat, Zo\u00eb Ann van der",
        ),
        *(
            "Garc\u00eda-M\u00e1rquez, Gabriel Jos\u00e9",
            "E",
            "He K.",
            "Kaiming He (MIT, Example Lab)",
            "\u4f55\u607a\u660e",
            "\u4f55",
        ),
        *("Example and Sample Collaboration", "ATLAS", 'Linus "Jim" Sample', "Conan O'Brien", "Jean-Luc And"),
    ],
)
def test_each_way_to_write_one_name_is_taken(author: str) -> None:
    """Turned round, with suffixes, particles and initials, of a group."""
    assert query_in(view(authors=(author,))) is None


@pytest.mark.parametrize(
    "keyword", ["-medical", '-"medical imaging"', "-medical imaging", "- medical", "\u2013medical"]
)
def test_an_excluded_word_keeps_a_paper_out(keyword: str) -> None:
    """Whatever else picks it: a keyword or an author; other papers stay."""
    looked_for = view(keywords=("diffusion", keyword), authors=("Ada Example",))
    assert reasons(looked_for, title="Diffusion for medical imaging") == ()
    assert reasons(looked_for, title="Diffusion", comments="On medical imaging") == ()
    assert reasons(looked_for, title="Sound", abstract="Medical imaging.", authors=("Ada Example",)) == ()
    assert reasons(looked_for, title="Diffusion") == ('keyword "diffusion" in the title',)


def test_a_view_that_only_excludes_shows_all_the_rest() -> None:
    """Keywords that keep papers out pick none."""
    looked_for = view(keywords=("-medical",))
    assert reasons(looked_for, title="Sound") == ("all of cs.CV",)
    assert reasons(looked_for, title="Medical sound") == ()


def test_title_abstract_and_comments_are_searched() -> None:
    """In this order: the reason names the first; each keyword has a reason of its own, in its own words."""
    looked_for = view(keywords=('"Gaussian splatting"', "NeRF*"))
    one, other = 'keyword "Gaussian splatting" in the', 'keyword "NeRF*" in the'
    text = "gaussian splatting"
    assert reasons(looked_for, title=text, abstract=text, comments=text) == (f"{one} title",)
    assert reasons(looked_for, abstract=text, comments=text) == (f"{one} abstract",)
    assert reasons(looked_for, abstract=None, comments=text) == (f"{one} comments",)
    assert reasons(looked_for, title="NeRFs", abstract=text) == (f"{one} abstract", f"{other} title")
    assert reasons(looked_for, journal_ref=text) == ()
    assert reasons(looked_for, title="Gaussian", abstract="splatting") == ()


def test_markup_is_no_text() -> None:
    """What stands in a tag or an entity is not searched; the address that a reader sees is."""
    anchor = '<a class="link-external link-https" href="https://github.com/ada/robots">this https URL</a>'
    line = f"Fast &amp; small <br>Code: {anchor}"
    assert reasons(view(keywords=("robots",)), abstract=line)
    assert reasons(view(keywords=("small code",)), abstract=line)
    for word in ("external", "class", "href", "br", "amp", "URL"):
        assert reasons(view(keywords=(word,)), title="", abstract=line) == ()


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Nd"]), min_size=1, max_size=8).filter(
    lambda word: any(one.isalnum() for one in unicodedata.normalize("NFKD", word))
)
BETWEEN = st.text(" \t\n-_,.:;/()'\"&%", min_size=1, max_size=3)


@given(st.lists(st.tuples(WORDS, BETWEEN), min_size=1, max_size=6), st.data())
def test_each_word_of_a_title_finds_it(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Whatever letters it is written in, and whatever stands between the words; so do neighbours as a phrase."""
    title = "".join(word + between for word, between in parts)
    place = data.draw(st.integers(0, len(parts) - 1))
    word, phrase = parts[place][0], " ".join(word for word, _ in parts[place : place + 3])
    assert has(word, title)
    assert has(phrase, title) or any({*between} & {*".,:;"} for _, between in parts[place : place + 2])
    assert has(word.upper(), title) or word.upper().casefold() != word.casefold()
    assert not has(f"-{word}", title)


ODD = st.text(f"{AWKWARD}\\{{}}$_^~-*,.aBé点", max_size=20)


@given(ODD, ODD)
def test_no_text_is_too_odd(text: str, asked: str) -> None:
    """Whatever papers and users write, matching them does not fail."""
    reasons(view(keywords=(asked,), authors=(asked,)), title=text, abstract=text, comments=text, authors=(text,))


@given(st.lists(WORDS, min_size=1, max_size=4).map(" ".join))
def test_the_form_of_a_letter_does_not_matter(text: str) -> None:
    """Composed and decomposed characters are the same to a reader."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert has(composed, decomposed)
    assert has(decomposed, composed)


@pytest.mark.parametrize(
    "text",
    [
        *("\\" * 50_000, "\\a{" * 30_000, "{ " * 50_000, "$_{" * 30_000, "a.-" * 40_000, "'" * 90_000),
        *(". " * 50_000, "." * 90_000, "a. " * 30_000, "- " * 50_000, "=-" * 50_000, "a-" * 50_000, ".'" * 50_000),
        *("a " * 50_000, '"a ' * 30_000, "(a " * 30_000, "vs. A" * 20_000, "3d" * 50_000),
    ],
)
def test_hostile_text_costs_no_time(text: str) -> None:
    """A hundred thousand odd signs take well under a second."""
    began = time.perf_counter()
    reasons(view(keywords=("a b", "segment*", "-x"), authors=("K. He",)), title=text, abstract=text, authors=(text,))
    assert time.perf_counter() - began < 5


# --- authors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "author"),
    [
        ("Kaiming He", "Kaiming He"),
        ("Kaiming He", "K. He"),
        ("Kaiming He", "K He"),
        ("Kaiming He", "KAIMING HE"),
        ("KAIMING HE", "Kaiming He"),
        ("K. He", "Kaiming He"),
        ("K He", "Kai He"),
        ("He, Kaiming", "Kaiming He"),
        ("He, K.", "Kaiming He"),
        ("Kaiming He", "He, Kaiming"),
        ("Kaiming He", "He K."),
        ("He", "Kaiming He"),
        # middle names
        ("Kaiming He", "Kaiming X. He"),
        ("Kaiming X. He", "Kaiming He"),
        ("Kaiming Xavier He", "K. X. He"),
        ("K.X. He", "Kaiming Xavier He"),
        ("John B. Smith", "John A. B. Smith"),
        ("Kaiming Y. He", "Kaiming He"),
        # hyphens
        ("Xiaoming Li", "Xiao-Ming Li"),
        ("Xiao-Ming Li", "Xiaoming Li"),
        ("Xiao-Ming Li", "X.-M. Li"),
        ("Xiao Ming Li", "Xiaoming Li"),
        ("Xiaoming Li", "X.-M. Li"),
        ("Xiao-Ming Li", "X. Li"),
        ("Jean-Pierre Example", "J. P. Example"),
        ("Jean\u2010Pierre Example", "Jean-Pierre Example"),
        # surnames of several words
        ("van der Maaten", "Laurens van der Maaten"),
        ("L. van der Maaten", "Laurens Van Der Maaten"),
        ("van der Maaten, Laurens", "L. J. P. van der Maaten"),
        ("Maaten, Laurens van der", "Laurens van der Maaten"),
        ("García-Márquez", "Gabriel Garcia Marquez"),
        ("Garcia Marquez", "Gabriel García-Márquez"),
        ("Gabriel García Márquez", "G. García-Márquez"),
        ("Ian MacDonald", "Ian Mac Donald"),
        ("C. de la Cruz", "Carlos De La Cruz"),
        ("Van Nguyen", "Van Nguyen"),
        ("V. Nguyen", "Van Nguyen"),
        # East Asian names
        ("Huang", "Jia-Bin Huang"),
        ("J. Huang", "Jia-Bin Huang"),
        ("J.-B. Huang", "Jia-Bin Huang"),
        ("Huang, Jia-Bin", "Jia-Bin Huang"),
        ("Jiabin Huang", "J.-B. Huang"),
        ("Nguyen", "Hien Van Nguyen"),
        ("H. V. Nguyen", "Hien Van Nguyen"),
        ("Nguyen, Hien", "Hien Van Nguyen"),
        ("Hien Van Nguyen", "Nguyen, Hien Van"),
        ("Lee, K. B.", "Kwang Bin Lee"),
        ("Tran", "Le Van Tran"),
        ("Tran", "Tran Van Minh"),
        ("Minh Van Tran", "Tran Van Minh"),
        ("Tran Van Minh", "Tran Van Minh"),
        ("M. V. Tran", "Minh Van Tran"),
        ("Nguyen", "Nguy\u1ec5n Th\u1ecb Lan Anh"),
        ("Tran, Minh", "Tran Van Minh"),
        ("Tran, Van Minh", "Tran Van Minh"),
        ("ter Haar Example", "Bart M. ter Haar Example"),
        ("van der Plaat Example", "Zo\u00eb van der Plaat Example"),
        ("Ben Sample", "Ismail Ben Sample"),
        ("I. Ben Sample", "Ismail Ben Sample"),
        ("Ben Sample", "Ben Sample"),
        ("Fei-Fei Li", "Li Fei-Fei"),
        ("Li Fei-Fei", "Feifei Li"),
        ("L. Fei-Fei", "Li Fei-Fei"),
        ("Min-Jun Kim", "Kim Min-Jun"),
        # nicknames
        ("Jim Sample", 'Linus "Jim" Sample'),
        ("Linus Sample", "Linus (Jim) Sample"),
        # letters
        ("García", "Ana Garci\u0301a"),
        ("Ana Mu\u0308ller", "A. Mueller"),
        ("Müller", "Hans Mueller"),
        ("Mueller", "Hans Müller"),
        ("Muller", "H. Müller"),
        ("Søren Ødegård", "Soren Odegard"),
        ("Søren Ødegård", "Soeren Oedegaard"),
        ("Łukasz Strauß", "Lukasz Strauss"),
        ("Conan O'Brien", "C. O\u2019Brien"),
        ("OBrien", "Conan O'Brien"),
        ("Юрий Иванов", "Ю. Иванов"),
        ("Yuri Ivanov", "Yu. Ivanov"),
        # suffixes, asides, groups
        ("John Smith", "John Smith Jr."),
        ("John Smith, Jr.", "J. Smith, Jr"),
        ("Smith, John, III", "John Smith III"),
        ("John Smith III", "John Smith 3rd"),
        ("John Smith", "John Smith Jnr."),
        ("John Smith", "John Smith, Ph.D."),
        ("John Smith, PhD", "J. Smith"),
        ("Kaiming He", "Kaiming He (MIT)"),
        ("ATLAS Collaboration", "The ATLAS collaboration"),
        ("ATLAS", "on behalf of the ATLAS Collaboration"),
        ("Plato", "Plato"),
        # no blanks
        ("何恺明", "何恺明"),
        ("何 恺明", "何恺明"),
        ("김철수", "김철수"),
    ],
)
def test_a_name_is_recognised(asked: str, author: str) -> None:
    """The same surname, and given names that do not contradict: initials, missing ones, other spellings."""
    assert is_by(asked, author)


@pytest.mark.parametrize(
    ("asked", "author"),
    [
        ("Kaiming He", "Kai He"),
        ("Kai He", "Kaiming He"),
        ("Kaiming He", "Kaiming Heng"),
        ("Kaiming He", "J. He"),
        ("Kaiming He", "He"),
        ("Kaiming He", "He Kaiming"),
        ("K. He", "He"),
        ("Kaiming Y. He", "Kaiming X. He"),
        ("X. Li", "Yiming Li"),
        ("Xiaoming Li", "Xiaofeng Li"),
        ("Xiao Li", "Xiao-Ming Li"),
        ("Jean Example", "Jean-Pierre Example"),
        ("Jean-Pierre Example", "Jean Example"),
        ("Xiao-Ming Li", "X. Q. Li"),
        ("X. Q. Li", "Xiao-Ming Li"),
        ("Xiao Li", "X.-M. Li"),
        ("Xiaofeng Li", "X.-M. Li"),
        ("Jean-Pierre Martin", "J. Ryan Martin"),
        ("Jia-Bin Huang", "J. X. Huang"),
        ("Wei Wang", "Li Wei Wang"),
        ("Wei Wang", "Wang Wei"),
        ("Van Nguyen", "Hien Van Nguyen"),
        ("Duc Nguyen", "Tran Duc Nguyen"),
        ("Van Thanh Nguyen", "Le Van Thanh Nguyen"),
        ("Tran", "Tran Minh Example"),
        ("Li Ma", "Gabriel Lima"),
        ("Xin Yuan", "Xinyu An"),
        ("Maaten", "Laurens van der Maaten"),
        ("Plaat", "Jan Van Plaat"),
        ("Jan Berg", "Jan van den Berg"),
        ("Jan van den Berg", "Jan Berg"),
        ("Mary Jones", "Mary Smith-Jones"),
        ("Mary Smith", "Mary Smith-Jones"),
        ("Mueller", "Hans Muller"),
        ("John Smith Jr.", "John Smith III"),
        ("Gemini Team", "Gemini Robotics Team"),
        ("何恺明", "何恺"),
        ("何", "何恺明"),
        ("Kaiming He", "..."),
    ],
)
def test_another_name_is_told_apart(asked: str, author: str) -> None:
    """Two names that differ in what both have are two names."""
    assert not is_by(asked, author)


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from([" ", "-", ". ", " - "]))
def test_everybody_is_found_by_the_very_same_name(words: list[str], between: str) -> None:
    """Whatever letters it is written in."""
    assert is_by(between.join(words), between.join(words))


def test_each_author_asked_for_is_a_reason() -> None:
    """By the name that the paper has, once each, after the keywords."""
    looked_for = view(keywords=("sound",), authors=("K. He", "Kaiming He", "Example"))
    found = reasons(looked_for, title="Sound", authors=("Ada Example", "Kaiming He", "Bo Sample"))
    assert found == ('keyword "sound" in the title', "author Ada Example", "author Kaiming He")


# --- conditions, reasons, order --------------------------------------------------------------------


def test_conditions_are_no_reasons() -> None:
    """A view without keywords and authors says what it shows all of."""
    assert reasons(view(), title="Sound") == ("all of cs.CV",)
    assert reasons(view(has_code=True), links=(DATA, CODE)) == ("all of cs.CV with code",)
    assert reasons(view(has_code=True), links=(DATA,)) == ()
    assert reasons(view(has_code=True, keywords=("sound",)), title="Sound", links=(CODE,)) == (
        'keyword "sound" in the title',
    )
    assert reasons(view(has_code=True, keywords=("sound",)), title="Sound") == ()


def test_categories_and_sections_are_conditions() -> None:
    """A day of another category shows nothing; sections stand in the view's own order, ids descend in each."""
    listed = [
        (Section.NEW, paper("2503.00001")),
        (Section.NEW, paper("2503.00002")),
        (Section.CROSS, paper("2503.00009")),
        (Section.REPLACEMENT, paper("2401.00001")),
    ]
    day = day_of(listed)
    found = hits(view(sections=("replacement", "new")), [day, replace(day, category="cs.RO")])
    expected = [("replacement", "2401.00001"), ("new", "2503.00002"), ("new", "2503.00001")]
    assert shown(found) == [("cs.CV", *one) for one in expected]
    assert hits(view(categories=("cs.LG",)), [day]) == ()


def lists(category: str, section: Section, **fields: Any) -> Day:
    """Return a category's day that lists one paper, the same for all."""
    return day_of([(section, paper("2503.00007", **fields))], category=category)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((("cs.CV", Section.CROSS), ("cs.LG", Section.NEW)), ("cs.LG", "new")),
        ((("cs.CV", Section.REPLACEMENT), ("cs.LG", Section.CROSS)), ("cs.LG", "cross")),
        ((("cs.LG", Section.CROSS), ("cs.CV", Section.CROSS)), ("cs.CV", "cross")),
        ((("cs.LG", Section.NEW), ("cs.CV", Section.NEW)), ("cs.CV", "new")),
    ],
)
def test_a_paper_of_several_categories_stands_once(
    days: tuple[tuple[str, Section], ...], expected: tuple[str, str]
) -> None:
    """As what it is most: new before cross-list before replacement, then by the order of the view's categories."""
    looked_for = view(categories=("cs.CV", "cs.LG"), sections=("new", "cross", "replacement"))
    found = hits(looked_for, [lists(*day) for day in days])
    assert shown(found) == [(*expected, "2503.00007")]
    assert found[0].reasons == (f"all of {expected[0]}",)


def test_an_announcement_that_does_not_hit_hides_none_that_does() -> None:
    """The feed carries no comments: where they pick a paper, the listing of the other category counts."""
    looked_for = view(categories=("cs.CV", "cs.LG"), keywords=("workshop",))
    days = [lists("cs.CV", Section.NEW), lists("cs.LG", Section.CROSS, comments="A workshop paper")]
    assert shown(hits(looked_for, days)) == [("cs.LG", "cross", "2503.00007")]


def test_the_newest_are_found_without_reading_on() -> None:
    """Each paper once, as it was announced last; days beyond what is needed are not asked for."""
    first = day_of([(Section.NEW, paper("2503.00001")), (Section.NEW, paper("2503.00002"))])
    second = day_of([(Section.CROSS, paper("2503.00001")), (Section.NEW, paper("2503.00003"))])
    dates = iter([[second], [first], []])
    found = newest((hits(view(), days) for days in dates), limit=3)
    assert [str(_id(hit)) for hit in found] == ["2503.00003", "2503.00001", "2503.00002"]
    assert list(dates) == [[]]


def test_what_a_view_shows_tells_views_apart() -> None:
    """Each thing that papers are chosen by, or shown under, makes another description; paths and feeds do not."""
    others: list[dict[str, Any]] = [
        {"name": "yours"},
        {"sections": ("new",)},
        {"keywords": ("sound", "video")},
        {"keywords": (("sound", "video"),)},
        {"authors": ("sound",)},
        {"has_code": True},
    ]
    assert len({description(view(**fields)) for fields in [{}, *others]}) == 1 + len(others)
    assert description(view(path="elsewhere", feeds=("atom",), template="classic")) == description(view())


def test_a_view_is_described_by_each_version_of_the_rules() -> None:
    """So that a file is known as that of the same view by older rules: those of versions past never change."""
    one = view(keywords=("sound", "-noise"), authors=("K. He",))
    assert descriptions(one)[0] == '[1, "mine", ["new", "cross"], ["sound", "-noise"], ["K. He"], false]'
    assert descriptions(one)[-1] == description(one)


FORMS = {
    "U-Net": r"U\W*Nets?",
    "few-shot": r"few\W*shot",
    "fewshot": r"few\W?shot",
    "RGBD": r"RGB-?D",
    "2-D": r"2\s*-?\s*D",
    "ResNet 50": r"ResNet\W*50",
    "YOLO v8": r"YOLO\W?v\W?8",
    "bounding box": r"bounding\W+box(es)?",
    "anomaly": r"anomal(y|ies)",
    "class": r"class(es)?",
    "hypothesis": r"hypothes[ei]s",
}
"""Keywords, each with how people write it: read by regular expressions alone, and looked through."""


def test_real_papers_are_found_by_each_form_of_a_keyword(shared: Path) -> None:
    """Of 2,290 real titles and abstracts, none is missed that an independent reading finds."""
    lines = gzip.decompress((shared / "data/real-days.jsonl.gz").read_bytes()).splitlines()
    texts = [[html.unescape(json.loads(line)[key]) for key in ("title_html", "abstract_html")] for line in lines]
    listed = [paper(f"2503.{n:05}", title=title, abstract=text) for n, (title, text) in enumerate(texts, 1)]
    shown_by = hits(view(keywords=tuple(FORMS)), [day_of([(Section.NEW, one) for one in listed])])
    plain = [re.sub("<[^>]*>", "", f"{title}\n{text}") for title, text in texts]
    for keyword, form in FORMS.items():
        written = re.compile(rf"(?<![A-Za-z0-9]){form}(?![A-Za-z0-9])", re.IGNORECASE)
        wanted = {f"2503.{n:05}" for n, text in enumerate(plain, 1) if written.search(text)}
        found = {str(_id(hit)) for hit in shown_by if any(f'"{keyword}"' in reason for reason in hit.reasons)}
        assert wanted, keyword
        assert wanted - found == set(), keyword
        assert len(found - wanted) <= 2, keyword


def test_real_papers_are_found_by_the_words_of_their_titles(shared: Path) -> None:
    """Of 2,290 real papers: by each plain word of its title, and by each author's name and initial."""
    found = 0
    for line in gzip.decompress((shared / "data/real-days.jsonl.gz").read_bytes()).splitlines():
        record = json.loads(line)
        title, name = html.unescape(record["title_html"]), record["authors"][0]
        word = next(iter(re.findall(r"(?<![\w\\${}^-])[A-Za-z]{4,}(?![\w\\${}^-])", title)), "")
        initial = f"{name[0]}. {name.split()[-1]}"
        asked = view(keywords=(word,) if word else (), authors=(name, initial))
        why = reasons(asked, title=title, abstract=None, authors=tuple(record["authors"]))
        assert f"author {name}" in why
        assert not word or f'keyword "{word}" in the title' in why
        found += bool(word)
    assert found > 2000
