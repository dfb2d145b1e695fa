"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

from digest.config.checks import check_category, require_manners
from digest.config.paths import part_path
from digest.config.reading import load
from digest.config.values import Config, DigestSettings, View

__all__ = ["Config", "DigestSettings", "View", "check_category", "load", "part_path", "require_manners"]
