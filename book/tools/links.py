"""Links in the Markdown files, including links to files that the site lacks, such as code."""

import re
from pathlib import Path

import form

LINK = re.compile(r"\[[^\]\n]*\]\(<?([^)\s>]+)>?\)")
RELEASES = "../../releases/latest"  # from README.md, as a code host shows it
BARE = re.compile(r"<(https?://[^>\s]+)>")


def links(path: Path) -> set[str]:
    """All links of a file, including pictures."""
    text = form.without_code(path.read_text())
    return set(LINK.findall(text)) | set(BARE.findall(text))


def dead(path: Path) -> list[str]:
    """Links inside the project that lead nowhere."""
    complaints = []
    for link in sorted(links(path)):
        if re.match(r"[a-z]+:", link) or link == RELEASES:
            continue
        file, _, anchor = link.partition("#")
        other = (path.parent / file).resolve() if file else path
        if not other.exists():
            complaints.append(f"{link} leads nowhere")
        elif anchor and other.suffix == ".md" and anchor not in form.anchors(other.read_text()):
            complaints.append(f"{link}: there is no such heading")
    return complaints
