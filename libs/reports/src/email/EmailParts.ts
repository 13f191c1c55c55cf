import { Schema } from "effect"

/** A report as an e-mail, as it is handed on between processes. */
export const EmailParts = Schema.fromJsonString(
  Schema.Struct({
    html: Schema.String,
    text: Schema.String,
    images: Schema.Array(
      Schema.Struct({
        cid: Schema.String,
        filename: Schema.String,
        mediaType: Schema.String,
        /** Base64. */
        bytes: Schema.String
      })
    )
  })
)
