const shown = 2000; // ms

/** The button of a transcript copies the commands, without prompts and output. */
export function copyCommands() {
  window.addEventListener("click", (click) => {
    const button = click.target as HTMLElement;
    if (!button.matches(".language-console > button.copy") || !navigator.clipboard) return;
    click.stopPropagation(); // VitePress would copy all of it
    const lines = button.parentElement!.querySelector("code")!.textContent!.split("\n");
    const typed = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
    navigator.clipboard.writeText(typed.join("\n")).then(() => {
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), shown);
    });
  }, { capture: true });
}
