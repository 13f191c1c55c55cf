import { Layer } from "effect"
import { BatchRepo } from "./BatchRepo.ts"
import { Countries } from "./Countries.ts"
import { EventStore } from "./EventStore.ts"
import { LinkRepo } from "./LinkRepo.ts"
import { Loader } from "./Loader.ts"
import { People } from "./People.ts"
import { Planner } from "./Planner.ts"

/** A loader for the shard of the `ShardLease` it is given. */
export const loaderLayer = Loader.layer.pipe(
  Layer.provide(Layer.mergeAll(Planner.layer, EventStore.layer, People.layer)),
  Layer.provide(Layer.mergeAll(BatchRepo.layer, LinkRepo.layer))
)

/** What all loaders of a process share. */
export const sharedLayer = Countries.layer
