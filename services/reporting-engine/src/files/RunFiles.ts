import { createHash } from "node:crypto"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { ReportDocument } from "@analytics/reports/ReportDocument"
import { Context, Effect, Layer, Option, Schema, Stream } from "effect"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { RunNotFound } from "../runs/RunProblems.ts"

/** A run, as far as its files go. */
interface Place {
  readonly id: string
  readonly projectId: number
}

const folderOf = ({ id, projectId }: Place) => `reports/${projectId}/${id}/`
const documentOf = (place: Place) => `${folderOf(place)}document.json`

const DocumentText = Schema.fromJsonString(ReportDocument)

const away = (error: unknown) =>
  Effect.logError("files of reports cannot be reached", error).pipe(
    Effect.andThen(
      Effect.fail(new ReportsUnavailable({ detail: "The store of objects is away." }))
    )
  )

const gone = () => new RunNotFound({ detail: "Its files are gone." })

/** Documents and files of runs in the object store: `reports/<project>/<run>/…`. */
export class RunFiles extends Context.Service<
  RunFiles,
  {
    /** The SHA-256 (hex) of its text. */
    putDocument(
      place: Place,
      document: ReportDocument
    ): Effect.Effect<string, ReportsUnavailable>
    document(
      place: Place
    ): Effect.Effect<ReportDocument, ReportsUnavailable | RunNotFound>
    /** Whether its document is (still) there: an erasure takes it. */
    hasDocument(place: Place): Effect.Effect<boolean, ReportsUnavailable>
    put(
      place: Place,
      name: string,
      bytes: Uint8Array
    ): Effect.Effect<void, ReportsUnavailable>
    get(
      place: Place,
      name: string
    ): Effect.Effect<Uint8Array, ReportsUnavailable | RunNotFound>
    /** Where such a file of a run is in the object store. */
    keyOf(place: Place, name: string): string
    /** Everything of a run. */
    remove(place: Place): Effect.Effect<void, ReportsUnavailable>
    /** Everything of a project. */
    removeProject(projectId: number): Effect.Effect<void, ReportsUnavailable>
  }
>()("@analytics/reporting-engine/files/RunFiles") {
  static readonly layer = Layer.effect(
    RunFiles,
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const read = (key: string) =>
        Stream.runCollect(store.get(key)).pipe(
          Effect.map((chunks) => new Uint8Array(Buffer.concat([...chunks]))),
          Effect.timeout("60 seconds"),
          Effect.catchTags({
            ObjectNotFound: () => Effect.fail(gone()),
            ObjectStoreUnavailable: away,
            TimeoutError: away
          })
        )
      const put = (key: string, bytes: Uint8Array) =>
        store.put(key, Stream.make(bytes)).pipe(
          Effect.timeout("60 seconds"),
          Effect.catchTags({
            ObjectStoreUnavailable: away,
            ObjectTooLarge: Effect.die,
            TimeoutError: away
          }),
          Effect.asVoid
        )
      const removeAll = (prefix: string) =>
        store.list(prefix).pipe(
          Stream.runForEach(({ key }) => store.remove(key)),
          Effect.catchTag("ObjectStoreUnavailable", away)
        )

      return RunFiles.of({
        putDocument: Effect.fn("RunFiles.putDocument")(function* (place, document) {
          const text = yield* Effect.orDie(Schema.encodeEffect(DocumentText)(document))
          const bytes = new TextEncoder().encode(text)
          yield* put(documentOf(place), bytes)
          return createHash("sha256").update(bytes).digest("hex")
        }),
        document: Effect.fn("RunFiles.document")((place) =>
          Effect.flatMap(read(documentOf(place)), (bytes) =>
            Effect.orDie(
              Schema.decodeEffect(DocumentText)(new TextDecoder().decode(bytes))
            )
          )
        ),
        hasDocument: Effect.fn("RunFiles.hasDocument")((place) =>
          store
            .head(documentOf(place))
            .pipe(
              Effect.timeout("60 seconds"),
              Effect.map(Option.isSome),
              Effect.catchTags({ ObjectStoreUnavailable: away, TimeoutError: away })
            )
        ),
        put: Effect.fn("RunFiles.put")((place, name, bytes) =>
          put(folderOf(place) + name, bytes)
        ),
        get: Effect.fn("RunFiles.get")((place, name) => read(folderOf(place) + name)),
        keyOf: (place, name) => folderOf(place) + name,
        remove: Effect.fn("RunFiles.remove")((place) => removeAll(folderOf(place))),
        removeProject: Effect.fn("RunFiles.removeProject")((projectId) =>
          removeAll(`reports/${projectId}/`)
        )
      })
    })
  )
}
