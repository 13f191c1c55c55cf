import { vendorNames } from "@analytics/data-processing/import/vendors"
import { Schema } from "effect"

/** Text without control characters, at most `length` UTF-16 units long. */
const text = (length: number) =>
  Schema.String.check(
    Schema.isMinLength(1),
    Schema.isMaxLength(length),
    Schema.isPattern(/^\P{Cc}*$/u)
  )

const Column = text(200)
const Columns = Schema.Array(Column).check(Schema.isMaxLength(1000))

const Source = Schema.Union([
  Schema.Struct({
    upload: Schema.String.check(Schema.isUUID()).annotate({
      description: "The `id` that `POST /v1/uploads` answered."
    })
  }),
  Schema.Struct({
    path: text(4096).annotate({
      description:
        "An absolute path below one of the folders that BATCH_IMPORT_PATHS allows."
    })
  }),
  Schema.Struct({
    url: text(4096).annotate({
      description:
        "`https://…` of a host that BATCH_IMPORT_HOSTS allows, or `s3://bucket/key` of a bucket that BATCH_IMPORT_BUCKETS allows."
    })
  })
])
export type Source = typeof Source.Type

const Mapping = Schema.Struct({
  event: Schema.optionalKey(text(1000)).annotate({
    description: "The same event name for every row."
  }),
  eventColumn: Schema.optionalKey(Column),
  userColumn: Schema.optionalKey(Column),
  anonymousColumn: Schema.optionalKey(Column),
  timestampColumn: Column,
  timestampFormat: Schema.optionalKey(text(60)).annotate({
    description:
      "`iso` (the default), `unix`, `unix_ms`, or a pattern of yyyy MM MMM dd HH mm ss SSS Z."
  }),
  timeOffset: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[+-]\d{2}:\d{2}$/u))
  ).annotate({
    description: "Offset from UTC of times written without one; `+00:00` without it."
  }),
  messageIdColumn: Schema.optionalKey(Column).annotate({
    description:
      "What tells a row apart from all others of the project. Without it: the content of the file and the number of the row."
  }),
  properties: Schema.optionalKey(Columns).annotate({
    description: "Columns that become properties; else all that have no other role."
  }),
  numbers: Schema.optionalKey(Columns),
  booleans: Schema.optionalKey(Columns)
})

export const ImportPayload = Schema.Struct({
  source: Source,
  format: Schema.Literals([
    "csv",
    "columns",
    "ndjson",
    "parquet",
    "apache",
    "nginx"
  ]).annotate({
    description:
      "gzip and zip are told by the first bytes of the file. `columns` are values between blanks; `apache` and `nginx` are access logs in the combined format."
  }),
  from: Schema.optionalKey(Schema.Literals(vendorNames)).annotate({
    description:
      "The system whose export it is: its rows become the events, with the ids, that its client library would have sent here."
  }),
  timeZone: Schema.optionalKey(text(60)).annotate({
    description:
      "With `from: mixpanel` of a project made before 2023: its time zone, as `America/Los_Angeles`, on whose clock the export counts its times. UTC without it."
  }),
  members: Schema.optionalKey(text(1000)).annotate({
    description:
      "Which files of a zip are read, as a glob of their names: `*` for anything but `/`, `**` for anything. All without it."
  }),
  delimiter: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^(?:\t|[^"\p{Cc}])$/u))
  ).annotate({ description: "Between the values of CSV; a comma without it." }),
  columns: Schema.optionalKey(Columns).annotate({
    description: "Names of the columns of CSV, when the file has no line of them."
  }),
  skipLines: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))
  ).annotate({ description: "Lines to leave out at the top of CSV." }),
  mapping: Schema.optionalKey(Mapping).annotate({
    description:
      "Which column becomes which part of a `track`. Without it a request of an access log is a page view, and any other row is an event already: its columns are the fields of the Segment protocol."
  }),
  dryRun: Schema.optionalKey(Schema.Boolean).annotate({
    description: "Report what would happen, and send nothing."
  })
})
export type ImportPayload = typeof ImportPayload.Type
