import { Layer } from "effect"
import { ImportClient } from "./ImportClient.ts"
import { ImportSources } from "./ImportSources.ts"
import { Https } from "./sources/Https.ts"

/** What imports need besides settings, uploads and the store of objects. */
export const ImportLive = Layer.merge(
  ImportSources.layer.pipe(Layer.provide(Https.layer)),
  ImportClient.layer
)
