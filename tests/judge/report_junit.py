"""JUnit's XML, which most systems for continuous integration read."""

from pathlib import Path
from xml.etree import ElementTree

from level_runs import Judged, Test


def write_junit(path: Path, server: Judged) -> None:
    """A suite for each level; a failure says all that it says on the screen."""
    suites = ElementTree.Element("testsuites")
    if server.trouble:
        suite = ElementTree.SubElement(suites, "testsuite", name="first start", tests="1",
                                       failures="1", errors="0", skipped="0")
        case = ElementTree.SubElement(suite, "testcase", name="the server can be started")
        failure = ElementTree.SubElement(case, "failure", message=server.trouble)
        failure.text = server.first.said if server.first else ""
    for run in server.runs:
        suite = ElementTree.SubElement(
            suites, "testsuite", name=run.level, tests=str(len(run.tests)),
            failures=str(run.count("failed")), errors="0", skipped=str(run.count("skipped")))
        for test in run.tests:
            case = ElementTree.SubElement(
                suite, "testcase", classname=run.level, name=test.name)
            if test.outcome == "failed":
                ElementTree.SubElement(case, "failure", message=test.cause).text = words(test)
            elif test.outcome == "skipped":
                ElementTree.SubElement(case, "skipped", message=test.reason)
    ElementTree.indent(suites)
    ElementTree.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def words(test: Test) -> str:
    """What was sent and got, the rule with its chapter, and the server's words."""
    parts = [f"{title}:\n{text}" for title, text in test.sections]
    return "".join(char for char in "\n\n".join([test.cause, *parts])
                   if char in "\n\t" or char.isprintable())
