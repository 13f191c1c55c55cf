import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Stream } from "effect"
import { JobUnavailable } from "../../jobs/JobType.ts"

const away = (error: { readonly _tag: string }) =>
  new JobUnavailable({ what: "object store", detail: error._tag })

/** A shorter id is found by chance in other texts: only a whole text is one. */
export const LONG = 8

/** How ids look in JSON. */
const textsOf = (ids: ReadonlyArray<string>): ReadonlyArray<Buffer> =>
  ids.map((id) => {
    const text = JSON.stringify(id)
    return Buffer.from(id.length < LONG ? text : text.slice(1, -1))
  })

/**
 * Folders of kept reports whose document was made until an instant (epoch milliseconds) and
 * names one of these ids, as a table of people does.
 */
const namedReports = Effect.fnUntraced(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  until: number
) {
  if (ids.length === 0) return []
  const store = yield* ObjectStore
  const texts = textsOf(ids)
  return yield* store.list(`reports/${projectId}/`).pipe(
    Stream.filter(
      ({ key, modifiedAt }) =>
        key.endsWith("/document.json") && modifiedAt.getTime() <= until
    ),
    Stream.filterEffect(({ key }) =>
      Stream.runCollect(store.get(key)).pipe(
        Effect.map((chunks) => {
          const document = Buffer.concat([...chunks])
          return texts.some((text) => document.includes(text))
        }),
        // It expired meanwhile.
        Effect.catchTag("ObjectNotFound", () => Effect.succeed(false))
      )
    ),
    Stream.map(({ key }) => key.slice(0, key.lastIndexOf("/") + 1)),
    Stream.runCollect,
    Effect.map((folders) => [...folders]),
    Effect.mapError(away)
  )
})

export const countReports = Effect.fn("Removal.countReports")(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  until: number
) {
  return (yield* namedReports(projectId, ids, until)).length
})

/** Files of these reports go; their runs stay, and say that the files are gone. */
export const removeReports = Effect.fn("Removal.removeReports")(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  until: number
) {
  const store = yield* ObjectStore
  for (const folder of yield* namedReports(projectId, ids, until))
    yield* store.list(folder).pipe(
      Stream.runForEach(({ key }) =>
        // The document last: whoever does this again finds the folder by it.
        key.endsWith("/document.json") ? Effect.void : store.remove(key)
      ),
      Effect.andThen(store.remove(`${folder}document.json`)),
      // Who has rendered it meanwhile sees that it is gone, or is seen here.
      Effect.andThen(
        store.list(folder).pipe(Stream.runForEach(({ key }) => store.remove(key)))
      ),
      Effect.mapError(away)
    )
})
