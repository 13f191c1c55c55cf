import { textReader, toEventOf } from "@analytics/data-processing/import/formats"
import {
  exportFault,
  type Vendor,
  vendorNames
} from "@analytics/data-processing/import/vendors"
import { globOf } from "@analytics/data-processing/settings/Glob"
import { Console, Effect, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { importFile } from "../import/importFile.ts"
import { openSource } from "../import/SourceFile.ts"
import { NoTarget, readTarget, stackFlag } from "../Target.ts"

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const list = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.map((value) => value.split(",").map((item) => item.trim())),
    Flag.optional
  )

const formats = ["csv", "ndjson", "apache", "nginx", "columns"] as const

const flags = {
  file: Argument.File("file", { mustExist: true }).pipe(
    Argument.withDescription("The file; .gz and .zip are unpacked")
  ),
  stack: stackFlag,
  writeKey: Flag.Redacted("write-key").pipe(
    Flag.withDescription("The project's write key; else the demo project's"),
    Flag.optional
  ),
  format: Flag.Literals("format", formats).pipe(
    Flag.withDescription("How the file is written; else told by its name"),
    Flag.optional
  ),
  from: Flag.Literals("from", vendorNames).pipe(
    Flag.withDescription("The system whose export it is"),
    Flag.optional
  ),
  timeZone: text("time-zone", "The project's time zone, for Mixpanel's before 2023"),
  members: text("members", "Which files of a zip are read, as a glob of their names"),
  delimiter: Flag.String("delimiter").pipe(
    Flag.withDescription("What separates the values of a CSV file"),
    Flag.withDefault(",")
  ),
  columns: list("columns", "Names of the columns, when the file has no line of them"),
  skipLines: Flag.Int("skip-lines").pipe(
    Flag.withDescription("Lines to leave out at the top"),
    Flag.withDefault(0)
  ),
  event: text("event", "One event name for every row"),
  eventColumn: text("event-column", "The column with the event name"),
  userColumn: text("user-column", "The column with the user id"),
  anonymousColumn: text("anonymous-column", "The column with the anonymous id"),
  timestampColumn: text("timestamp-column", "The column with the time"),
  timestampFormat: Flag.String("timestamp-format").pipe(
    Flag.withDescription(
      "iso, unix, unix_ms, or a pattern of yyyy MM MMM dd HH mm ss SSS Z"
    ),
    Flag.withDefault("iso")
  ),
  timeOffset: Flag.String("time-offset").pipe(
    Flag.withDescription("Offset from UTC of times written without one"),
    Flag.withDefault("+00:00")
  ),
  messageIdColumn: text("message-id-column", "The column with a unique id"),
  properties: list("properties", "Columns that become properties; else all the rest"),
  numbers: list("numbers", "Columns that hold numbers"),
  booleans: list("booleans", "Columns that hold true or false"),
  again: Flag.Boolean("again").pipe(
    Flag.withDescription("Send everything again, also what an earlier run finished"),
    Flag.withDefault(false)
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("Requests in flight at once"),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 }))),
    Flag.withDefault(4)
  )
}

class NoFormat extends Schema.TaggedError<NoFormat>()("NoFormat", {
  message: Schema.String
}) {}

const formatOf = (
  file: string,
  from: Option.Option<Vendor>
): Option.Option<(typeof formats)[number]> => {
  const name = file.replace(/\.gz$/, "")
  if (Option.isSome(from) && !/\.(csv|log)$/.test(name)) return Option.some("ndjson")
  if (name.endsWith(".csv") || name.endsWith(".tsv")) return Option.some("csv")
  if (/\.(ndjson|jsonl)$/.test(name)) return Option.some("ndjson")
  return name.endsWith(".log") ? Option.some("apache") : Option.none()
}

const hashOf = (text: string): string => Bun.hash(text).toString(36)

export const importCommand = Command.make(
  "import",
  flags,
  Effect.fn(function* (given) {
    const { file, skipLines } = given
    const target = yield* readTarget(given.stack)
    const writeKey = Option.orElse(Option.map(given.writeKey, Redacted.value), () =>
      Option.map(target.demo, (demo) => demo.writeKey)
    )
    if (Option.isNone(writeKey))
      return yield* new NoTarget({ message: "name the project: --write-key wk_…" })
    const format = Option.orElse(given.format, () => formatOf(file, given.from))
    if (Option.isNone(format))
      return yield* new NoFormat({ message: `how is ${file} written? --format …` })
    const isMapped = Option.isSome(given.event) || Option.isSome(given.eventColumn)
    const vendor = Option.getOrUndefined(given.from)
    const timeZone = Option.getOrUndefined(given.timeZone)
    const fault = exportFault({
      format: format.value,
      from: vendor,
      isMapped,
      timeZone
    })
    if (fault !== undefined) return yield* new NoFormat({ message: fault.detail })
    const source = yield* openSource(file)
    const mapping = {
      event: Option.getOrUndefined(given.event),
      eventColumn: Option.getOrUndefined(given.eventColumn),
      userColumn: Option.getOrUndefined(given.userColumn),
      anonymousColumn: Option.getOrUndefined(given.anonymousColumn),
      timestampColumn: Option.getOrUndefined(given.timestampColumn),
      timestampFormat: given.timestampFormat,
      timeOffset: given.timeOffset,
      messageIdColumn: Option.getOrUndefined(given.messageIdColumn),
      properties: Option.getOrUndefined(given.properties),
      numbers: Option.getOrElse(given.numbers, () => []),
      booleans: Option.getOrElse(given.booleans, () => [])
    }
    const isNamed = isMapped || vendor !== undefined
    if (!isNamed && (format.value === "csv" || format.value === "columns"))
      return yield* new NoFormat({
        message: "which event is a row? --event NAME or --event-column COLUMN"
      })
    const report = yield* importFile({
      source,
      ingestion: target.ingestion,
      writeKey: writeKey.value,
      reader: textReader(format.value, {
        delimiter: given.delimiter,
        columns: Option.getOrUndefined(given.columns),
        skipLines,
        from: vendor
      }),
      toEvent: toEventOf(
        format.value,
        isMapped ? mapping : undefined,
        vendor,
        timeZone
      ),
      isWanted: Option.getOrUndefined(Option.map(given.members, globOf)),
      state: target.data,
      // Read otherwise, the rows are others, or become others.
      name: `${hashOf(writeKey.value)}-${source.fingerprint}-${hashOf(
        JSON.stringify([
          ...[format.value, vendor, timeZone, isMapped && mapping, given.delimiter],
          ...[Option.getOrUndefined(given.columns), skipLines],
          Option.getOrUndefined(given.members)
        ])
      )}`,
      again: given.again,
      concurrency: given.concurrency
    })
    if (report.resumedAfter > 0)
      yield* Console.log(`continued after row ${report.resumedAfter}`)
    yield* Console.log(
      `${report.lastRow} rows: ${report.accepted} accepted, ` +
        `${report.rejected} rejected, ${report.skipped} unreadable`
    )
    for (const { number, reason } of report.examples)
      yield* Console.log(`  row ${number}: ${reason}`)
  })
).pipe(
  Command.withDescription("Send a file through the ingestion: resumable, idempotent"),
  Command.withExamples([
    {
      command:
        "import orders.csv --event Order --user-column customer --timestamp-column date",
      description: "A CSV file with a line of names"
    },
    { command: "import access.log", description: "An Apache or Nginx access log" },
    {
      command: "import visits.zip --from matomo",
      description: "The export of another system, as it comes"
    },
    { command: "import events.ndjson", description: "Events, one JSON object a line" }
  ])
)
