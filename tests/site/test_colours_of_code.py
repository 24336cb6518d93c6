"""The colours of a listing do not depend on how busy the machine is that builds the site."""

import subprocess
from pathlib import Path

from pages import need_package


BOOK = Path(__file__).resolve().parents[2] / "book"
CODE = r"```cpp\nint main() { return a.b<c>(d) + 1; }  // e\n```\n"
# The second time the clock jumps by a second whenever it is asked.
TWICE = f"""
import {{ createMarkdownRenderer, resolveConfig }} from "vitepress";
const config = await resolveConfig(".", "build");
const markdown = await createMarkdownRenderer(config.srcDir, config.markdown, "/");
const quick = markdown.render("{CODE}");
let now = Date.now();
Date.now = () => (now += 1000);
const slow = (await createMarkdownRenderer(config.srcDir, config.markdown, "/")).render("{CODE}");
console.log(quick.includes("--shiki-light"), slow === quick);
process.exit();
"""


def test_a_line_that_takes_its_time_has_all_of_its_colours() -> None:
    need_package("vitepress")
    run = subprocess.run(["node", "--input-type=module", "--eval", TWICE], cwd=BOOK,
                         capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == ["true", "true"], run.stdout + run.stderr
