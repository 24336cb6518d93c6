// Tries the parts of the site. Each function takes a page and reports.

import { report } from "./browser.mjs";

const path = (address) => new URL(address).pathname.replace(/index\.html$/, "");

/** Searches for words that people type, and expects a page first. */
export async function searchKnows(page, url) {
  for (const [words, wanted] of [["lingering close", "03-closing"], ["C10K", "04-threads"],
    ["thundering herd", "09-protocols"], ["backpressure", "05-nonblocking"],
    ["EPOLLET", "07-epoll"], ["SIGPIPE", "appendix-j-what-tcp-does"],
    ["EMFILE", "appendix-n-event-loops"], ["FIFO", "appendix-o-walls"],
    ["connect without blocking", "appendix-n-event-loops"]]) {
    await page.goto(`${url}/index.html`, { waitUntil: "networkidle" }); // keys don't work earlier
    await page.evaluate(() => sessionStorage.clear()); // otherwise it searches for the last words
    await page.keyboard.press("Control+k");
    await page.locator("#localsearch-input").fill(words);
    const first = page.locator("#localsearch-list a").first();
    const marked = page.locator("#localsearch-list mark");
    await first.waitFor();
    const leads = path(await first.evaluate(({ href }) => href));
    const expect = (holds, complaint) => report.expect("search", `"${words}"`, holds, complaint);
    expect(leads === `/${wanted}.html`, `leads to ${leads} first`);
    const foreign = (await marked.allTextContents()).filter((mark) =>
      !words.toLowerCase().split(" ").some((word) => // "closing" for "close"
        mark.toLowerCase().startsWith(word.slice(0, 4))));
    expect(foreign.length === 0, `marks ${foreign.join(", ")} as well`);
    const found = await page.locator("#localsearch-list .excerpt mark:visible").first().waitFor()
      .then(() => true, () => false);
    expect(found, "shows no lines with it");
  }
}

/** The button copies all of a listing, but only the commands of a transcript. */
export async function copyButton(page, url) {
  await page.goto(`${url}/02-blocking.html`);
  for (const [language, typed] of [["cpp", /^.*$/gm], ["console", /(?<=^\$ ).*$/gm]]) {
    const block = page.locator(`.vp-doc .language-${language}`).first();
    const wanted = (await block.locator("code").innerText()).match(typed).join("\n");
    await block.hover();
    await block.locator("button.copy").click();
    await block.locator("button.copied").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const same = copied !== "" && copied.trimEnd() === wanted.trimEnd();
    report.expect("copy", `02-blocking, ${language}`, same, `copied ${JSON.stringify(copied)}`);
  }
}

export async function ladderView(page, url) {
  await page.goto(`${url}/ladder-view.html#stage=4&moment=3`);
  const view = page.locator(".ladder-alive");
  const expect = (holds, complaint) =>
    report.expect("ladder view", "ladder-view", holds, complaint);
  const rows = view.locator("button.ladder-row");
  const says = view.locator(".ladder-says");
  const now = async () => [
    Number(await view.locator(".ladder-says strong").innerText()),
    Number(/Moment (\d) of 8/.exec(await view.locator(".ladder-moment").innerText())[1]),
  ].join(" ");
  await view.waitFor();
  expect((await now()) === "4 3", `the address does not lead to stage 4, moment 3: ${await now()}`);
  expect((await rows.count()) === 6, "there are not six servers");
  const sentence = await says.innerText();

  await rows.nth(3).focus();
  for (const [key, wanted] of [["ArrowRight", "4 4"], ["ArrowDown", "5 4"], ["End", "5 8"],
    ["ArrowRight", "5 8"], ["Home", "5 1"], ["ArrowLeft", "5 1"], ["ArrowUp", "4 1"]]) {
    await page.keyboard.press(key);
    expect((await now()) === wanted, `${key} leads to ${await now()}, not ${wanted}`);
  }
  const address = await page.evaluate(() => window.location.hash);
  expect(address === "#stage=4&moment=1", `the address is ${address}`);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  expect((await focused()).startsWith("4, poll."), `the focus is on ${await focused()}`);
  const outline = await rows.nth(3).evaluate((one) => getComputedStyle(one).outlineStyle);
  expect(outline !== "none", "its focus cannot be seen");

  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect((await says.innerText()) === sentence, "moment 3 has two sentences");
  const calls = await view.locator(".ladder-calls ol code").allInnerTexts();
  expect(calls.join(" ") === "poll recv send", `the calls are ${calls.join(" ")}`);
  const moment = view.locator(".ladder-moment");
  expect((await moment.getAttribute("aria-live")) === "polite", "a moment is not announced");

  await view.getByRole("button", { name: "Moment 5" }).click();
  const third = await rows.nth(2).innerText();
  expect(/in vain/.test(third) && /The thread runs/.test(third), `part3 is told as ${third}`);
  await view.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() =>
    /Moment 6/.test(document.querySelector(".ladder-moment").textContent));
  await view.getByRole("button", { name: "Pause" }).click();
}

