import type { RandomAccess } from "./RandomAccess.ts"
import type { Bytes, Position, Reader, Rows } from "./Row.ts"
import { behind, gunzipped, magics, peeked } from "./unpacked.ts"
import { ArchiveUnreadable, contentOf, type Member, membersOf } from "./zip.ts"

/** Which files of an archive are read, and who is told how far. */
export interface ZipOptions {
  /** By name; all without it. */
  readonly isWanted?: ((name: string) => boolean) | undefined
  /** Told the bytes of the archive that were read, before each block of rows. */
  readonly onBytes?: ((done: number) => void) | undefined
}

/** Files may grow to so many times their size in the archive, and by this at least. */
const MOST_RATIO = 250
const LEAST_ALLOWED = 64 * 1024 * 1024

/**
 * The rows of all files of an archive, one after the other in the order of its directory,
 * gzipped or not. Row numbers go on from file to file; a position is a place in a file.
 */
export async function* zipRows(
  file: RandomAccess,
  reader: Reader,
  from: Position,
  { isWanted, onBytes }: ZipOptions = {}
): AsyncGenerator<Rows> {
  const all = await membersOf(file)
  const members = all.filter(({ name }) => isWanted?.(name) ?? true)
  if (members.length === 0)
    throw new ArchiveUnreadable(
      all.length === 0 ? "it holds no files" : "it holds no file of such a name"
    )
  const first = from.member ?? 0
  let done = 0
  let row = from.row
  for (const [member, each] of members.entries()) {
    if (member >= first) {
      const byte = member === first ? from.byte : 0
      const content = await contentsOf(file, each)
      for await (const rows of reader(behind(content, byte), { byte, row })) {
        row = rows.rows.at(-1)?.number ?? row
        onBytes?.(done)
        yield { from: { ...rows.from, member }, rows: rows.rows }
      }
    }
    done += each.packed
  }
  onBytes?.(file.bytes)
}

const contentsOf = async (file: RandomAccess, member: Member): Promise<Bytes> => {
  const [magic, content] = await peeked(contentOf(file, member))
  const isNone =
    magic === magics.zip
      ? "is an archive itself"
      : magic === magics.parquet
        ? "is Parquet, which is not read inside of an archive"
        : undefined
  if (isNone !== undefined) {
    // Ends what was begun.
    for await (const _ of content) break
    throw new ArchiveUnreadable(`${member.name} ${isNone}: unpack it`)
  }
  return bounded(magic.startsWith(magics.gzip) ? gunzipped(content) : content, member)
}

async function* bounded(bytes: Bytes, { name, packed }: Member): Bytes {
  let left = Math.max(LEAST_ALLOWED, packed * MOST_RATIO)
  for await (const chunk of bytes) {
    left -= chunk.length
    if (left < 0)
      throw new ArchiveUnreadable(
        `${name} unpacks to more than ${MOST_RATIO} times its size: unpack it yourself`
      )
    yield chunk
  }
}
