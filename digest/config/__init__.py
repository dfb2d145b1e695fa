"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

from digest.config.checks import check, check_category, require_manners
from digest.config.origins import DEFAULT, Origins, unknown_variables
from digest.config.paths import (
    LEDGER_PATH,
    SCHEDULES,
    WORKFLOW,
    is_record_path,
    odd_names,
    part_path,
    record_path,
    year_index_path,
)
from digest.config.reading import load, load_with_origins, retired_keys
from digest.config.values import Arxiv, Config, DigestSettings, Git, View

__all__ = [
    "DEFAULT",
    "LEDGER_PATH",
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
    "is_record_path",
    "load",
    "load_with_origins",
    "odd_names",
    "part_path",
    "record_path",
    "require_manners",
    "retired_keys",
    "unknown_variables",
    "year_index_path",
]
