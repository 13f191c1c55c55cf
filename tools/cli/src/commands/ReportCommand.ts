import { writeFile } from "node:fs/promises"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Refused } from "../ApiClient.ts"
import {
  Delivery,
  DeliveryPage,
  drawDeliveries,
  drawReports,
  drawTemplates,
  Report,
  ReportPage,
  TemplateList
} from "../reports/Report.ts"
import { openReporting, reportingFlags } from "../reports/Reporting.ts"
import { jsonFlag, payloadOf } from "./JobsCommand.ts"

const formats = ["html", "pdf", "xlsx", "csv", "json", "png"] as const

const reportArgument = Argument.String("report").pipe(
  Argument.withDescription("Id of the report: report list shows it")
)
const parametersFlag = Flag.String("parameters").pipe(
  Flag.withDescription("As a JSON object; @file reads a file, - standard input"),
  Flag.optional
)

const parametersOf = (given: Option.Option<string>) =>
  Option.isSome(given)
    ? Effect.map(payloadOf(given.value), (parameters) => ({ parameters }))
    : Effect.succeed({})

const templates = Command.make(
  "templates",
  { json: jsonFlag, ...reportingFlags },
  Effect.fn(function* ({ json, ...flags }) {
    const reporting = yield* openReporting(flags)
    const found = yield* reporting.call("GET", "/report-templates", TemplateList)
    yield* Console.log(json ? JSON.stringify(found, null, 2) : drawTemplates(found))
  })
).pipe(Command.withDescription("Reports that come with the product"))

const list = Command.make(
  "list",
  { json: jsonFlag, ...reportingFlags },
  Effect.fn(function* ({ json, ...flags }) {
    const reporting = yield* openReporting(flags)
    const page = yield* reporting.call("GET", "/reports?limit=100", ReportPage)
    if (json) return yield* Console.log(JSON.stringify(page, null, 2))
    yield* Console.log(drawReports(page.reports))
    if (page.nextCursor !== null) yield* Console.log("there are more")
  })
).pipe(Command.withDescription("The project's reports"))

const make = Command.make(
  "make",
  {
    template: Argument.String("template").pipe(
      Argument.withDescription("Id of a template: report templates shows them")
    ),
    name: Flag.String("name").pipe(
      Flag.withDescription("What the report is called"),
      Flag.optional
    ),
    parameters: parametersFlag,
    ...reportingFlags
  },
  Effect.fn(function* ({ name, parameters, template, ...flags }) {
    const reporting = yield* openReporting(flags)
    const { id } = yield* reporting.call("POST", "/reports", Report, {
      template,
      ...(Option.isSome(name) ? { name: name.value } : {}),
      ...(yield* parametersOf(parameters))
    })
    yield* Console.log(id)
  })
).pipe(Command.withDescription("Make a report from a template; prints its id"))

const render = Command.make(
  "render",
  {
    report: reportArgument,
    format: Flag.Literals("format", formats).pipe(
      Flag.withDescription("What the file is"),
      Flag.withDefault("pdf" as const)
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("The file; without it one in this folder, named by title"),
      Flag.optional
    ),
    at: Flag.String("at").pipe(
      Flag.withDescription("When its ranges end, as an ISO 8601 instant; now"),
      Flag.optional
    ),
    asOf: Flag.String("as-of").pipe(
      Flag.withDescription("Only what was known by then counts"),
      Flag.optional
    ),
    parameters: parametersFlag,
    ...reportingFlags
  },
  Effect.fn(function* ({ asOf, at, format, out, parameters, report, ...flags }) {
    const reporting = yield* openReporting(flags)
    const { bytes, name } = yield* reporting.file(
      `/reports/${encodeURIComponent(report)}/render?format=${format}`,
      {
        ...(Option.isSome(at) ? { at: at.value } : {}),
        ...(Option.isSome(asOf) ? { asOf: asOf.value } : {}),
        ...(yield* parametersOf(parameters))
      }
    )
    const path = Option.getOrElse(out, () => name)
    yield* Effect.tryPromise({
      try: () => writeFile(path, bytes),
      catch: (error) => new Refused({ status: 0, message: `${path}: ${error}` })
    })
    yield* Console.log(`${path} (${bytes.length} bytes)`)
  })
).pipe(Command.withDescription("Make a file of a report"))

const deliveries = Command.make(
  "deliveries",
  {
    state: Flag.String("state").pipe(
      Flag.withDescription(
        "Only those that are pending, sending, delivered, refused, uncertain or unsubscribed"
      ),
      Flag.optional
    ),
    json: jsonFlag,
    ...reportingFlags
  },
  Effect.fn(function* ({ json, state, ...flags }) {
    const reporting = yield* openReporting(flags)
    const only = Option.isSome(state) ? `&state=${encodeURIComponent(state.value)}` : ""
    const path = `/deliveries?limit=50${only}`
    if (json) {
      const answer = yield* reporting.call("GET", path, Schema.Unknown)
      return yield* Console.log(JSON.stringify(answer, null, 2))
    }
    const page = yield* reporting.call("GET", path, DeliveryPage)
    yield* Console.log(drawDeliveries(page.deliveries))
    if (page.nextCursor !== null) yield* Console.log("there are older ones")
  })
).pipe(Command.withDescription("What was sent to whom, and how that ended"))

const resend = Command.make(
  "resend",
  {
    delivery: Argument.String("delivery").pipe(
      Argument.withDescription("Id of the delivery: report deliveries shows it")
    ),
    ...reportingFlags
  },
  Effect.fn(function* ({ delivery, ...flags }) {
    const reporting = yield* openReporting(flags)
    const path = `/deliveries/${encodeURIComponent(delivery)}/resend`
    const { recipient, state } = yield* reporting.call("POST", path, Delivery, {})
    yield* Console.log(`${recipient}: ${state}`)
  })
).pipe(Command.withDescription("Send a message once more"))

export const reportCommand = Command.make("report").pipe(
  Command.withDescription("Reports: make, render, and see what was sent"),
  Command.withSubcommands([templates, list, make, render, deliveries, resend])
)
