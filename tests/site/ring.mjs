// Tries the ring view, and whether there is room for its words at every step.

import { readFileSync } from "node:fs";

import { scenes } from "../../book/.vitepress/theme/ring/scenes.js";
import { report } from "./browser.mjs";

// The page's scenes, because a new recording has different steps.
const told = scenes(readFileSync(new URL("../../book/ring-view.md", import.meta.url), "utf8"));
const [, talks, both] = told.map(({ first }) => first + 1);
const trace = new URL("../../book/fig/ring-trace.json", import.meta.url);
const widths = [360, 390, 768, 1366]; // px

const hash = (page) => page.evaluate(() => window.location.hash);

export async function ringView(page, url) {
  await page.goto(`${url}/ring-view.html`, { waitUntil: "networkidle" });
  const view = page.locator(".ring-view");
  const expect = (holds, complaint) => report.expect("ring view", "ring-view", holds, complaint);
  const step = async () => Number(/Step (\d+) of/.exec(await view.innerText())[1]);
  const button = (name) => view.getByRole("button", { name, exact: true });
  const scene = () => view.locator(".ring-scenes [aria-current]").innerText();
  await view.waitFor();
  expect((await scene()) === "A talks", `it begins with ${await scene()}`);
  expect((await page.locator("#fig-ring-view").count()) === 0, "the still figure is there as well");

  await view.focus();
  const outline = await view.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline !== "none", "its focus cannot be seen");
  const last = Number(/Step \d+ of (\d+)/.exec(await view.innerText())[1]);
  for (const [key, wanted] of [["ArrowRight", talks + 1], ["ArrowLeft", talks],
    ["Shift+ArrowRight", both], ["ArrowRight", both + 1], ["Shift+ArrowLeft", both],
    ["Shift+ArrowLeft", talks], ["End", last], ["ArrowRight", last], ["Home", 1],
    ["ArrowLeft", 1]]) {
    await page.keyboard.press(key);
    expect((await step()) === wanted, `${key} goes to step ${await step()}, not ${wanted}`);
  }
  const live = await view.locator(".ring-text").getAttribute("aria-live");
  expect(live === "polite", "a step is not announced");
  expect((await hash(page)) === "#step=1", `the address is ${await hash(page)}`);

  const wait = told.find(({ title }) => title === "The wait ends");
  const [asked, sentence] = Object.entries(wait.says)[1];
  await page.getByRole("link", { name: `${Number(asked) + 1}`, exact: true }).click();
  await view.getByText(`Step ${Number(asked) + 1} of`).waitFor();
  await page.waitForTimeout(300);
  const top = await view.evaluate((element) => element.getBoundingClientRect().top);
  expect(top >= 0 && top < 200, `the link to a step does not show the view, but ${top}`);
  const said = await view.locator(".ring-says").innerText();
  expect(said === sentence, `step ${Number(asked) + 1} says ${said}`);

  const links = await page.locator('.vp-doc td a[href^="#step="]').count();
  const marks = await view.locator(".ring-marks path").getAttribute("d");
  expect(marks.match(/M/g).length === links, `of ${links} steps with a sentence are marked ${marks}`);

  for (const one of await view.locator(".ring-scenes button").all()) {
    await one.click();
    const watch = view.locator(".ring-watch:visible");
    expect(await watch.isVisible(), `${await one.innerText()}: nothing to watch`);
  }
  await button("The wait ends").click();
  await view.getByLabel("Speed").selectOption("4");
  await view.focus();
  await page.keyboard.press("Space");
  await button("Pause").waitFor();
  await button("Play").waitFor();
  expect((await step()) === wait.next, `that scene ends with step ${await step()}`);

  await button("A talks").click();
  await page.emulateMedia({ reducedMotion: "reduce" });
  const moves = await view.locator(".ring-wide .ring-box").first()
    .evaluate((box) => getComputedStyle(box).transitionDuration);
  expect(moves === "0s", "it moves, and is asked not to");
  await openOwn(page, view, expect, step, last);
}

/** Opens the trace as a server writes it, without names of clients, and a file without a trace. */
async function openOwn(page, view, expect, step, last) {
  const { traceEvents } = JSON.parse(readFileSync(trace, "utf8"));
  const input = view.locator("input[type=file]");
  const file = (text) =>
    ({ name: "mine.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await input.setInputFiles(file(JSON.stringify(traceEvents.slice(0, 40))));
  await view.getByRole("button", { name: "Your own run" }).waitFor();
  await page.keyboard.press("End");
  await view.focus();
  await page.keyboard.press("End");
  expect((await step()) < last, "the recorded run is still shown");
  const drawn = await view.locator(".ring-wide").innerText();
  expect(/waits for/.test(drawn), `no client waits in a run of one's own: ${drawn}`);
  await input.setInputFiles(file('{"a": 1}'));
  await view.getByRole("alert").waitFor();
  await view.getByRole("button", { name: "Back to the recorded run" }).click();
  expect((await step()) === talks, "there is no way back");
}

/** Runs in the page. Steps through the run, and returns words that are cut or cover each other. */
async function crowded() {
  const slider = document.querySelector(".ring-view input[type=range]");
  const found = [];
  for (let step = 0; step <= Number(slider.max); ++step) {
    slider.value = step;
    slider.dispatchEvent(new Event("input"));
    await new Promise(requestAnimationFrame);
    const shown = [...document.querySelectorAll(".ring-view svg text")]
      .map((text) => ({ text, box: text.getBoundingClientRect() }))
      .filter(({ text, box }) => box.width > 0 && text.textContent);
    for (const { text, box } of shown) {
      const frame = text.ownerSVGElement.getBoundingClientRect();
      const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top &&
        box.bottom <= frame.bottom;
      if (!inside) found.push(`step ${step + 1}: ${text.textContent} is cut`);
    }
    shown.forEach(({ text, box }, i) => shown.slice(i + 1).forEach((other) => {
      const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (wide > 1 && high > 4) {
        found.push(`step ${step + 1}: ${text.textContent} is over ${other.text.textContent}`);
      }
    }));
  }
  return found;
}

export async function ringFits(page, url) {
  await page.emulateMedia({ reducedMotion: "reduce" }); // otherwise boxes are moving
  await page.goto(`${url}/ring-view.html`, { waitUntil: "networkidle" });
  const view = page.locator(".ring-view");
  await view.waitFor();
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const found = await page.evaluate(crowded);
    report.expect("ring fits", `${width} px`, found.length === 0, found.slice(0, 20).join("; "));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    report.expect("ring fits", `${width} px`, wide <= width, `is ${wide} px wide`);
  }
}

export async function ringWithoutScript(page, url) {
  await page.goto(`${url}/ring-view.html`);
  const figure = page.locator("#fig-ring-view > svg");
  const expect = (holds, complaint) => report.expect("no script", "ring-view", holds, complaint);
  expect(await figure.isVisible(), "there is no still figure");
  const words = (await figure.getAttribute("aria-label"))?.split(" ").length ?? 0;
  expect(words > 20, "the figure's text says too little");
  expect((await page.locator(".ring-view").count()) === 0, "there are buttons without a script");
}
