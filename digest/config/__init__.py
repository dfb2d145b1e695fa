"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

from digest.config.checks import check, check_category, require_manners
from digest.config.origins import DEFAULT, Origins, unknown_variables
from digest.config.paths import (
    SCHEDULES,
    WORKFLOW,
    odd_names,
    part_path,
    year_index_path,
)
from digest.config.reading import load, load_with_origins, retired_keys
from digest.config.values import Arxiv, Config, DigestSettings, Git, View

__all__ = [
    "DEFAULT",
    "SCHEDULES",
    "WORKFLOW",
    "Arxiv",
    "Config",
    "DigestSettings",
    "Git",
    "Origins",
    "View",
    "check",
    "check_category",
    "load",
    "load_with_origins",
    "odd_names",
    "part_path",
    "require_manners",
    "retired_keys",
    "unknown_variables",
    "year_index_path",
]
