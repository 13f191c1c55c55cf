import { printable, table } from "../render/table.ts"
import type { Job } from "./Job.ts"

const count = (value: number): string => value.toLocaleString("en")

/** `1,200 of 4,000 rows, 3 duplicates`; empty while nothing is known. */
export const amountOf = ({ progress }: Job): string => {
  if (progress === null) return ""
  const { counts, done, total, unit } = progress
  const amount = `${count(done)}${total === null ? "" : ` of ${count(total)}`} ${unit}`
  const others = Object.entries(counts).map(
    ([name, value]) => `${count(value)} ${name}`
  )
  return printable([amount, ...others].join(", "))
}

/** Seconds as people say them. */
export const timeOf = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}

const between = (from: string, to: string): string =>
  timeOf((Date.parse(to) - Date.parse(from)) / 1000)

/** How it ended, in a line or two. */
export const drawEnd = (job: Job): string => {
  const { error, finishedAt, id, startedAt, state } = job
  const took =
    startedAt !== null && finishedAt !== null
      ? ` after ${between(startedAt, finishedAt)}`
      : ""
  const amount = amountOf(job)
  const first = `${id} ${state}${took}${amount === "" ? "" : `: ${amount}`}`
  return error === null
    ? first
    : `${first}\n${printable(`${error.title}: ${error.detail}`)}`
}

export const drawJobs = (jobs: ReadonlyArray<Job>): string =>
  table(
    ["id", "type", "state", "progress", "created"],
    jobs.map((job) => [job.id, job.type, job.state, amountOf(job), job.createdAt])
  )

/** All that is known of it; what is not there is left out. */
export const drawJob = (job: Job): string => {
  const eta = job.progress?.etaSeconds ?? null
  const rows: ReadonlyArray<readonly [string, unknown]> = [
    ["id", job.id],
    ["type", job.type],
    ["state", job.state],
    ["project", job.projectId === null ? "the installation" : String(job.projectId)],
    ["payload", job.payload],
    ["step", job.step],
    ["progress", amountOf(job)],
    ["to go", eta === null ? null : `about ${timeOf(eta)}`],
    ["error", job.error && `${job.error.title}: ${job.error.detail}`],
    ["result", job.result],
    ["run", job.run > 1 ? String(job.run) : null],
    ["attempts", job.attempts > 1 ? String(job.attempts) : null],
    ["created", `${job.createdAt} by ${job.createdBy}`],
    ["schedule", job.scheduleId],
    ["started", job.startedAt],
    ["finished", job.finishedAt],
    ["runner", job.owner],
    ["trace", job.traceId]
  ]
  const known = rows.filter(([, value]) => value !== null && value !== "")
  return known
    .map(([name, value]) =>
      printable(
        `${name.padEnd(9)} ${typeof value === "string" ? value : JSON.stringify(value)}`
      )
    )
    .join("\n")
}
