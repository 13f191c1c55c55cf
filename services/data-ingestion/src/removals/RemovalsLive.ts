import { Layer } from "effect"
import { LinkRepo } from "../loader/LinkRepo.ts"
import { Hiding } from "./Hiding.ts"
import { RemovalLedger } from "./RemovalLedger.ts"
import { RemovalRepo } from "./RemovalRepo.ts"
import { Removals } from "./Removals.ts"

/** Of a process that answers requests: it hides; loaders remove. */
export const RemovalsLive = Removals.layer.pipe(
  Layer.provide(Layer.merge(Hiding.layer, RemovalLedger.layer)),
  Layer.provide(Layer.mergeAll(RemovalRepo.layer, LinkRepo.layer))
)
