import { Layer } from "effect"
import { Admission } from "./Admission.ts"
import { ArtifactCache } from "./ArtifactCache.ts"
import { ArtifactRepo } from "./ArtifactRepo.ts"
import { Artifacts } from "./Artifacts.ts"
import { DesiredRepo } from "./DesiredRepo.ts"
import * as Leftovers from "./Leftovers.ts"
import { ModelRepo } from "./ModelRepo.ts"
import { Models } from "./Models.ts"
import { Placement } from "./Placement.ts"
import { PlacementRepo } from "./PlacementRepo.ts"
import * as PostgresDesiredModels from "./PostgresDesiredModels.ts"
import { RegistryNotes } from "./RegistryNotes.ts"
import { VersionRepo } from "./VersionRepo.ts"
import { Versions } from "./Versions.ts"

const ReposLive = Layer.mergeAll(
  ArtifactRepo.layer,
  ModelRepo.layer,
  PlacementRepo.layer,
  VersionRepo.layer
)

/** What this process is to have ready. */
export const DesiredLive = PostgresDesiredModels.layer.pipe(
  Layer.provideMerge(ArtifactCache.layer),
  Layer.provide(Layer.merge(DesiredRepo.layer, RegistryNotes.layer))
)

/** The rules of the registry; what is served, and executors, come from outside. */
export const RegistryLive = Layer.mergeAll(
  Artifacts.layer,
  Versions.layer.pipe(Layer.provide(Admission.layer)),
  Placement.layer,
  Leftovers.layer
).pipe(Layer.provideMerge(Models.layer), Layer.provide(ReposLive))
