"""Listings in a Markdown file, cut from the code itself.

A block names a file and a symbol, or a region between `// [name]` and `// [/name]`:

    <!-- listing: part4-poll/server.cc run_loop cut 5..9 -->
    <!-- /listing -->

`*` is the whole file. Several names are shown one below the other. `cut A..B`, once or more, puts a
line `// …` in place of the listing's lines A to B. `since OTHER` shows the changes since that file,
with one unchanged line above and below:

    <!-- listing: part5-epoll/client.cc receive since part4-poll/client.cc -->

`unfinished` leaves out the lines that a step marks as the reader's to write, from `// [yours]` to
`// [/yours]`, as `page` of tools/shell.sh does. The text behind the first mark comes instead.

For a patch, the names are those of changed files; `@2` after a name shows only the second hunk. A
file that the patch adds is shown as its text.
"""

import difflib
import functools
import json
import re
import subprocess
import textwrap
from pathlib import Path

from blocks import ROOT, Wrong

LANGUAGES = {".cc": "cpp", ".h": "cpp", ".py": "python", ".sh": "bash", ".txt": "cmake",
             ".cmake": "cmake", ".patch": "diff", ".diff": "diff", ".go": "go", ".rs": "rust",
             ".c": "c"}
FILE_OF_PATCH = re.compile(r"^--- (\S+)\n\+\+\+ b/(\S+)\n", re.MULTILINE)
REGION = re.compile(r"^\s*(?://|#) \[/?[\w-]+\]$|^ *// \[yours\]")
CUT = re.compile(r"cut (\d+)\.\.(\d+)")
SINCE = re.compile(r"since (\S+)")
UNFINISHED = re.compile(r" unfinished\b")
YOURS = re.compile(r"^( *)// \[yours\](?: ([^\n]+))?\n.*?^ *// \[/yours\]\n",
                   re.MULTILINE | re.DOTALL)


def listing(arguments: str) -> tuple[str, list[str]]:
    """The fence's language and its lines. Raises Wrong if file or symbol does not exist."""
    cuts = [(int(first), int(last)) for first, last in CUT.findall(arguments)]
    path, names, earlier = _taken_apart(arguments)
    source = _file(path)
    if not names:
        raise Wrong(f"names no symbol of {path} (`*` is the whole file)")
    if source.suffix == ".patch":
        language, found = _of_patch(source, names)
        return language, _without(found, cuts, "//")
    found = _cut_out_all(source, names)
    if UNFINISHED.search(arguments):
        found = [*_cut_out_all(source, names, marked=True), ""]
        found = YOURS.sub(_in_place_of_yours, "\n".join(found)).splitlines()
    if earlier:
        return "diff", _without(_changes(_cut_out_all(_file(earlier), names), found), cuts, "//")
    found = [line.expandtabs(4) for line in found]  # Go has tabs
    comment = "#" if source.suffix in {".py", ".sh", ".txt", ".cmake"} else "//"
    if names == ["*"]:
        _not_in_a_declaration(found, cuts)
    return LANGUAGES.get(source.suffix, "text"), _without(found, cuts, comment)


def caption(arguments: str, to_root: str) -> str:
    """The line above a listing in the book, with a link to the file, and the names in it."""
    path, names, earlier = _taken_apart(arguments)
    shown = list(dict.fromkeys(f"`{name.partition('@')[0]}`" for name in names
                               if not name.startswith("[") and name != "*"))
    since = [f"changed since [`{Path(earlier).stem}`]({to_root}{earlier})"] if earlier else []
    unfinished = ["without your lines"] if UNFINISHED.search(arguments) else []
    return ", ".join([f"[`{path}`]({to_root}{path})", *shown, *since, *unfinished])


def _taken_apart(arguments: str) -> tuple[str, list[str], str | None]:
    """The file, the names in it, and the earlier file to compare it with."""
    earlier = SINCE.search(arguments)
    path, *names = UNFINISHED.sub("", SINCE.sub("", CUT.sub("", arguments))).split()
    return path, names, earlier[1] if earlier else None


def _file(path: str) -> Path:
    if not (ROOT / path).is_file():
        raise Wrong(f"there is no file {path}")
    return ROOT / path


def _changes(old: list[str], new: list[str]) -> list[str]:
    """The hunks of `diff -U1`, with `// …` for the equal lines between two of them."""
    found = list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]
    if not found:
        raise Wrong("nothing of it has changed")
    return [" // …" if line.startswith("@@") else line.rstrip() for line in found[1:]]


def _of_patch(source: Path, names: list[str]) -> tuple[str, list[str]]:
    """The changes to these files. A new file is shown without plus signs."""
    _, *pieces = FILE_OF_PATCH.split(source.read_text())
    files = {name: (old, text) for old, name, text in zip(*[iter(pieces)] * 3)}
    found: list[str] = []
    language = "diff"
    for name in names:
        file, _, number = name.partition("@")
        if file not in files:
            raise Wrong(f"{source.relative_to(ROOT)} changes no file {file}")
        old, text = files[file]
        hunks = re.split(r"^(?=@@ )", text, flags=re.MULTILINE)[1:]
        if number and not 1 <= int(number) <= len(hunks):
            raise Wrong(f"{source.relative_to(ROOT)} has {len(hunks)} hunks of {file}")
        lines = "".join(hunks[int(number) - 1:int(number)] if number else hunks).splitlines()
        if old == "/dev/null" and len(names) == 1:
            language = LANGUAGES.get(Path(file).suffix, "text")
            lines = [line.removeprefix("+") for line in lines[1:]]
        found += [line.rstrip() for line in lines]
    return language, found


