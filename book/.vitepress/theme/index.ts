import type { Theme } from "vitepress";
import theme from "vitepress/theme";

import "./book.css";
import { copyCommands } from "./copy";
import LadderView from "./ladder/LadderView.vue";
import RingView from "./ring/RingView.vue";

export default {
  extends: theme,
  enhanceApp({ app }) {
    app.component("LadderView", LadderView);
    app.component("RingView", RingView);
    if (!import.meta.env.SSR) copyCommands();
  },
} satisfies Theme;
