import { printable, table } from "../render/table.ts"
import type { Schedule } from "./Schedule.ts"

const reasons: Readonly<Record<string, string>> = {
  overlap: "the job before was not finished",
  missed: "nothing was there to start them in time",
  merged: "a later run stands for them"
}

const nextOf = ({ dueSince, nextRuns, pausedAt }: Schedule): string => {
  if (pausedAt !== null) return "paused"
  return dueSince === null
    ? (nextRuns[0]?.local ?? "never")
    : "waits for the job before"
}

export const drawSchedules = (schedules: ReadonlyArray<Schedule>): string =>
  table(
    ["id", "name", "type", "cron", "next", "last job"],
    schedules.map((schedule) => [
      schedule.id,
      schedule.name,
      schedule.type,
      `${schedule.cron} ${schedule.timezone}`,
      nextOf(schedule),
      schedule.lastJob?.state ?? ""
    ])
  )

/** All of it, with the next runs in UTC and by its own clock. */
export const drawSchedule = (schedule: Schedule): string => {
  const { lastJob, lastSkipped, nextRuns, projectId } = schedule
  const lines: ReadonlyArray<readonly [string, string | null]> = [
    ["id", schedule.id],
    ["name", schedule.name],
    ["job", `${schedule.type} ${JSON.stringify(schedule.payload)}`],
    ["project", projectId === null ? "the installation" : String(projectId)],
    [
      "cron",
      `${schedule.cron} in ${schedule.timezone}, missed runs: ${schedule.missed}`
    ],
    ["paused", schedule.pausedAt],
    ["waits", schedule.dueSince && `for the job before, since ${schedule.dueSince}`],
    ["last job", lastJob && `${lastJob.id} ${lastJob.state}, ${lastJob.createdAt}`],
    [
      "left out",
      lastSkipped &&
        `${schedule.skippedRuns} runs; last ${lastSkipped.runs} from ${lastSkipped.from} to ${lastSkipped.to}: ${reasons[lastSkipped.reason] ?? lastSkipped.reason}`
    ],
    ...nextRuns.map(
      ({ at, local }, index) => [index === 0 ? "next" : "", `${at}  ${local}`] as const
    )
  ]
  return lines
    .filter(([, value]) => value !== null)
    .map(([name, value]) => printable(`${name.padEnd(9)} ${value}`))
    .join("\n")
}
