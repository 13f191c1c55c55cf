import type { Dirent } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { ObjectInfo } from "./ObjectStore.ts"

/** The files below `folder` whose path begins with `prefix`, in the order of their paths. */
export async function* listFolder(
  folder: string,
  prefix: string
): AsyncGenerator<ObjectInfo, void> {
  const slash = prefix.lastIndexOf("/") + 1
  yield* within(folder, prefix.slice(0, slash), prefix.slice(slash))
}

/** `path` is empty or ends with a slash; of what is in it, what begins with `start`. */
async function* within(
  folder: string,
  path: string,
  start: string
): AsyncGenerator<ObjectInfo, void> {
  const entries = await entriesOf(join(folder, path))
  // A folder sorts as its keys do: `a-b` before `a/b`.
  const named = entries
    .filter(({ name }) => name.startsWith(start) && !name.startsWith("."))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort((one, other) => (one < other ? -1 : 1))
  for (const name of named)
    if (name.endsWith("/")) yield* within(folder, path + name, "")
    else {
      const found = await infoOf(folder, path + name)
      if (found !== undefined) yield found
    }
}

/** What is gone meanwhile is not listed. */
const infoOf = async (folder: string, key: string): Promise<ObjectInfo | undefined> => {
  try {
    const found = await stat(join(folder, key))
    return found.isFile()
      ? { key, bytes: found.size, modifiedAt: found.mtime }
      : undefined
  } catch (cause) {
    if (isGone(cause)) return undefined
    throw cause
  }
}

const entriesOf = async (path: string): Promise<ReadonlyArray<Dirent>> => {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (cause) {
    if (isGone(cause)) return []
    throw cause
  }
}

const isGone = (cause: unknown): boolean =>
  cause instanceof Error &&
  "code" in cause &&
  (cause.code === "ENOENT" || cause.code === "ENOTDIR")
