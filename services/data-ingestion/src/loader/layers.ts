import { Layer } from "effect"
import { KnownRemovals } from "../removals/KnownRemovals.ts"
import { RemovalRepo } from "../removals/RemovalRepo.ts"
import { BatchRepo } from "./BatchRepo.ts"
import { EventStore } from "./EventStore.ts"
import { LinkRepo } from "./LinkRepo.ts"
import { Loader } from "./Loader.ts"
import { People } from "./People.ts"
import { Planner } from "./Planner.ts"
import { SeenStore } from "./SeenStore.ts"
import { ShardLease } from "./ShardLease.ts"
import { ShardMoves } from "./ShardMoves.ts"

/** Everything of a loader but its lease; tests put something between the parts. */
export const partsLayer = Layer.mergeAll(
  Planner.layer,
  EventStore.layer,
  People.layer,
  ShardMoves.layer
).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      BatchRepo.layer,
      LinkRepo.layer,
      SeenStore.layer,
      KnownRemovals.layer
    )
  ),
  Layer.provide(RemovalRepo.layer)
)

/** A loader for one shard, from the moment it gets hold of it; see `ShardLease.layer`. */
export const loaderLayer = (shard: number, patient = true) =>
  Layer.fresh(Loader.layer.pipe(Layer.provide(partsLayer))).pipe(
    Layer.provideMerge(Layer.fresh(ShardLease.layer(shard, patient)))
  )
