import type { Theme } from "vitepress";
import theme from "vitepress/theme-without-fonts";

import "@fontsource/inter/latin-400.css";
import "@fontsource/inter/latin-600.css";
import "@fontsource/jetbrains-mono/latin-400.css";
import "@fontsource/source-serif-4/latin-400.css";
import "@fontsource/source-serif-4/latin-400-italic.css";
import "@fontsource/source-serif-4/latin-600.css";

import "virtual:colours.css";
import "./type.css";
import "./book.css";
import "./parts.css";
import "./print.css";
import BookLayout from "./BookLayout.vue";
import { copyCommands } from "./copy";
import LadderView from "./ladder/LadderView.vue";
import OwnServer from "./own/OwnServer.vue";
import RingView from "./ring/RingView.vue";

export default {
  extends: theme,
  Layout: BookLayout,
  enhanceApp({ app }) {
    app.component("OwnServer", OwnServer);
    app.component("RecordedLadder", LadderView);
    app.component("RecordedRing", RingView);
    if (!import.meta.env.SSR) copyCommands();
  },
} satisfies Theme;
