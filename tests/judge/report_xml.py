"""A report as JUnit's XML, which CI systems show: a suite for each level, a case for each test."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from level_runs import Judged, Run, Test

# The characters that XML 1.0 excludes, section 2.2.
NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, judged: Judged) -> None:
    """Writes everything that we asked of the server."""
    root = Element("testsuites", name=clean(judged.command))
    if judged.trouble:
        suite = SubElement(root, "testsuite", name="start", tests="1", failures="1", skipped="0")
        case = SubElement(suite, "testcase", classname="start", name="the server listens")
        said = judged.first.said if judged.first else ""
        SubElement(case, "failure", message=clean(judged.trouble)).text = clean(said)
    for run in judged.runs:
        add_level(root, run)
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def add_level(root: Element, run: Run) -> None:
    """Adds a level. A test that didn't run because the level had failed already counts
    as skipped."""
    ended = {test.name: test for test in run.tests}
    not_run = len(run.names) - len(ended)
    suite = SubElement(root, "testsuite", name=run.level, tests=str(len(run.names)),
                       failures=str(len(run.failures)),
                       skipped=str(run.count("skipped") + not_run))
    for name in run.names:
        test = ended.get(name) or Test(name, "skipped", "", "", "", (), reason="not run")
        case = SubElement(suite, "testcase", classname=run.level, name=clean(test.sentence))
        if test.outcome == "failed":
            told = [f"{test.rule}\nExplained in {test.chapter}",
                    *(f"{title}:\n{text}" for title, text in test.sections if title != "the rule")]
            SubElement(case, "failure", message=clean(test.cause)).text = clean("\n\n".join(told))
        elif test.outcome == "skipped":
            SubElement(case, "skipped", message=clean(test.reason))


def clean(text: str) -> str:
    """The text without characters that XML can't hold, such as a server's escape sequences."""
    return NO_XML.sub("\ufffd", text)
