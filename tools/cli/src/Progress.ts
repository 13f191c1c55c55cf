import { Presets, SingleBar } from "cli-progress"
import { Effect } from "effect"

/** A bar on the terminal, or a line now and then where there is none. */
export interface Progress {
  readonly update: (done: number, count: number) => void
}

/** A bar of cli-progress, stopped with the scope. `values` are those of `format` at first. */
export const makeBar = (
  format: string,
  total: number,
  values: Readonly<Record<string, string | number>>
) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const bar = new SingleBar(
        { format, noTTYOutput: true, notTTYSchedule: 2000, hideCursor: true },
        Presets.shades_classic
      )
      bar.start(total, 0, values)
      return bar
    }),
    (bar) => Effect.sync(() => bar.stop())
  )

/** Shows `done` of `total`, and beside it how many events were acknowledged. */
export const makeProgress = (label: string, total: number) =>
  Effect.map(
    makeBar(
      `${label} {bar} {percentage}% | {events} events | {duration_formatted}`,
      total,
      { events: 0 }
    ),
    (bar): Progress => ({
      update: (done, count) => {
        bar.update(Math.min(done, total), { events: count.toLocaleString("en") })
      }
    })
  )
