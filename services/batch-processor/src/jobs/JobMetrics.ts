import { exposed } from "@analytics/observability/exposed"
import { Effect, Metric } from "effect"

const running = exposed(
  Metric.gauge("jobs_running", {
    description: "Jobs that this runner has in hand"
  })
)

const ended = exposed(
  Metric.counter("jobs_ended_total", {
    description: "Jobs that ended on this runner, by type and state",
    incremental: true
  })
)

const duration = exposed(
  Metric.histogram("jobs_run_seconds", {
    description: "Time in which this runner had a job in hand, until it ended",
    boundaries: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400]
  })
)

const waiting = exposed(
  Metric.gauge("jobs_waiting", {
    description: "Jobs in the queue, by type; told by the runner that decides"
  })
)

const oldest = exposed(
  Metric.gauge("jobs_waiting_oldest_seconds", {
    description: "Seconds that the oldest job in the queue has waited, by type"
  })
)

const startedAgain = exposed(
  Metric.counter("jobs_started_again_total", {
    description:
      "Jobs that gave no sign of life and were started again; an alarm when it grows",
    incremental: true
  })
)

const parked = exposed(
  Metric.gauge("jobs_parked", {
    description: "Jobs that wait for a person; told by the runner that decides"
  })
)

export const countParked = (jobs: number) => Metric.update(parked, jobs)

export const countRunning = (jobs: number) => Metric.update(running, jobs)

export const countEnded = (type: string, state: string, seconds: number) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(ended, { type, state }), 1),
    Metric.update(Metric.withAttributes(duration, { type }), seconds)
  )

export const countWaiting = (type: string, jobs: number, oldestSeconds: number) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(waiting, { type }), jobs),
    Metric.update(Metric.withAttributes(oldest, { type }), oldestSeconds)
  )

export const countStartedAgain = Metric.update(startedAgain, 1)
