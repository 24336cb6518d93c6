// Tests the look of pages: text that is cut off at some width, phones, and paper.

import { report } from "./browser.mjs";

const widths = [360, 390, 768, 1024, 1280, 1366, 1440, 1536, 1920];

/** Runs in the page. Returns words of its frame and titles whose last letter is cut off. */
function wordsCut() {
  const cut = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const parent = text.parentElement;
    if (!parent.closest(".VPSidebar, .VPNavBar, .VPLocalNav, .aside, .vp-doc h1, figcaption")) {
      continue;
    }
    if (!text.data.trim() || parent.closest(".visually-hidden, .aside-curtain")) continue;
    if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      if (right <= 0 || top < 0 || bottom > innerHeight) continue; // in a closed drawer, or below
      const ends = document.elementFromPoint(right - 2, (top + bottom) / 2);
      if (left < 0 || !ends || !parent.contains(ends)) cut.push(text.data.trim());
    }
  }
  return cut;
}

/** No entry of the sidebar ends in the middle of a word, at any of the widths. */
export async function nothingCut(page, url, names) {
  for (const name of names) {
    await page.goto(`${url}/${name}.html`, { waitUntil: "networkidle" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 1600 }); // room for the whole sidebar
      await page.waitForTimeout(600); // the sidebar moves in and out
      const cut = await page.evaluate(wordsCut);
      report.expect("widths", `${name}, ${width} px`, cut.length === 0, `cut: ${cut.join("; ")}`);
    }
  }
}

/** Runs in the page. Returns figures with small letters, or that scroll without a hint. */
function hardToRead(smallest) {
  return [...document.querySelectorAll(".vp-doc figure")].flatMap((figure) => {
    const shown = [...figure.querySelectorAll(":scope > svg")].filter((one) =>
      one.checkVisibility());
    const small = shown.some((svg) => {
      const scale = svg.clientWidth / svg.viewBox.baseVal.width;
      return [...svg.querySelectorAll("text")].some((text) =>
        parseFloat(getComputedStyle(text).fontSize) * scale < smallest);
    });
    const goesOn = figure.scrollWidth > figure.clientWidth;
    const { content } = getComputedStyle(figure.querySelector("figcaption"), "::after");
    const told = content.includes("sideways");
    if (shown.length > 0 && !small && goesOn === told) return [];
    const why = small ? "is small" : told ? "fits" : goesOn ? "goes on" : "is not shown";
    return [`${figure.id} ${why}`];
  });
}

/** On a phone each letter of a figure can be read, and a figure that scrolls says so. */
export async function figuresOnAPhone(page, name) {
  const found = await page.evaluate(hardToRead, 10.5);
  report.expect("figures", name, found.length === 0, found.join("; "));
}

/** On a phone a listing is as wide as its bar, even if the bar takes two lines. */
export async function listingsOnAPhone(page, name) {
  const narrower = await page.locator(".listing-bar + [class*='language-']").evaluateAll(
    (listings) => listings
      .filter((one) => one.clientWidth < one.previousElementSibling.clientWidth)
      .map((one) => one.previousElementSibling.textContent));
  report.expect("listings", name, narrower.length === 0, `is narrow: ${narrower.join("; ")}`);
}

/** Prints a page to DIRECTORY/NAME.pdf. Returns the text that must be there. */
export async function print(page, url, name, directory) {
  await page.goto(`${url}/${name}.html`, { waitUntil: "networkidle" });
  await page.pdf({ path: `${directory}/${name}.pdf`, format: "A4" });
  return page.evaluate(() => {
    const title = document.querySelector(".vp-doc h1").firstChild.textContent;
    const code = [...document.querySelectorAll(".vp-doc pre")].flatMap((listing) =>
      listing.textContent.split("\n").filter((line) => line.trim()));
    return [title, ...code];
  });
}
