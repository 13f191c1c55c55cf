import { mkdirSync, mkdtempSync, realpathSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Network } from "@analytics/api-common/outgoing/GuardedFetch"
import { ImportConfig } from "@analytics/config/ImportConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Layer, Redacted } from "effect"
import { ImportClient } from "../../src/types/import/ImportClient.ts"
import { ImportSources } from "../../src/types/import/ImportSources.ts"
import { Https } from "../../src/types/import/sources/Https.ts"
import { UploadRepo } from "../../src/uploads/UploadRepo.ts"
import { Uploads } from "../../src/uploads/Uploads.ts"

/** A folder of one test file, with what may be imported in `allowed`. */
export const makeFolder = () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "analytics-import-")))
  const allowed = join(root, "allowed")
  mkdirSync(allowed)
  return { root, allowed, objects: join(root, "objects") }
}

export const nowhere: Network = {
  resolve: () => Promise.reject(new Error("not to be asked")),
  isPublic: () => false
}

/** All that the type `import` needs, over a real Postgres and a folder. */
export const importLayer = (
  folder: ReturnType<typeof makeFolder>,
  {
    ingestion = "http://127.0.0.1:1",
    network = nowhere,
    s3,
    ...config
  }: Partial<ImportConfig["Service"]> & {
    readonly ingestion?: string
    readonly network?: Network
    readonly s3?: { readonly endpoint: string; readonly key: string }
  } = {}
) =>
  Layer.mergeAll(ImportSources.layer, ImportClient.layer).pipe(
    Layer.provideMerge(Uploads.layer),
    Layer.provideMerge(UploadRepo.layer),
    Layer.provideMerge(FolderObjectStore.layerOf(folder.objects)),
    Layer.provide(Https.layerOf(network)),
    Layer.provide(
      ObjectStoreConfig.layerOf({
        place: { kind: "folder", path: folder.objects },
        endpoint: s3?.endpoint,
        region: "us-east-1",
        pathStyle: true,
        credentials: s3 && {
          accessKey: Redacted.make(s3.key),
          secretKey: Redacted.make(s3.key)
        }
      })
    ),
    Layer.provideMerge(
      ImportConfig.layerOf({
        paths: [folder.allowed],
        hosts: [],
        buckets: [],
        maxBytes: 1024 * 1024,
        maxUploadBytes: 64 * 1024,
        uploadRetention: Duration.hours(1),
        maxEventBytes: 32 * 1024,
        ...config
      })
    ),
    Layer.provide(
      ServicesConfig.layerOf({
        analyticsApiUrl: "http://127.0.0.1:1",
        dataIngestionUrl: ingestion,
        mlInferenceUrl: "http://127.0.0.1:1",
        serviceKey: Redacted.make("service")
      })
    ),
    Layer.provideMerge(TestPostgres.client)
  )
