import { stat, statfs } from "node:fs/promises"
import { Effect } from "effect"
import { type Finding, failure, ok, warning } from "./Finding.ts"

const GIB = 2 ** 30
const LITTLE = 2 * GIB

/** Whether the data has room to grow. */
export const checkDisk = (folder: string): Effect.Effect<Finding> =>
  Effect.tryPromise(() => statfs(folder)).pipe(
    Effect.map(({ bavail, bsize }) => {
      const free = bavail * bsize
      const detail = `${(free / GIB).toFixed(1)} GiB free at ${folder}`
      if (free >= 5 * LITTLE) return ok("disk", detail)
      const remedy = "free some space, or put STACK_DATA on a larger disk"
      return free >= LITTLE
        ? warning("disk", detail, remedy)
        : failure("disk", detail, remedy)
    }),
    Effect.catch(() =>
      Effect.succeed(
        warning("disk", `${folder} cannot be measured`, "name an existing STACK_DATA")
      )
    )
  )

/** The file holds every secret of a local installation. */
export const checkSecrecy = (path: string): Effect.Effect<Finding> =>
  Effect.tryPromise(() => stat(path)).pipe(
    Effect.map(({ mode }) =>
      (mode & 0o077) === 0
        ? ok("stack.json", "readable for its owner alone")
        : failure(
            "stack.json",
            `others may read its keys (mode ${(mode & 0o777).toString(8)})`,
            `chmod 600 ${path}, then rotate the keys`
          )
    ),
    Effect.catch(() =>
      Effect.succeed(
        failure("stack.json", `${path} is gone`, "start the stack: make start")
      )
    )
  )
