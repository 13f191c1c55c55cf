import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { Effect, Layer } from "effect"
import * as FolderObjectStore from "./FolderObjectStore.ts"
import type { ObjectStore, ObjectStoreUnavailable } from "./ObjectStore.ts"

/** The folder or bucket that `ObjectStoreConfig` names. */
export const layer: Layer.Layer<
  ObjectStore,
  ObjectStoreUnavailable,
  ObjectStoreConfig
> = Layer.unwrap(
  Effect.gen(function* () {
    const config = yield* ObjectStoreConfig
    const { place } = config
    if (place.kind === "folder") return FolderObjectStore.layerOf(place.path)
    // The SDK takes its time to load, and who has a folder never needs it.
    const { layerOf } = yield* Effect.promise(() => import("./S3ObjectStore.ts"))
    return layerOf(config, place)
  })
)
