"""For operators: man pages that tell the truth, and an installation that works as the pages say."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.help import help_of
from harness.needed import need_built, need_program
from harness.subject import REPOSITORY

# Installing writes the unit into the build's directory, where two at once would disturb each other.
pytestmark = pytest.mark.xdist_group("install")

FINGER = REPOSITORY / "finger"
PAGES = {"finger": "client/finger.1.scd", "fingerd": "server/fingerd.8.scd"}
RECIPES = sorted(path.name for path in (FINGER / "deploy" / "recipes").iterdir())
# The doors that systemd-analyze knows and the unit leaves open, for the reasons in its comments.
LEFT_OPEN = {
    "CapabilityBoundingSet_CAP_KILL", "CapabilityBoundingSet_CAP_SET_UID_GID_PCAP",
    "DeviceAllow",  # the clock's, with ProtectClock=
    "PrivateUsers", "ProcSubset", "ProtectHome", "RemoveIPC", "RestrictAddressFamilies_AF_UNIX",
    "RestrictSUIDSGID", "RootDirectoryOrRootImage", "SupplementaryGroups",
    "SystemCallFilter_privileged", "UserOrDynamicUser"}  # fmt: skip
OPTION = re.compile(r"(?<![\w-])(--?[a-z0-9][\w-]*)", re.IGNORECASE)


@pytest.fixture
def built(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """A function that returns a program's path, or skips the test if it isn't built."""

    def find(name: str) -> Path:
        return need_built(Path(request.config.option.build_dir) / "finger" / name)

    return find


def options_of_help(text: str) -> dict[str, str]:
    """Returns each option's names in --help, with its default."""
    found = {}
    for line in text.partition("\nOptions:\n")[2].splitlines():
        names = re.match(r"  (-\S+)(?: [A-Z]+(?:=(\S+))?)?(?: |$)", line)
        if names:
            found[names[1]] = names[2] or ""
    return found


def options_of_page(page: Path) -> dict[str, str]:
    """Returns the same from the page's section OPTIONS, in which a default is a sentence."""
    section = page.read_text().partition("\n# OPTIONS\n")[2].partition("\n# ")[0]
    found = {}
    for entry in re.split(r"\n(?=\*-)", section):
        if entry.startswith("*-"):
            names = ",".join(OPTION.findall(entry.splitlines()[0]))
            default = re.search(r"Default:\s+\*?([^\s*,]+?)\*?[.,\s]", entry + " ")
            found[names] = default[1] if default else ""
    return found


@pytest.mark.parametrize("name", PAGES)
def test_help_and_man_page_name_the_same_options_and_defaults(built, name: str) -> None:
    asked = options_of_help(help_of(built(name)))
    assert len(asked) >= 6, "--help was not understood"
    assert options_of_page(FINGER / PAGES[name]) == asked


@pytest.mark.parametrize("name", PAGES)
def test_synopsis_of_the_client_names_every_option(name: str) -> None:
    page = (FINGER / PAGES[name]).read_text()
    synopsis = page.partition("# SYNOPSIS")[2].partition("\n# ")[0]
    named = set(OPTION.findall(synopsis))
    known = {one for names in options_of_page(FINGER / PAGES[name]) for one in names.split(",")}
    assert named <= known
    if name == "finger":
        assert named == known - {"--help", "--version"}


