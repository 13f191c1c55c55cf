import { longestText, plainText } from "../format/plainText.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Text that means nothing in HTML, between tags and within quoted attributes. */
export const escapeHtml = (text: string, limit: number = longestText): string =>
  plainText(text, limit).replaceAll(/[&<>"']/gu, (found) => entities[found] ?? "")
