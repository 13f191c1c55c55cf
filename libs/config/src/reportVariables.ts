import * as Kind from "./Kind.ts"
import { defaulted, type Process, required } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["reporting-engine"]

/** Of the processes that make reports, send them and watch insights. */
export const reportVariables = {
  REPORTING_SECRET: required(Kind.secret, {
    of,
    description:
      "At least 32 characters. Passwords and addresses of destinations are encrypted with it, and links to files signed; whoever replaces it must set destinations anew."
  }),
  REPORTING_PUBLIC_URL: defaulted(Kind.url, "http://127.0.0.1:4003", {
    of,
    description:
      "Where readers of reports reach reporting-engine: links in messages begin with it."
  }),
  BATCH_PROCESSOR_URL: defaulted(Kind.url, "http://127.0.0.1:4004", {
    of,
    description: "Where schedules of subscriptions are kept."
  }),
  REPORT_SECTIONS_AT_ONCE: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 64 }),
    "4",
    { of, description: "Queries that one report asks at once." }
  ),
  REPORT_RENDERERS: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 64 }), "2", {
    of,
    description: "Processes that render documents, one document at a time each."
  }),
  REPORT_RENDER_MEMORY: defaulted(Kind.byteSize, "1 GiB", {
    of,
    description:
      "Data segment of one of them, 512 MiB at least; one that asks for more ends, and its document fails."
  }),
  REPORT_RENDER_TIMEOUT: defaulted(Kind.duration, "60 seconds", {
    of,
    description: "How long a document may take to render; then its process is killed."
  }),
  REPORT_RENDER_QUEUE: defaulted(
    Kind.wholeNumber({ minimum: 0, maximum: 10_000 }),
    "64",
    { of, description: "Documents that may wait for a process; more get 429." }
  ),
  REPORT_RENDERS_PER_PROCESS: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1_000_000 }),
    "100",
    { of, description: "Documents after which a process is replaced by a new one." }
  ),
  REPORT_RETENTION: defaulted(Kind.duration, "400 days", {
    of,
    description: "How long runs and their files are kept."
  }),
  REPORT_LINK_LIFETIME: defaulted(Kind.duration, "7 days", {
    of,
    description: "How long a signed link to a file works."
  })
}
