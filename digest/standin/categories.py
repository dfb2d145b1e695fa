"""The categories that the stand-in knows, with the names that arXiv gives them."""

CATEGORY_NAMES = {
    "cs.CV": "Computer Vision and Pattern Recognition",
    "cs.LG": "Machine Learning",
    "cs.RO": "Robotics",
    "cs.AI": "Artificial Intelligence",
    "cs.CL": "Computation and Language",
    "cs.CR": "Cryptography and Security",
    "cs.GR": "Graphics",
    "cs.HC": "Human-Computer Interaction",
    "cs.MM": "Multimedia",
    "cs.NE": "Neural and Evolutionary Computing",
    "cs.SD": "Sound",
    "cs.SE": "Software Engineering",
    "eess.IV": "Image and Video Processing",
    "eess.SP": "Signal Processing",
    "stat.ML": "Machine Learning",
    "q-bio.NC": "Neurons and Cognition",
    "q-bio.QM": "Quantitative Methods",
    "physics.med-ph": "Medical Physics",
    "physics.optics": "Optics",
    "astro-ph": "Astrophysics",
    "astro-ph.IM": "Instrumentation and Methods for Astrophysics",
    "cond-mat.mes-hall": "Mesoscale and Nanoscale Physics",
    "hep-th": "High Energy Physics - Theory",
    "math": "Mathematics",
    "math.NA": "Numerical Analysis",
    "math.OC": "Optimization and Control",
    "quant-ph": "Quantum Physics",
}

NEIGHBOURS = ("cs.LG", "cs.RO", "eess.IV", "cs.AI", "cs.GR", "stat.ML", "cs.HC", "q-bio.QM", "cs.CV")
"""The categories that invented papers are cross-listed from and to."""


def category_name(category: str) -> str:
    """The category's name, or its code where the stand-in knows no name."""
    return CATEGORY_NAMES.get(category, category)