def _cut_out_all(source: Path, names: list[str], marked: bool = False) -> list[str]:
    found: list[str] = []
    for name in names:
        found += ([""] if found else []) + _cut_out(source, name, marked)
    return found


def _in_place_of_yours(lines: re.Match[str]) -> str:
    return f"{lines[1]}{lines[2]}  // yours\n" if lines[2] else ""


def _cut_out(source: Path, name: str, marked: bool) -> list[str]:
    lines = source.read_text().splitlines()
    if name == "*":
        begin, end = 0, len(lines)
    elif name.startswith("["):
        begin, end = _region(source, lines, name.strip("[]"))
    else:
        begin, end = _symbol(source, lines, name)
    kept = [line for line in lines[begin:end] if marked or not REGION.match(line)]
    return textwrap.dedent("\n".join(kept)).strip("\n").split("\n")


def _region(source: Path, lines: list[str], name: str) -> tuple[int, int]:
    marks = [next((n for n, line in enumerate(lines)
                   if re.fullmatch(rf"\s*(//|#) \[{slash}{re.escape(name)}\]", line)), None)
             for slash in ("", "/")]
    if marks[0] is None or marks[1] is None or marks[1] < marks[0]:
        raise Wrong(f"{source.relative_to(ROOT)} has no region [{name}] … [/{name}]")
    return marks[0] + 1, marks[1]


def _symbol(source: Path, lines: list[str], name: str) -> tuple[int, int]:
    found = [tag for tag in tags(source) if _is_called(tag, name)]
    types = [tag for tag in found if tag["kind"] in {"class", "struct", "enum"}]
    bodies = [tag for tag in found if tag["kind"] not in {"prototype", "member"}]
    chosen = types or bodies or found  # a class rather than its constructor
    if len(chosen) != 1:
        raise Wrong(f"{source.relative_to(ROOT)} has {len(chosen)} symbols called {name}"
                    + (": mark a region" if chosen else ""))
    begin = first_line(lines, int(str(chosen[0]["line"])) - 1)
    if "end" not in chosen[0] and lines[begin].rstrip().endswith("{"):
        raise Wrong(f"nobody knows where {name} ends in {source.relative_to(ROOT)}: mark a region")
    return begin, int(str(chosen[0].get("end", chosen[0]["line"])))


def first_line(lines: list[str], begin: int) -> int:
    """The first line of the declaration whose name is in line `begin`; both count from 0."""
    while begin > 0 and _belongs_to_next(lines[begin - 1]):
        begin -= 1
    return begin


def _belongs_to_next(line: str) -> bool:
    """Whether a declaration that begins here continues in the next line, for example after
    `template`."""
    text = line.split("  //")[0].strip()
    return bool(text) and text[-1] not in ";{}:" and not text.startswith(("//", "#", "/*"))


def _is_called(tag: dict[str, object], name: str) -> bool:
    full = f"{tag.get('scope', '')}::{tag['name']}"
    return full.endswith(f"::{name}") and tag["kind"] != "namespace"


@functools.cache
def tags(source: Path) -> list[dict[str, object]]:
    """The symbols that universal-ctags finds in a file, declarations too."""
    return tags_of([source])[source]


def tags_of(sources: list[Path]) -> dict[Path, list[dict[str, object]]]:
    """The same for many files, because starting ctags takes longer than its work on a file."""
    run = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+neK", "--kinds-C++=+p", "-f", "-", *sources],
        capture_output=True, text=True, check=True)
    found: dict[Path, list[dict[str, object]]] = {source: [] for source in sources}
    for tag in map(json.loads, run.stdout.splitlines()):
        found[Path(tag["path"])].append(tag)
    return found


def _not_in_a_declaration(lines: list[str], cuts: list[tuple[int, int]]) -> None:
    """Refuses a cut that begins or ends inside a function, because the file has changed."""
    for first, last in cuts:
        before, after = lines[first - 2:first - 1], lines[last:last + 1]
        if "".join(before).startswith(" ") or "".join(after).startswith((" ", "}")):
            raise Wrong(f"cut {first}..{last} takes a declaration apart")


def _without(lines: list[str], cuts: list[tuple[int, int]], comment: str) -> list[str]:
    """The lines, with one mark for each cut, indented like the first omitted line."""
    shown: list[str] = []
    for number, line in enumerate(lines, 1):
        cut = next((c for c in cuts if c[0] <= number <= c[1]), None)
        if cut is None:
            shown.append(line)
        elif cut[0] == number:
            cut_out = [each for each in lines[number - 1:cut[1]] if each and each[-1] != ":"]
            first = cut_out[0] if cut_out else line
            shown.append(first[:len(first) - len(first.lstrip())] + comment + " …")
    if not any(line.strip() and not line.endswith(f"{comment} …") for line in shown):
        raise Wrong("nothing of it is left: the cuts take every line")
    return shown