/** No drawing is cut off or scrolls sideways, at any moment. */
export async function ladderFits(page, url) {
  for (const [width, height] of [[360, 740], [390, 844], [768, 1024], [1366, 768], [1920, 1080]]) {
    await page.setViewportSize({ width, height });
    await page.goto(`${url}/ladder-view.html#stage=1&moment=1`);
    const view = page.locator(".ladder-alive");
    await view.waitFor();
    for (let moment = 1; moment <= 8; ++moment) {
      await view.getByRole("button", { name: `Moment ${moment}:` }).click();
      const cut = await view.locator("svg").evaluateAll((drawings) => drawings.flatMap((one) => {
        const { left, right } = one.getBoundingClientRect();
        return [...one.querySelectorAll("text")].filter((text) => {
          const box = text.getBoundingClientRect();
          return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
        }).map((text) => text.textContent);
      }));
      report.expect("ladder fits", `${width}, moment ${moment}`, cut.length === 0,
        `cut off: ${cut.join(", ")}`);
    }
    const heads = await view.locator(".ladder-heads").boundingBox();
    const row = await view.locator("button.ladder-row").first().boundingBox();
    report.expect("ladder fits", `${width}`, !heads || Math.abs(heads.width - row.width) < 12,
      `its rows are ${row.width} pixels wide, their heads ${heads?.width}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    report.expect("ladder fits", `${width}`, wide <= width, `is ${wide} pixels wide`);
  }
}
/** Keys lead to chapters and to the list of keys; with keys off, only to the list. */
export async function keys(page, url) {
  const expect = (holds, complaint) => report.expect("keys", "06-poll", holds, complaint);
  const leads = async (typed, to) => {
    for (const key of typed) await page.keyboard.press(key);
    const there = await page.waitForURL((at) => path(at.href) === to, { timeout: 5000 })
      .then(() => true, () => false);
    expect(there, `${typed.join(" ")} does not lead to ${to}, but to ${page.url()}`);
  };
  await page.goto(`${url}/06-poll.html`, { waitUntil: "networkidle" });
  await leads(["]"], "/07-epoll.html");
  await page.locator(".vp-doc h1", { hasText: "kernel" }).waitFor();
  await leads(["["], "/06-poll.html");
  await leads(["g", "1"], "/02-blocking.html");
  await page.keyboard.press("?");
  const list = page.locator(".key-list");
  expect(await list.isVisible(), "? does not show the list");
  await list.locator("input").uncheck();
  await page.keyboard.press("Escape");
  expect(!(await list.isVisible()), "Escape does not close the list");
  await page.keyboard.press("]");
  await page.waitForTimeout(500);
  expect(path(page.url()) === "/02-blocking.html", "a key that is off leads on");
}

/** A chapter gets its mark only when its end was visible, and keeps it for the next visit. */
export async function readMarks(page, url) {
  const expect = (holds, complaint) => report.expect("read marks", "06-poll", holds, complaint);
  const marked = async () => (await page.locator(".VPSidebar a.has-been-read")
    .evaluateAll((links) => links.map(({ pathname }) => pathname))).join(" ");
  await page.goto(`${url}/06-poll.html`, { waitUntil: "networkidle" });
  expect((await marked()) === "", `at the beginning are marked: ${await marked()}`);
  await page.locator(".VPDocFooter").scrollIntoViewIfNeeded();
  await page.locator("a.has-been-read").first().waitFor({ state: "attached" });
  await page.locator(".pager-link.next").click();
  await page.waitForURL(/07-epoll/);
  await page.waitForTimeout(300);
  expect((await marked()) === "/06-poll.html", `one further are marked: ${await marked()}`);
  await page.reload({ waitUntil: "networkidle" });
  await page.locator("a.has-been-read").first().waitFor({ state: "attached" });
  expect((await marked()) === "/06-poll.html", `later are marked: ${await marked()}`);
}

/** A page that is gone leads to the section that has its content. */
export async function oldAddress(page, url) {
  await page.goto(`${url}/diffs/4-5.html`);
  const leads = await page.waitForURL(`${url}/07-epoll.html#the-stage`, { timeout: 5000 })
    .then(() => true, () => false);
  report.expect("old addresses", "diffs/4-5", leads, `leads to ${page.url()}`);
}

/** Without a script, text and pictures are there, and details can be unfolded. */
export async function readWithoutScript(page, pages) {
  for (const { name, address } of pages) {
    const expect = (holds, complaint) => report.expect("no script", name, holds, complaint);
    await page.goto(address);
    expect(await page.locator(".vp-doc h1").isVisible(), "has no visible title");
    expect(await page.locator(".vp-doc p:not(details p)").last().isVisible(), "has no visible text");
    for (const picture of await page.locator(".vp-doc figure > svg:not(.narrow)").all()) {
      const said = await picture.getAttribute("aria-label");
      expect(await picture.isVisible(), `does not show ${said}`);
    }
    const folded = page.locator(".vp-doc details").first();
    if ((await folded.count()) === 0) continue;
    await folded.locator("summary").click();
    expect(await folded.locator(":scope > :not(summary)").first().isVisible(), "stays folded");
  }
}

/** No button that would do nothing; a phone's menu is below the page. */
export async function menuWithoutScript(page, url) {
  const expect = (holds, complaint) => report.expect("no script", "menu", holds, complaint);
  await page.goto(`${url}/06-poll.html`);
  expect((await page.locator(":is(.VPNav, .VPLocalNav) button:visible").count()) === 0, "has dead buttons");
  const link = page.locator(".VPSidebar a[href$='07-epoll.html']");
  expect(await link.isVisible(), "shows no chapters");
  const bottom = await page.locator(".vp-doc").evaluate((text) => text.getBoundingClientRect().bottom);
  expect((await link.boundingBox())?.y > bottom, "has its chapters above the text");
}

export async function ladderWithoutScript(page, url) {
  const expect = (where, holds, complaint) => report.expect("no script", where, holds, complaint);
  await page.goto(`${url}/ladder-view.html`);
  expect("ladder-view", (await page.locator(".ladder-row:visible").count()) === 6, "has no figure");
  expect("ladder-view", (await page.locator(".ladder button").count()) === 0, "has dead buttons");
  await page.goto(`${url}/index.html`);
  const links = await page.locator("a.ladder-row").evaluateAll((all) =>
    all.map(({ href }) => new URL(href).pathname).join(" "));
  const wanted = "/02-blocking.html /04-threads.html /05-nonblocking.html /06-poll.html " +
    "/07-epoll.html /10-ring.html";
  expect("index", links === wanted, `the rungs lead to ${links}`);
}
