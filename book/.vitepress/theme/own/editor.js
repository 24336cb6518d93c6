// The editor of the page on which a reader writes a server: CodeMirror 6.

import {
  defaultKeymap, history, historyKeymap, indentWithTab, undo,
} from "@codemirror/commands";
import { cpp } from "@codemirror/lang-cpp";
import { python } from "@codemirror/lang-python";
import { HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { isC } from "./language.js";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--here)" },
  { tag: tags.string, color: "var(--client-c)" },
  { tag: tags.comment, color: "var(--quiet)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--client-b)" },
]);
const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono-font)", lineHeight: "1.5", fontVariantLigatures: "none" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-gutters": { background: "var(--sheet)", color: "var(--quiet)", border: "none" },
  ".wrong": { background: "color-mix(in srgb, var(--wrong) 16%, transparent)" },
});

const mark = StateEffect.define();
const marked = StateField.define({
  create: () => Decoration.none,
  update(marks, { effects, changes, state }) {
    for (const effect of effects) {
      if (!effect.is(mark)) continue;
      if (!effect.value || effect.value > state.doc.lines) return Decoration.none;
      const wrong = Decoration.line({ class: "wrong" });
      return Decoration.set([wrong.range(state.doc.line(effect.value).from)]);
    }
    return marks.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

// A phone has no End key, so a line must not be cut off there.
const narrow = "(max-width: 767px)";

/** Makes an editor with this text. Calls `changed` with each new text. */
export function makeEditor(parent, doc, changed) {
  const language = new Compartment();
  const languageOf = (text) => (isC(text)
    ? [cpp(), indentUnit.of("  ")] : [python(), indentUnit.of("    ")]);
  let wasC = isC(doc);
  function hasChanged({ docChanged, state }) {
    if (!docChanged) return;
    const text = state.doc.toString();
    if (isC(text) !== wasC) {
      wasC = !wasC;
      view.dispatch({ effects: language.reconfigure(languageOf(text)) });
    }
    changed(text);
  }
  const view = new EditorView({
    parent, doc,
    extensions: [
      lineNumbers(), history(), indentOnInput(), language.of(languageOf(doc)), marked, theme,
      syntaxHighlighting(colours), keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      // The tabindex is for axe, which wants one on an element that scrolls.
      EditorView.contentAttributes.of({ "aria-label": "Your server", tabindex: "0" }),
      EditorView.updateListener.of(hasChanged),
      ...(matchMedia(narrow).matches ? [EditorView.lineWrapping] : []),
    ],
  });
  return {
    /** Replaces the text. The reader can undo that. */
    replace(insert) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } });
    },
    /** Marks a line and scrolls to it; 0 for no mark. */
    mark(line) {
      const effects = [mark.of(line)];
      if (line && line <= view.state.doc.lines) {
        const { from } = view.state.doc.line(line);
        // Scrolling to the middle would move the window, too, and the judge's words out of sight.
        effects.push(EditorView.scrollIntoView(from, { y: "nearest", yMargin: 60 }));
      }
      view.dispatch({ effects });
    },
    undo: () => undo(view),
    end: () => view.destroy(),
  };
}
