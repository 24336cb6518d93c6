// Adds a button to each console box that the machine can run, to type the box.

import known from "virtual:machine-boxes"; // see ../../machine.js

/** The commands of a fence, each with its further lines. */
function commandsOf(fence) {
  const lines = fence.querySelector("code").textContent.trimEnd().split("\n");
  if (!fence.matches(".language-console")) return lines;
  const commands = [];
  for (const [at, line] of lines.entries()) {
    if (line.startsWith("$ ")) commands.push(line.slice(2));
    else if (line.startsWith("> ") && /^[$>] /.test(lines[at - 1])) {
      commands[commands.length - 1] += `\n${line.slice(2)}`;
    }
  }
  return commands;
}

/** Gives the boxes of the page of this name their buttons. A click calls `run`. */
export function addRunButtons(page, run) {
  const boxes = [...(known.boxes[page] ?? [])];
  const fences = document.querySelectorAll(
    ".vp-doc > div > div:is(.language-console, .language-bash)");
  for (const fence of fences) {
    const commands = commandsOf(fence).join("\n");
    if (boxes[0]?.commands.join("\n") === commands) addButton(boxes.shift(), fence, run);
  }
  // Boxes about what goes wrong: a server with a bug, and commands for it.
  const warnings = [...document.querySelectorAll(".vp-doc .custom-block.bug")];
  for (const bug of known.bugs[page] ?? []) {
    const warning = warnings.find(({ textContent }) => textContent.includes(bug.commands[0]));
    if (warning) addButton(bug, warning, run);
  }
}

function addButton(box, place, run) {
  if (!box.presses || place.querySelector(".run-this")) return;
  const button = document.createElement("button");
  button.className = "run-this";
  button.type = "button";
  button.textContent = "run this";
  button.addEventListener("click", () => run(box, place));
  place.append(button);
}

/** The boxes of a page that have no button, and why. */
export function withoutButton(page) {
  return [...(known.boxes[page] ?? []), ...(known.bugs[page] ?? [])].filter(({ why }) => why);
}