@pytest.mark.parametrize("page", PAGES.values())
def test_man_pages_are_well_formed(page: str) -> None:
    need_program("scdoc")
    source = re.sub(r"^ {4}", "\t", (FINGER / page).read_text(), flags=re.MULTILINE)
    made = subprocess.run(["scdoc"], input=source, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.count(".SH ") == source.count("\n# ")


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which everything was installed, as for a package with the prefix /usr."""
    build = Path(request.config.option.build_dir)
    need_built(build / "finger" / "fingerd")
    root = tmp_path_factory.mktemp("root")
    run = subprocess.run(
        ["cmake", "--install", build, "--strip", "--prefix", "/usr"],
        env={"DESTDIR": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return root


def test_everything_is_where_a_distribution_expects_it(installed: Path) -> None:
    found = {str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file()}
    wanted = {
        "usr/bin/finger",
        "usr/sbin/fingerd",
        "usr/lib/systemd/system/fingerd.service",
        "usr/lib/systemd/system/fingerd.socket",
        "usr/lib/sysusers.d/fingerd.conf",
        "usr/share/doc/six-servers/finger/README.md",
        "usr/share/doc/six-servers/finger/contract.md",
        "usr/share/doc/six-servers/SECURITY.md",
        "usr/share/doc/six-servers/LICENSE",
        *(f"usr/share/doc/six-servers/finger/deploy/recipes/{name}" for name in RECIPES),
    }
    pages = {"usr/share/man/man1/finger.1", "usr/share/man/man8/fingerd.8"}
    assert wanted <= found
    assert found - wanted in (pages, set()), "with scdoc both pages, without it none, and no more"


def test_files_that_the_pages_refer_to_are_installed_with_them(installed: Path) -> None:
    documentation = installed / "usr/share/doc/six-servers/finger"
    referred = set(re.findall(r"\]\((deploy/[\w./]+)\)", (FINGER / "README.md").read_text()))
    assert {f"deploy/recipes/{name}" for name in RECIPES} == referred
    assert all((documentation / path).is_file() for path in referred)


def test_debug_symbols_are_not_installed(installed: Path) -> None:
    for program in ("bin/finger", "sbin/fingerd"):
        words = ["readelf", "--section-headers", "--wide", installed / "usr" / program]
        sections = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert ".text" in sections and ".debug_" not in sections and ".symtab" not in sections


def unit_of(installed: Path) -> str:
    return (installed / "usr/lib/systemd/system/fingerd.service").read_text()


def test_the_unit_names_the_program_that_was_installed(installed: Path) -> None:
    lines = unit_of(installed).splitlines()
    assert "ExecStart=/usr/sbin/fingerd" in lines
    assert not re.search("@[A-Z]", unit_of(installed)), "a blank was not filled in"


def test_a_reload_takes_no_program_that_a_bare_system_lacks(installed: Path) -> None:
    """kill(1) is in Debian's procps, which may be missing, but a shell has a kill of its own."""
    commands = re.findall(r"^ExecReload=(\S+)", unit_of(installed), re.MULTILINE)
    assert set(commands) <= {"sh"}


def analyze(installed: Path, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs systemd-analyze on the units, with an existing program in place of fingerd."""
    need_program("systemd-analyze")
    shutil.copy(installed / "usr/lib/systemd/system/fingerd.socket", directory)
    unit = directory / "fingerd.service"
    unit.write_text(unit_of(installed).replace("/usr/sbin/fingerd", "/bin/true"))
    command = ["systemd-analyze", *words, str(unit)]
    run = subprocess.run(command, capture_output=True, text=True)
    if "Failed to" in run.stderr and "fingerd" not in run.stderr:
        pytest.skip(f"systemd-analyze cannot run here: {run.stderr.strip()}")
    return run


def test_systemd_accepts_the_units(installed: Path, tmp_path: Path) -> None:
    socket = str(tmp_path / "fingerd.socket")
    run = analyze(installed, tmp_path, "verify", "--man=no", socket)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_unit_is_as_tight_as_can_be(installed: Path, tmp_path: Path) -> None:
    run = analyze(installed, tmp_path, "security", "--offline=yes", "--no-pager", "--json=short")
    assert run.returncode == 0, run.stderr
    left = {each["json_field"] for each in json.loads(run.stdout) if each["set"] is not True}
    assert left == LEFT_OPEN


def test_the_account_and_the_group_can_be_made(installed: Path, tmp_path: Path) -> None:
    need_program("systemd-sysusers")
    (tmp_path / "etc").mkdir()
    file = installed / "usr/lib/sysusers.d/fingerd.conf"
    words = ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", str(file)]
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "Creating group 'finger'" in run.stderr + run.stdout
    assert "Creating user 'fingerd'" in run.stderr + run.stdout
