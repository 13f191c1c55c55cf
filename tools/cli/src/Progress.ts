import { Presets, SingleBar } from "cli-progress"
import { Effect } from "effect"

/** A bar on the terminal, or a line now and then where there is none. */
export interface Progress {
  readonly update: (done: number, count: number) => void
}

/** Shows `done` of `total`, and beside it how many events were acknowledged. */
export const makeProgress = (label: string, total: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const bar = new SingleBar(
        {
          format: `${label} {bar} {percentage}% | {events} events | {duration_formatted}`,
          noTTYOutput: true,
          notTTYSchedule: 2000,
          hideCursor: true
        },
        Presets.shades_classic
      )
      bar.start(total, 0, { events: 0 })
      const progress: Progress = {
        update: (done, count) => {
          bar.update(Math.min(done, total), { events: count.toLocaleString("en") })
        }
      }
      return { bar, progress }
    }),
    ({ bar }) => Effect.sync(() => bar.stop())
  ).pipe(Effect.map(({ progress }) => progress))
