"""Ask whether a locked dependency has a known vulnerability: exit 1 if so, a line and exit 0 where nobody can be asked.

Usage: python .ci/audit.py REQUIREMENTS, in an environment with pip-audit.
"""

import json
import re
import subprocess
import sys

# pip-audit ends with 1 for whatever it is; what it then says of the service, or what requests says, is no finding.
_UNREACHABLE = re.compile(
    r"^(?:requests\.exceptions\.|urllib3\.exceptions\.|pip_audit\._service\.interface\.)\w+|"
    r"Could not connect to PyPI|PyPI is not redirecting properly",
    re.MULTILINE,
)


def audit(requirements: str) -> tuple[int, list[str]]:
    """Return the exit code and what to say."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", requirements, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if _UNREACHABLE.search(done.stderr):
            return 0, ["not audited: the advisory service cannot be reached"]
        return 1, ["the audit failed:", *done.stderr.splitlines()[-5:]]
    return _verdict(dependencies)


def _verdict(dependencies: list[dict]) -> tuple[int, list[str]]:
    found = [
        f"{one['name']} {one['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'none'}"
        for one in dependencies
        for weakness in one.get("vulns", [])
    ]
    known = sum("vulns" in one for one in dependencies)
    if not known:
        return 0, [f"not audited: the advisory service knows none of {len(dependencies)} dependencies"]
    told = f"{known} of {len(dependencies)} dependencies audited, {len(found)} known vulnerabilities"
    return int(bool(found)), [*found, told]


if __name__ == "__main__":
    code, lines = audit(sys.argv[1])
    print(*lines, sep="\n")
    sys.exit(code)
