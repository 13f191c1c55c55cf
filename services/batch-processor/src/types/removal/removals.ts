import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { askService } from "../askService.ts"

/** A removal as data-ingestion tells of it. */
export const Removal = Schema.Struct({
  id: Schema.String,
  state: Schema.Literals(["hidden", "removing", "done"]),
  requestedAt: Schema.String,
  /** All ids of the person; empty once it is done. */
  ids: Schema.Array(Schema.String),
  idHashes: Schema.Array(Schema.String),
  /** What was found, by place. */
  counts: Schema.Record(Schema.String, Schema.Int),
  removedAt: Schema.NullOr(Schema.String),
  doneAt: Schema.NullOr(Schema.String)
})
export type Removal = typeof Removal.Type

/** What a step keeps of it: nobody's id. */
export const Kept = Removal.mapFields(({ ids: _, ...fields }) => fields)
export type Kept = typeof Kept.Type

export const keptOf = ({ ids: _, ...kept }: Removal): Kept => kept

const LOOK = "2 seconds"

/** Hides it from every query before it answers; the same id again is the same removal. */
export const register = Effect.fn("Removal.register")(function* (wanted: {
  readonly id: string
  readonly projectId: number
  readonly kind: "person" | "range" | "expiry"
  readonly ids?: ReadonlyArray<string>
  readonly from?: string
  readonly to?: string
}) {
  const { dataIngestionUrl } = yield* ServicesConfig
  return yield* askService(
    "POST",
    `${dataIngestionUrl}/internal/v1/removals`,
    Removal,
    wanted
  )
})

export const look = Effect.fn("Removal.look")(function* (id: string) {
  const { dataIngestionUrl } = yield* ServicesConfig
  return yield* askService(
    "GET",
    `${dataIngestionUrl}/internal/v1/removals/${id}`,
    Removal
  )
})

/** Waits until nothing of it is left; the limits of the job bound it. */
export const untilDone = Effect.fn("Removal.untilDone")(function* (id: string) {
  const { progress } = yield* JobRun
  for (;;) {
    const removal = yield* look(id)
    const states = ["hidden", "removing", "done"]
    yield* progress({
      done: states.indexOf(removal.state),
      total: 2,
      unit: "steps",
      counts: removal.counts
    })
    if (removal.state === "done") return removal
    yield* Effect.sleep(LOOK)
  }
})
