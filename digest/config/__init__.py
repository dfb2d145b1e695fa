"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

from digest.config.checks import check_category, require_manners
from digest.config.reading import load
from digest.config.values import Config, DigestSettings

__all__ = ["Config", "DigestSettings", "check_category", "load", "require_manners"]
