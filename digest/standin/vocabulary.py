r"""The words that invented papers are put together from.

A word in square brackets, such as ``[task]``, is a slot; ``[Task]`` begins with a capital. The texts hold
on purpose whatever has ever broken a parser or a renderer: maths, ``95\%``, quotes, angle brackets,
ampersands, Markdown's own signs and addresses in every place where authors put them.
"""

from typing import NamedTuple

GIVEN_NAMES = (
    "Zoë", "Łukasz", "Søren", "Ngọc", "Mária", "İpek", "Tomás", "Anneliese", "Ravindra", "Mei-Xiu", "Jean-Noël",
    "Oluwaseun", "Hyun-Ae", "Þóra", "Dmitro", "Yūto", "Amahle", "Rashida", "Gwenaëlle", "Pádraig",
)  # fmt: skip

FAMILY_NAMES = (
    "O'Dunmore", "van der Plaat", "Ñíguez-Oro", "Bjørnvik", "Kowalczewska", "Tanabashi", "Müllenhoff",
    "de la Fontanière", "Okonjo-Bello", "Čapkovič", "Özgüneş", "Haddadian", "Lindqvist-Moe", "Prasadarao", "Xuanming",
    "Szabolcsi", "Nguyễn-Hoa", "Ferreirinha", "Abernethy", "Ito-Winkler",
)  # fmt: skip

MODEL_HEADS = (
    "Lumo", "Kelp", "Fjord", "Quill", "Moth", "Tern", "Brio", "Sable", "Opal", "Wren", "Nimbus", "Cairn", "Pico",
    "Heron", "Tundra", "Velvet",
)  # fmt: skip

MODEL_TAILS = ("Net", "Former", "Track", "Seg", "Mix", "Flow", "Scan", "GS", "-XL", "++", "3D", "CLIP")

TASKS = (
    "monocular depth estimation", "panoptic segmentation", "point cloud completion", "hand pose tracking",
    "video frame interpolation", "document layout analysis", "lane detection", "crowd counting", "tooth segmentation",
    "leaf disease recognition", "low-light enhancement", "visual place recognition", "novel view synthesis",
    "handwriting recognition", "dense image captioning", "small object tracking", "event-camera denoising",
    "change detection", "gaze estimation", "sketch-based retrieval", "glass surface detection", "cell lineage tracing",
    "texture transfer", "open-set recognition",
)  # fmt: skip

TECHNIQUES = (
    "sparse attention", "cycle-consistent distillation", "learned warping fields", "diffusion priors",
    "hyperbolic prototypes", "token recycling", "anisotropic Gaussians", "state-space scanning", "contrastive memory",
    "test-time tuning", "frequency-aware mixing", "masked reconstruction", "soft graph matching", "neural codebooks",
    "rolling feature buffers", "language-guided queries",
)  # fmt: skip

BURDENS = (
    "paired labels", "camera calibration", "a teacher network", "synchronised sensors", "dense annotation",
    "access to source data", "a second forward pass", "known lighting",
)  # fmt: skip

DOMAINS = (
    "underwater footage", "night-time streets", "museum archives", "orchard inspection", "endoscopic video",
    "warehouse robots", "aerial surveys", "historic maps", "microscope slides", "desert roads", "shop-floor cameras",
    "sign-language lessons", "glacier time lapses", "hand-held phone video",
)  # fmt: skip

OWNERS = ("example-lab", "invented-vision-group", "no-such-institute", "made-up-robotics", "fictional-imaging")

TITLES = (
    "[name]: [Task] with [Technique]",
    "[name]: Learning [Task] without [Burden]",
    "Towards [Task] in [Domain]",
    "Rethinking [Task]: What [Technique] Can and Cannot Do",
    "[Technique] for [Task]",
    "Can [Technique] Carry [Task]?",
    "[name]-[n]K: A Benchmark of [Domain] for [Task]",
    "One Model, Many Scenes: [Technique] for [Task]",
    "A Note on [Task] from [Domain]",
    '[Task] "in the Wild": Lessons from [Domain]',
    r"$\mathcal{O}(n)$ [Technique] for [Task] & Beyond",
    "Learning [Task] from <[n] Images of [Domain]",
    "The Viewer's Share: [Task] without [Burden]",
)

