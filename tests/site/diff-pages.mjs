// Tests the pages from stage to stage: their buttons, and the places of old and new lines.

import { report } from "./browser.mjs";

const name = "diffs/4-5";
const expect = (holds, complaint) => report.expect("diffs", name, holds, complaint);

/** Runs in the page. Returns the places of the old and the new lines of changes with both. */
function halves() {
  return [...document.querySelectorAll(".stages-diff .both")].map((both) => {
    const [old, fresh] = [...both.children].map((half) => half.getBoundingClientRect());
    return { beside: old.right <= fresh.left + 1 && Math.abs(old.top - fresh.top) < 1,
      above: old.bottom <= fresh.top + 1 };
  });
}

/** Runs in the page. Returns lines that are wider than their box. */
function tooWide() {
  return [...document.querySelectorAll(".stages-diff .line")]
    .filter((line) => line.scrollWidth > line.clientWidth + 1)
    .map((line) => line.textContent);
}

export async function diffPage(page, url) {
  await page.goto(`${url}/${name}.html`, { waitUntil: "networkidle" });
  const button = (called) => page.getByRole("button", { name: called });
  const changes = page.locator(".stages-diff");
  const sentences = page.locator(".vp-doc h3 + p");
  const [changed, said] = [await changes.count(), await sentences.count()];
  expect(changed > 10 && changed === said, `${changed} changes have ${said} sentences`);
  expect((await page.evaluate(halves)).every(({ above }) => above), "the new is not below the old");

  await button("Side by side").click();
  const beside = await page.evaluate(halves);
  const all = beside.length > 5 && beside.every((one) => one.beside);
  expect(all, "old and new are not side by side");
  const wide = await page.evaluate(tooWide);
  expect(wide.length === 0, `is cut: ${wide.join("; ")}`);

  await button("Only the sentences").click();
  expect((await changes.locator("visible=true").count()) === 0, "shows more than the sentences");
  expect((await sentences.locator("visible=true").count()) === said, "does not show all sentences");
  await button("One below the other").click();
  expect((await changes.locator("visible=true").count()) === changed, "a change stays hidden");

  await page.locator(".diff-ways a", { hasText: "③ → ④" }).click();
  await page.waitForURL(/diffs\/3-4\.html$/);
  const marks = await page.locator(".opener .ladder-mark a").evaluateAll((all) =>
    all.map((mark) => mark.className).join(" ").trim());
  expect(marks === "below here", `of the rungs are marked: ${marks}`);
}

/** Runs in the page. Returns broken lines, and signs that vanish when a line scrolls sideways. */
function brokenOrWithoutSign() {
  return [...document.querySelectorAll(".stages-diff pre")].flatMap((pre) => {
    pre.scrollLeft = pre.scrollWidth;
    const { left, right } = pre.getBoundingClientRect();
    return [...pre.querySelectorAll(".line")].filter((line) => {
      const sign = line.querySelector(".sign").getBoundingClientRect();
      const isWhole = line.clientHeight < 1.5 * parseFloat(getComputedStyle(line).lineHeight);
      return !isWhole || Math.abs(sign.left - left) > 1 || line.getBoundingClientRect().right <
        right - 1;
    }).map((line) => line.textContent);
  });
}

export async function diffsOnAPhone(page, url) {
  await page.goto(`${url}/${name}.html`, { waitUntil: "networkidle" });
  expect((await page.evaluate(halves)).every(({ above }) => above), "the new is not below the old");
  const wrong = await page.evaluate(brokenOrWithoutSign);
  expect(wrong.length === 0, `is broken on a phone, or has no sign: ${wrong.join("; ")}`);
  const side = page.getByRole("button", { name: "Side by side" });
  expect(!(await side.isVisible()), "offers a phone what has no room there");
}

export async function diffsWithoutScript(page, url) {
  await page.goto(`${url}/${name}.html`);
  const changes = page.locator(".stages-diff");
  const [all, shown] = [changes, changes.locator("visible=true")];
  expect((await shown.count()) === (await all.count()), "without a script a change is hidden");
  expect((await page.locator(".diff-modes").count()) === 0, "without a script has dead buttons");
}
