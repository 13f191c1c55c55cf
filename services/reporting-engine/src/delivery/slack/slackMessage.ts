import type { Message } from "../Message.ts"

/** What Slack takes, in characters: of a header, of a section, of a field. */
const MOST_HEADER = 150
const MOST_SECTION = 3000
const MOST_FIELD = 2000
/** Fields of one section block. */
const MOST_FIELDS = 10
/** Links to files. */
const MOST_FILES = 20

interface Text {
  readonly type: "plain_text" | "mrkdwn"
  readonly text: string
  readonly emoji?: boolean
  readonly verbatim?: boolean
}

/** A message as Block Kit, within Slack's limits. Everything is text: nobody is paged. */
export const slackMessage = (message: Message): object => {
  const { facts = [], files = [], link, summary, title } = message
  const blocks: Array<object> = [
    { type: "header", text: plain(title, MOST_HEADER) },
    { type: "section", text: plain(summary === "" ? title : summary, MOST_SECTION) }
  ]
  if (facts.length > 0)
    blocks.push({
      type: "section",
      fields: facts
        .slice(0, MOST_FIELDS)
        .map(({ label, value }) =>
          marked(`*${escaped(label)}*\n${escaped(value)}`, MOST_FIELD)
        )
    })
  const links = [
    ...(link === undefined ? [] : [linked(link, "Open")]),
    ...files
      .slice(0, MOST_FILES)
      .flatMap(({ name, url }) => (url === null ? [] : [linked(url, name)]))
  ]
  const text = joined(links, MOST_SECTION)
  if (text !== "")
    blocks.push({ type: "section", text: { type: "mrkdwn", text, verbatim: true } })
  // What notifications show.
  return { text: escaped(cut(title, MOST_HEADER)), blocks }
}

/** As many of the links as fit: half of one is none. */
const joined = (links: ReadonlyArray<string>, most: number): string => {
  let text = ""
  for (const link of links) {
    const next = text === "" ? link : `${text}\n${link}`
    if (next.length <= most) text = next
  }
  return text
}

const plain = (text: string, most: number): Text => ({
  type: "plain_text",
  text: cut(text, most),
  emoji: false
})

const marked = (text: string, most: number): Text => ({
  type: "mrkdwn",
  text: cut(text, most),
  verbatim: true
})

const linked = (url: string, name: string): string =>
  `<${url.replace(/[<>|\s]/gu, encodeURIComponent)}|${escaped(name).replaceAll("|", "/")}>`

/** The three characters that Slack's markup is made of, and those that would be bold. */
const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[*_~`]/gu, "\u200B$&")

/** Neither more than fits nor half a character. */
const cut = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`
