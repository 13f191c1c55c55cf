import { crc32 } from "node:zlib"
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl"
import type { RandomAccess } from "./RandomAccess.ts"
import type { Bytes } from "./Row.ts"
import { inflated } from "./unpacked.ts"

/** An archive that cannot be read, in words for whoever made it. */
export class ArchiveUnreadable extends Error {}

/** A file of an archive. Its name is shown to people and is never a path. */
export interface Member {
  readonly name: string
  /** As much of the name as is shown. */
  readonly shown: string
  /** Where its header begins in the archive. */
  readonly at: number
  /** Bytes in the archive. */
  readonly packed: number
  /** Bytes of the file itself. */
  readonly unpacked: number
  readonly isDeflated: boolean
  readonly crc32: number
}

/** A year of hours, several files each. */
const MOST_MEMBERS = 50_000

/** Bytes of the directory that are asked for at a time. */
const window = 256 * 1024

const headerBytes = 30

/** Bytes of a name and of what is said beside it, as a rule. */
const MOST_NAMED = 512

/** A file of so many bytes is asked for together with its header. */
const AT_ONCE = 1024 * 1024

/** Reads the directory in few pieces, although it is asked for in small ones. */
class Windowed extends RandomAccessReader {
  readonly #file: RandomAccess
  #start = 0
  #held = Buffer.alloc(0)
  /** Why the file could not be read, which says nothing of the archive. */
  failure: unknown

  constructor(file: RandomAccess) {
    super()
    this.#file = file
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void
  ): void {
    this.#part(position, length).then(
      (part) => {
        part.copy(buffer, offset)
        callback(null)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error())
    )
  }

  async #part(position: number, length: number): Promise<Buffer> {
    const isHeld =
      position >= this.#start && position + length <= this.#start + this.#held.length
    if (!isHeld) {
      if (position + length > this.#file.bytes)
        throw new ArchiveUnreadable("it is cut off")
      const end = Math.min(this.#file.bytes, position + Math.max(length, window))
      try {
        this.#held = Buffer.from(await this.#file.slice(position, end))
      } catch (error) {
        this.failure = error
        throw error
      }
      this.#start = position
    }
    const from = position - this.#start
    return this.#held.subarray(from, from + length)
  }
}

/** The files of an archive that hold data, in the order of its directory. */
export const membersOf = async (file: RandomAccess): Promise<ReadonlyArray<Member>> => {
  const reader = new Windowed(file)
  const members: Array<Member> = []
  try {
    const zip = await fromRandomAccessReaderPromise(reader, file.bytes, {
      autoClose: false
    })
    if (zip.entryCount > MOST_MEMBERS)
      throw new ArchiveUnreadable(
        `it holds ${zip.entryCount} files, and ${MOST_MEMBERS} are read: split it`
      )
    for await (const entry of zip.eachEntry())
      if (isData(entry)) members.push(memberOf(entry))
  } catch (error) {
    if (reader.failure !== undefined) throw reader.failure
    if (error instanceof ArchiveUnreadable) throw error
    throw new ArchiveUnreadable(error instanceof Error ? error.message : String(error))
  }
  refuseOverlaps(members, file.bytes)
  return members
}

/** Not a folder, nor what operating systems add. */
const isData = ({ fileName, uncompressedSize }: Entry): boolean =>
  !fileName.endsWith("/") &&
  uncompressedSize > 0 &&
  !/(?:^|\/)(?:__MACOSX\/|\.)/u.test(fileName)

const memberOf = (entry: Entry): Member => {
  const name = entry.fileName
  const shown = name.slice(0, 200)
  if (entry.isEncrypted())
    throw new ArchiveUnreadable(`${shown} is encrypted: pack it without a password`)
  if (!entry.canDecodeFileData())
    throw new ArchiveUnreadable(
      `${shown} is packed by method ${entry.compressionMethod}: pack it with deflate`
    )
  return {
    name,
    shown,
    at: entry.relativeOffsetOfLocalHeader,
    packed: entry.compressedSize,
    unpacked: entry.uncompressedSize,
    isDeflated: entry.compressionMethod === 8,
    crc32: entry.crc32
  }
}

/** Files that share their bytes are how a small archive claims to hold endless ones. */
const refuseOverlaps = (members: ReadonlyArray<Member>, bytes: number): void => {
  const inPlace = members.toSorted((a, b) => a.at - b.at)
  inPlace.forEach((member, index) => {
    const next = inPlace[index + 1]?.at ?? bytes
    if (member.at + headerBytes + member.packed > next)
      throw new ArchiveUnreadable(
        `${member.shown} reaches into the next file: pack it anew`
      )
  })
}

/** The content of a file of an archive, which is checked against what was promised. */
export async function* contentOf(file: RandomAccess, member: Member): Bytes {
  const end = member.at + headerBytes + MOST_NAMED + member.packed
  const first = await file.slice(
    member.at,
    Math.min(file.bytes, member.packed > AT_ONCE ? member.at + headerBytes : end)
  )
  const header = Buffer.from(first)
  if (header.readUInt32LE(0) !== 0x04034b50)
    throw new ArchiveUnreadable(`${member.shown} is not where the directory says`)
  const skipped = headerBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
  const packed =
    skipped + member.packed <= header.length
      ? only(header.subarray(skipped, skipped + member.packed))
      : upTo(file.read(member.at + skipped), member.packed)
  let length = 0
  let sum = 0
  for await (const chunk of member.isDeflated ? inflated(packed) : packed) {
    length += chunk.length
    if (length > member.unpacked) break
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (length !== member.unpacked || sum !== member.crc32)
    throw new ArchiveUnreadable(`${member.shown} is damaged`)
}

async function* only(chunk: Uint8Array): Bytes {
  yield chunk
}

/** The first `length` bytes. */
async function* upTo(bytes: Bytes, length: number): Bytes {
  let left = length
  if (left === 0) return
  for await (const chunk of bytes) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= chunk.length
    if (left <= 0) return
  }
}