OPENINGS = (
    "[Task_] is a long-standing problem in [domain], where labels are scarce and mistakes are costly.",
    "Recent work on [task] leans on ever larger models, yet still fails on [domain].",
    "We revisit [task] from the point of view of [technique].",
    "Most systems for [task] assume [burden], an assumption that rarely holds for [domain].",
    "Anyone who has tried [task] on [domain] knows how soon clean benchmarks stop being informative.",
    "This paper asks whether [task] needs [burden] at all.",
    "Progress in [task] is usually measured on tidy scenes; it looks different on [domain].",
)

METHODS = (
    "We present [name], a single-stage network that learns [technique] and trains without [burden].",
    "Our model, [name], first gathers coarse cues and then refines them by means of [technique].",
    "The key idea of [name] is to treat [task] as a matching problem and to solve it with [technique].",
    "[name] couples [technique] with a small memory of past frames, so that rare structures last.",
    "To close the gap we introduce [name], an encoder shared by all views with a decoder of [technique].",
)

MATHS = (
    r"Training minimises $\mathcal{L}_{a} + \lambda \mathcal{L}_{b}$, where $\mathcal{L}_{b}$ is for drift.",
    r"It runs $[x].[y]\times$ faster than the strongest baseline and keeps 95\% of its accuracy.",
    r"Attention costs $O(n \log n)$ instead of $O(n^2)$, for every $n > 1$.",
    r"We show that $\|x_i - \hat{x}_i\|_2 \leq \epsilon$ whenever $a<b$ and $c>d$.",
    r"The weight $\alpha \in \{0, 1\}$ is learned, while $A^*$ and $B^*$ are updated in turn.",
    r"With [x]\% of the labels it still reaches [q]\% of the full score.",
    r"Each token $z_{t}$ is matched to $z_{t+1}$ at a cost of about \$[x] per hour of video.",
    "",
    "",
)

ASIDES = (
    'So-called "shortcut" features turn out to explain half of the gap.',
    "A camera's own noise & blur are modelled rather than removed.",
    "Small objects (<32 pixels) gain most; large ones (>96 pixels) stay as they were.",
    "The field file_name_pattern of a record tells which of the *two* splits it belongs to.",
    "The total # of parameters stays below [n]M.",
    "Where the input is <class>-agnostic, the first stage can be left out.",
    "",
    "",
)

RESULTS = (
    "On [n] sequences of [domain] it improves the mean score by [x].[y] points.",
    "In a study with [n] volunteers its output was preferred in [q] of 100 cases.",
    r"Experiments on three public sets and one of our own show gains of [x].[y]\% over published methods.",
    "Ablations show that both parts are needed, and that their order matters.",
    "The gain is largest on [domain], and vanishes where the scene is already well lit.",
)


class Card(NamedTuple):
    """How one paper ends, what its comments say, and how its abstract is laid out."""

    ending: str
    comments: str | None = None
    layout: str = "flow"  # "flow": one line; "wrapped": lines of 79; "paragraphs": newline and two blanks


CARDS = (
    Card("Code is available at https://github.com/[owner]/[repo]."),
    Card("Project page: https://[owner].github.io/[repo]/", "[n] pages, [k] figures", "wrapped"),
    Card(
        "Code (https://github.com/[owner]/[repo]) and models (https://huggingface.co/[owner]/[repo]).", layout="wrapped"
    ),
    Card("", "Code: https://github.com/[owner]/[repo]"),
    Card("Source: github.com/[owner]/[repo]", "8 pages"),
    Card("This work extends arXiv:[earlier] to longer sequences.", 'Extended; "supplement" included', "wrapped"),
    Card("", "Accepted to the Workshop on Imagined Vision [year]", "paragraphs"),
    Card(r"The code will be released at \url{https://github.com/[owner]/[repo]}."),
    Card(
        "Data: https://data.[owner].example/[repo]?split=test&part=[k], code: https://github.com/[owner]/[repo].",
        "Project page: https://[owner].github.io/[repo]",
    ),
    Card("", None, "wrapped"),
    Card("A demo runs at https://huggingface.co/spaces/[owner]/[repo]; the code follows soon.", "12 pages, R&D track"),
    Card("", "[k] pages < 20, [k] tables; see also arXiv:[earlier]", "paragraphs"),
)

JOURNALS = (
    "Journal of Imagined Vision 12 ([year]) [n]--1[n]",
    "Trans. Made-up Pattern Anal. & Synth., vol. [k], no. 3, [year]",
)
