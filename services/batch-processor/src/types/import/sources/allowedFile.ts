import { constants } from "node:fs"
import { type FileHandle, open, realpath, stat } from "node:fs/promises"
import { isAbsolute, resolve, sep } from "node:path"

/** Why a path is not read, for whoever gave it. */
export class PathRefused extends Error {}

const isBelow = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

/**
 * Opens a regular file below one of the folders, whatever links lie on the way to it. What
 * lies outside of them is refused alike, whether there is a file or not. So is what lies in
 * `own`, where the installation keeps files of all projects.
 */
export const openAllowed = async (
  path: string,
  folders: ReadonlyArray<string>,
  own: string | undefined
): Promise<FileHandle> => {
  const outside = new PathRefused(
    "It is not below a folder that BATCH_IMPORT_PATHS allows: put the file there, or upload it."
  )
  if (!isAbsolute(path) || path.includes("\0") || path.split(sep).includes(".."))
    throw new PathRefused("Give an absolute path, without `..`.")
  if (!folders.some((folder) => isBelow(path, resolve(folder)))) throw outside
  if (own !== undefined && isBelow(path, resolve(own))) throw ofStore()
  const real = await found(realpath(path))
  const store = own && (await realpath(own).catch(absent))
  if (store && isBelow(real, store)) throw ofStore()
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => undefined)
    if (root !== undefined && isBelow(real, root)) return openThere(real)
  }
  throw outside
}

/** A store that cannot be looked at keeps its files: then nothing is read. */
const absent = (error: unknown): undefined => {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return
  throw error
}

const ofStore = () =>
  new PathRefused(
    "It lies in the object store of the installation, below OBJECT_STORE_URL: upload the file, or put it elsewhere."
  )

/** Non-blocking, because a pipe that nobody writes to would never open. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Links may be put in place while we look: what was opened must still be what is there. */
const openThere = async (real: string): Promise<FileHandle> => {
  const file = await found(open(real, flags))
  try {
    const opened = await file.stat()
    if (!opened.isFile()) throw new PathRefused("It is not a file.")
    const there = await stat(await realpath(real))
    if (there.ino !== opened.ino || (await realpath(real)) !== real)
      throw new PathRefused("It changed while it was opened.")
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

const found = async <A>(looking: Promise<A>): Promise<A> => {
  try {
    return await looking
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP")
      throw new PathRefused("There is no such file.")
    if (code === "EACCES" || code === "EPERM")
      throw new PathRefused("batch-processor may not read it: change its permissions.")
    throw error
  }
}
