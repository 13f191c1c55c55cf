import { defaultLimit } from "@analytics/api-common/JsonBody"
import { Effect, type ManagedRuntime } from "effect"
import { ModelAccess } from "./ModelAccess.ts"

/** Golden rows of a version are JSON; nothing else that is read as such is larger. */
export const LARGEST_BODY = 32 * 1024 * 1024

/**
 * Bytes of JSON that are read of a request. Reading a large one holds everybody up for a
 * second, so only who has a key may ask for that; what is refused is said by the route.
 */
export const bodyLimit =
  <R, ER>(runtime: ManagedRuntime.ManagedRuntime<R | ModelAccess, ER>) =>
  async ({ headers, url }: Request): Promise<number> => {
    const length = headers.get("content-length")
    if (length !== null && Number(length) <= defaultLimit) return defaultLimit
    const projectId = new URL(url).searchParams.get("projectId")
    return runtime.runPromise(
      Effect.flatMap(ModelAccess, (access) =>
        access.of(
          headers.get("authorization") ?? undefined,
          "predict",
          projectId === null ? undefined : Number(projectId)
        )
      ).pipe(
        Effect.as(LARGEST_BODY),
        Effect.orElseSucceed(() => defaultLimit)
      )
    )
  }
