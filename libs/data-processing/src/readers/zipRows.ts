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
 * gzipped or not. Row numbers go on from file to file; a position is a place in a file, and
 * what tells a row apart is the same whichever files are read.
 */
export async function* zipRows(
  file: RandomAccess,
  reader: Reader,
  from: Position,
  { isWanted, onBytes }: ZipOptions = {}
): AsyncGenerator<Rows> {
  const all = await membersOf(file)
  const members = all
    .map((member, index) => ({ index, member }))
    .filter(({ member }) => isWanted?.(member.name) ?? true)
  if (members.length === 0)
    throw new ArchiveUnreadable(
      all.length === 0 ? "it holds no files" : "it holds no file of such a name"
    )
  const first = from.member ?? 0
  let done = 0
  let row = from.row
  for (const [at, { index, member }] of members.entries()) {
    if (at >= first) {
      const byte = at === first ? from.byte : 0
      const before = at === first ? (from.before ?? row) : row
      const content = await contentsOf(file, member)
      for await (const block of reader(behind(content, byte), { byte, row })) {
        row = block.rows.at(-1)?.number ?? row
        onBytes?.(done)
        const rows = block.rows.map((each) =>
          each._tag === "Row"
            ? { ...each, place: `${index}.${each.number - before}` }
            : each
        )
        yield { from: { ...block.from, member: at, before }, rows }
      }
    }
    done += member.packed
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
    throw new ArchiveUnreadable(`${member.shown} ${isNone}: unpack it`)
  }
  return bounded(magic.startsWith(magics.gzip) ? gunzipped(content) : content, member)
}

async function* bounded(bytes: Bytes, { packed, shown }: Member): Bytes {
  let left = Math.max(LEAST_ALLOWED, packed * MOST_RATIO)
  for await (const chunk of bytes) {
    left -= chunk.length
    if (left < 0)
      throw new ArchiveUnreadable(
        `${shown} unpacks to more than ${MOST_RATIO} times its size: unpack it yourself`
      )
    yield chunk
  }
}
