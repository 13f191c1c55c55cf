import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { Health } from "@analytics/api-common/Health"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Engine from "./engine/Engine.ts"
import * as Dispatcher from "./jobs/Dispatcher.ts"
import { DispatchRepo } from "./jobs/DispatchRepo.ts"
import { JobEvents } from "./jobs/JobEvents.ts"
import { JobRepo } from "./jobs/JobRepo.ts"
import { Jobs } from "./jobs/Jobs.ts"
import * as JobWorkflow from "./jobs/JobWorkflow.ts"
import { Memory } from "./jobs/Memory.ts"
import { RunnerName } from "./jobs/RunnerName.ts"
import { RunningJobs } from "./jobs/RunningJobs.ts"
import { RunRepo } from "./jobs/RunRepo.ts"
import { Wakeups } from "./jobs/Wakeups.ts"
import { ScheduleRepo } from "./schedules/ScheduleRepo.ts"
import { Scheduler } from "./schedules/Scheduler.ts"
import * as SchedulerLoop from "./schedules/SchedulerLoop.ts"
import { Schedules } from "./schedules/Schedules.ts"

/** Without Postgres no job is taken and none goes on. */
const HealthLive = Layer.unwrap(
  Effect.map(SqlClient.SqlClient, (sql) => Health.layer({ postgres: sql`SELECT 1` }))
)

/** What a job in hand needs. */
const RunsLive = RunningJobs.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(RunRepo.layer, Memory.layer, RunnerName.layer))
)

/** This process as a runner: it does jobs, and decides which start if nobody else does. */
const RunnerLive = Layer.mergeAll(
  JobWorkflow.layer,
  Dispatcher.layer,
  SchedulerLoop.layer.pipe(Layer.provide(Scheduler.layer), Layer.provide(JobRepo.layer))
).pipe(
  Layer.provide(Layer.merge(RunsLive, DispatchRepo.layer)),
  Layer.provide(Wakeups.layer),
  Layer.provide(Engine.layer)
)

/** What answers requests; the types of jobs, the stores and the settings come from outside. */
export const BatchLive = Layer.mergeAll(
  RunnerLive,
  Layer.merge(JobEvents.layer, Schedules.layer).pipe(
    Layer.provideMerge(Jobs.layer),
    Layer.provide(ScheduleRepo.layer),
    Layer.provide(JobRepo.layer)
  ),
  Auth.layer.pipe(Layer.provide(KeyLookup.layer)),
  HealthLive
)
