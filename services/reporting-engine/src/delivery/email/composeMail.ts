import MailComposer from "nodemailer/lib/mail-composer"
import type { Message } from "../Message.ts"

/** The bytes of what goes with a message. */
export interface MailFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

export interface MailParts {
  readonly from: string
  readonly to: string
  /** `<…@…>`: the same for every attempt, so that mail systems know them. */
  readonly messageId: string
  readonly date: Date
  readonly message: Message
  readonly unsubscribe: string
  readonly images: ReadonlyArray<MailFile & { readonly cid: string }>
  readonly attachments: ReadonlyArray<MailFile>
  /** Files too large to attach. */
  readonly links: ReadonlyArray<{ readonly name: string; readonly url: string }>
}

/** One e-mail to one recipient, as bytes. */
export const composeMail = (parts: MailParts): Promise<Buffer> => {
  const { attachments, date, from, images, message, messageId, to, unsubscribe } = parts
  const composer = new MailComposer({
    from: oneLine(from),
    // A list or a group would be several recipients.
    to: { name: "", address: to },
    subject: oneLine(message.title),
    messageId,
    date,
    text: textOf(parts),
    ...(message.html === undefined ? {} : { html: htmlOf(parts, message.html) }),
    headers: {
      "Auto-Submitted": "auto-generated",
      "List-Unsubscribe": `<${unsubscribe}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"
    },
    attachments: [
      ...images.map(({ bytes, cid, mediaType, name }) => ({
        filename: oneLine(name),
        contentType: oneLine(mediaType),
        content: Buffer.from(bytes),
        contentDisposition: "inline" as const,
        cid: oneLine(cid)
      })),
      ...attachments.map(({ bytes, mediaType, name }) => ({
        filename: oneLine(name),
        contentType: oneLine(mediaType),
        content: Buffer.from(bytes)
      }))
    ],
    // Nothing is fetched or read from disk, whatever a value looks like.
    disableFileAccess: true,
    disableUrlAccess: true
  })
  return composer.compile().build()
}

const MOST_LINE = 500

/** A header is one line, whatever was written into it. */
export const oneLine = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/gu, " ")
    .trim()
    .slice(0, MOST_LINE)

const textOf = ({ links, message, unsubscribe }: MailParts): string =>
  [
    message.text ?? message.summary,
    ...(message.facts ?? []).map(({ label, value }) => `${label}: ${value}`),
    ...(message.link === undefined ? [] : [`See more: ${message.link}`]),
    ...links.map(({ name, url }) => `${name}: ${url}`),
    `-- \nHear no more of this: ${unsubscribe}`
  ].join("\n\n")

const htmlOf = ({ links, message, unsubscribe }: MailParts, html: string): string => {
  const items = [
    ...(message.link === undefined ? [] : [linked(message.link, "See more")]),
    ...links.map(({ name, url }) => linked(url, name)),
    linked(unsubscribe, "Hear no more of this")
  ]
  const footer = `<div style="font:13px/1.5 sans-serif;color:#555;padding:16px">${items.join("<br>")}</div>`
  const end = html.lastIndexOf("</body>")
  return end === -1 ? html + footer : html.slice(0, end) + footer + html.slice(end)
}

const linked = (url: string, text: string): string =>
  `<a href="${escaped(url)}" style="color:#555">${escaped(text)}</a>`

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
