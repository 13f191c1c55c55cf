import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import { Cron, Result, Schema } from "effect"

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const
const MOST_CRON = 200

/** When it is sent: a cron expression, or days of the week at a time of the day. */
export const Timing = Schema.Union([
  Schema.Struct({
    cron: Schema.String.annotate({
      description:
        "Minute, hour, day of month, month, day of week, as of any schedule of jobs"
    })
  }),
  Schema.Struct({
    days: Schema.Array(Schema.Literals(days)).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(7)
    ),
    at: Schema.String.check(
      Schema.isPattern(/^([01]\d|2[0-3]):[0-5]\d$/u, { expected: "a time as 08:30" })
    )
  })
]).annotate({ examples: [{ days: ["mon"], at: "08:00" }, { cron: "0 8 1 * *" }] })
export type Timing = typeof Timing.Type

/** The same as a cron expression of five fields. */
export const cronOf = (timing: Timing): string => {
  if ("cron" in timing) return timing.cron
  const [hour = "0", minute = "0"] = timing.at.split(":")
  const numbers = new Set(timing.days.map((day) => days.indexOf(day)))
  const which = numbers.size === 7 ? "*" : [...numbers].sort().join(",")
  return `${Number(minute)} ${Number(hour)} * * ${which}`
}

/** Why it is no time at which anything can be sent; batch-processor may know more. */
export const timingFault = (
  cron: string,
  zone: string
): { readonly pointer: string; readonly detail: string } | undefined => {
  if (timeZone(zone) === undefined)
    return {
      pointer: "/timezone",
      detail: "Expected an IANA time zone such as Europe/Berlin"
    }
  const parsed = Cron.parse(cron, "UTC")
  const isCron =
    cron.length <= MOST_CRON &&
    cron.trim().split(/\s+/u).length === 5 &&
    Result.isSuccess(parsed)
  if (!isCron)
    return {
      pointer: "/schedule/cron",
      detail:
        "Expected five fields: minute, hour, day of month, month, day of week, such as 0 8 * * 1"
    }
  return comesEver(parsed.success)
    ? undefined
    : {
        pointer: "/schedule/cron",
        detail: "There is no such day in any year, so it would never be sent"
      }
}

const comesEver = (cron: Cron.Cron): boolean =>
  Result.isSuccess(Result.try(() => Cron.next(cron, new Date(Date.UTC(2024, 0, 1)))))
