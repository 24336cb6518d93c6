import type { Theme } from "vitepress";
import theme from "vitepress/theme";

import "./book.css";
import Diagram from "./Diagram.vue";
import RingView from "./ring/RingView.vue";

export default {
  extends: theme,
  enhanceApp({ app }) {
    app.component("Diagram", Diagram);
    app.component("RingView", RingView);
  },
} satisfies Theme;
