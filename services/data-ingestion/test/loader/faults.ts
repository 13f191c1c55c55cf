import { ClickHouse, type InsertRequest } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Cause, Effect, Exit, Layer } from "effect"
import { Loader } from "../../src/loader/Loader.ts"
import { freshLoader } from "./loaderTest.ts"

export type Insert = ClickHouse["Service"]["insert"]

/** A ClickHouse whose inserts go through `change`. */
export const inserting = (
  change: (request: InsertRequest, real: ClickHouse["Service"]) => ReturnType<Insert>
) =>
  Layer.effect(
    ClickHouse,
    Effect.map(ClickHouse, (real) =>
      ClickHouse.of({ ...real, insert: (request) => change(request, real) })
    )
  )

export const failure = (kind: ClickHouseError["kind"]) =>
  Effect.fail(new ClickHouseError({ kind, reason: "injected", queryId: "" }))

export class Crash extends Error {}
export const crash = Effect.die(new Crash("injected"))

/** Loads what is there, with a loader that knows nothing from before. */
export const drain = Effect.flatMap(Loader, (loader) => loader.drain).pipe(
  Effect.provide(freshLoader)
)

export const drainWith = (clickHouse: ReturnType<typeof inserting>) =>
  drain.pipe(Effect.provide(clickHouse))

/** The same, and it must crash. */
export const drainUntilCrash = <E, R>(draining: Effect.Effect<void, E, R>) =>
  Effect.flatMap(Effect.exit(draining), (exit) =>
    Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Crash
      ? Effect.void
      : Effect.die(new Error(`it should have crashed: ${exit}`))
  )
