import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { Effect, Layer } from "effect"
import * as FolderObjectStore from "./FolderObjectStore.ts"
import { type ObjectStore, ObjectStoreUnavailable } from "./ObjectStore.ts"

/** The folder or bucket that `ObjectStoreConfig` names. */
export const layer: Layer.Layer<
  ObjectStore,
  ObjectStoreUnavailable,
  ObjectStoreConfig
> = Layer.unwrap(
  Effect.gen(function* () {
    const { place } = yield* ObjectStoreConfig
    if (place.kind === "folder") return FolderObjectStore.layerOf(place.path)
    return yield* new ObjectStoreUnavailable({
      operation: "open",
      key: "",
      detail: "buckets are not supported yet"
    })
  })
)
