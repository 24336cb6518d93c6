// Where a page is whose address was another one. The old address gets a page that leads there.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const moved = {
  "03-threads": "04-threads",
  "04-nonblocking": "05-nonblocking",
  "05-poll": "06-poll",
  "06-epoll": "07-epoll",
  "07-misbehaving": "08-misbehaving",
  "08-protocols": "09-protocols",
  "09-ring": "10-ring",
  "10-coroutines": "11-coroutines",
  "11-deadlines": "12-deadlines",
  "12-finger": "13-finger",
  "13-hardening": "14-hardening",
  "14-other-systems": "17-other-systems",
  "15-measuring": "16-measuring",
  "16-beyond": "15-beyond",
};

/** The script keeps the part after `#`, which the other two ways lose. */
export function redirect(to) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>This page has moved</title>
<meta name="robots" content="noindex">
<link rel="canonical" href="${to}">
<script>location.replace("${to}" + location.hash)</script>
<meta http-equiv="refresh" content="1; url=${to}">
<p>This page has moved to <a href="${to}">${to}</a>.</p>
`;
}

export function writeRedirects(site) {
  for (const [from, to] of Object.entries(moved)) {
    writeFileSync(join(site, `${from}.html`), redirect(`${to}.html`));
  }
}
