import { Schema } from "effect"

/** How often each reason was met; the rarest of very many are counted as `other`. */
const Reasons = Schema.Record(Schema.String, Schema.Int)

const file = {
  rows: Schema.Int,
  /** hex SHA-256 of the file as it is stored. */
  sha256: Schema.String
}

const Sent = Schema.Struct({
  dryRun: Schema.Literal(false),
  ...file,
  accepted: Schema.Int.annotate({
    description:
      "Events that are durable. One whose messageId was stored before is stored once; the accounting of the project counts it as a duplicate."
  }),
  rejected: Reasons
})

const WouldSend = Schema.Struct({
  dryRun: Schema.Literal(true),
  ...file,
  events: Schema.Int,
  rejected: Reasons,
  quarantined: Reasons,
  from: Schema.NullOr(Schema.String),
  to: Schema.NullOr(Schema.String),
  eventNames: Schema.Record(Schema.String, Schema.Int),
  sample: Schema.Array(Schema.Unknown).annotate({
    description: "The first few events as they would be sent."
  })
})

export const ImportResult = Schema.Union([Sent, WouldSend])
export type ImportResult = typeof ImportResult.Type
export type SentResult = typeof Sent.Type
export type DryRunResult = typeof WouldSend.Type
