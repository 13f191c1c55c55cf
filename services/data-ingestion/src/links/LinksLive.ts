import { Layer } from "effect"
import { LinkRepo } from "../loader/LinkRepo.ts"
import { People } from "../loader/People.ts"
import { WatermarkRepo } from "../watermark/WatermarkRepo.ts"
import { Compaction } from "./Compaction.ts"
import { Links } from "./Links.ts"
import { UndoRepo } from "./UndoRepo.ts"
import { Undos } from "./Undos.ts"

/** Of a process that answers requests: people with more links are left to a loader. */
const fewLinks = { walk: 10_000, walkPerLink: 4, most: 10_000 }

export const LinksLive = Layer.merge(Links.layer, Compaction.layer).pipe(
  Layer.provide(Undos.layer),
  Layer.provide(People.layerOf(fewLinks)),
  Layer.provide(Layer.mergeAll(UndoRepo.layer, LinkRepo.layer, WatermarkRepo.layer))
)

/** Of a loader: what was begun is finished, whoever began it. */
export const undoMaintenance = Undos.maintenance.pipe(
  Layer.provide(Undos.layer),
  Layer.provide(People.layer),
  Layer.provide(Layer.mergeAll(UndoRepo.layer, LinkRepo.layer))
)
