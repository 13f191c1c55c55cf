import { Schema } from "effect"

/** A file of the object store that goes with a message. */
export const MessageFile = Schema.Struct({
  /** As the recipient sees it: `weekly.pdf`. */
  name: Schema.String,
  mediaType: Schema.String,
  /** In the object store. */
  key: Schema.String,
  bytes: Schema.Int,
  /** Signed and expiring, for what is too large to attach; null: there is none. */
  url: Schema.NullOr(Schema.String)
})
export type MessageFile = typeof MessageFile.Type

/** What a recipient is told, whatever the channel. Everything in it is text. */
export const Message = Schema.Struct({
  kind: Schema.Literals(["report", "revised", "failure", "alert", "test"]),
  /** One line: the subject. */
  title: Schema.String,
  /** A few lines of plain text: what a chat shows, and an e-mail without HTML begins with. */
  summary: Schema.String,
  /** The whole of it as plain text; `summary` without it. */
  text: Schema.optionalKey(Schema.String),
  /** An e-mail's HTML, whose images are `cid:<cid>` of `images`. */
  html: Schema.optionalKey(Schema.String),
  images: Schema.optionalKey(
    Schema.Array(Schema.Struct({ cid: Schema.String, ...MessageFile.fields }))
  ),
  files: Schema.optionalKey(Schema.Array(MessageFile)),
  /** Where more is to be seen. */
  link: Schema.optionalKey(Schema.String),
  /** Shown beside each other: `{label: "Visitors", value: "1,204 (−38 %)"}`. */
  facts: Schema.optionalKey(
    Schema.Array(Schema.Struct({ label: Schema.String, value: Schema.String }))
  ),
  /** What webhooks receive as `data`, JSON. */
  data: Schema.Json,
  /** When it was so, ISO 8601: what webhooks receive as `timestamp`. */
  at: Schema.String
})
export type Message = typeof Message.Type
