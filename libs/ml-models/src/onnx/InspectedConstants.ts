import { elementBits, elementTypeOf } from "./ElementType.ts"
import type { Inspection } from "./Inspection.ts"
import { type ProtoWalk, Unreadable } from "./ProtoWalk.ts"
import { tensor } from "./protoFields.ts"

/** Constants of a file, and the places outside of it that they name. */
export class InspectedConstants {
  private count = 0
  private bytes = 0
  private declaredBytes = 0
  private externals = 0
  private readonly largest: Array<Inspection["constants"]["largest"][number]> = []
  private readonly locations = new Set<string>()
  /** Small constants that would make large tensors as shapes, by name. */
  private readonly shapes = new Map<string, number>()
  /** Names that operators take shapes from. */
  private readonly shapeInputs = new Set<string>()
  private largestMade = 0

  private readonly walk: ProtoWalk

  constructor(walk: ProtoWalk) {
    this.walk = walk
  }

  /** The one that stands here; its name. `output`: what a node makes of it is called so. */
  tensor(output?: string): string {
    const { walk } = this
    const dims: Array<number> = []
    let type = 0
    let bytes = 0
    let name = output ?? ""
    let external = false
    let values: Uint8Array | undefined
    walk.message((field) => {
      if (field === tensor.dims) {
        walk.integers((size) => {
          if (dims.push(size) > RANK)
            throw new Unreadable("A tensor has a rank beyond all.")
        })
      } else if (field === tensor.dataType) type = walk.integer() ?? type
      else if (field === tensor.name) name = output ?? walk.text(NAME) ?? name
      else if (field === tensor.rawData) {
        values = walk.bytes()
        bytes += values?.length ?? 0
      } else if (
        field === tensor.int64Data &&
        dims.length === 1 &&
        (dims[0] ?? 0) <= RANK
      ) {
        let made = 1
        walk.integers((size) => {
          made = product(made, size)
          bytes += 8
        })
        if (made > NOTABLE) this.shapes.set(name, made)
      } else if (dataFields.has(field)) bytes += walk.bytes()?.length ?? 0
      else if (field === tensor.externalData) {
        external = true
        this.location()
      } else if (field === tensor.dataLocation) external ||= walk.integer() === 1
    })
    if (external) this.externals++
    const kind = elementTypeOf(type)
    const declared =
      kind === undefined || kind === "string"
        ? bytes
        : Math.ceil((dims.reduce(product, 1) * elementBits[kind]) / 8)
    this.add(name, kind ?? `type ${type}`, dims, bytes, declared)
    if (kind === "int64" && values !== undefined && dims.length === 1) {
      this.shapeIn(name, values)
    }
    return name
  }

  /** One that names only what is not zero; the runtime makes it dense. */
  sparse() {
    const { walk } = this
    const dims: Array<number> = []
    walk.message((field) => {
      if (field === 1 || field === 2) this.tensor()
      else if (field === 3) {
        walk.integers((size) => {
          if (dims.push(size) > RANK)
            throw new Unreadable("A tensor has a rank beyond all.")
        })
      }
    })
    this.declaredBytes = capped(this.declaredBytes + dims.reduce(product, 8))
  }

  /** An operator makes a tensor of the shape that this value holds. */
  shapeInput(name: string) {
    this.shapeInputs.add(name)
  }

  /** An operator makes a tensor of so many elements. */
  made(made: number) {
    this.largestMade = Math.max(this.largestMade, made)
  }

  /** A constant of whole numbers in an attribute, which is `output` from there on. */
  shapeNamed(output: string, made: number) {
    if (made > NOTABLE) this.shapes.set(output, made)
  }

  get inspected(): Pick<Inspection, "constants" | "external"> {
    let { largestMade } = this
    for (const name of this.shapeInputs) {
      largestMade = Math.max(largestMade, this.shapes.get(name) ?? 0)
    }
    const { bytes, count, declaredBytes, largest } = this
    return {
      constants: { count, bytes, declaredBytes, largest, largestMade },
      external: { count: this.externals, locations: [...this.locations] }
    }
  }

  private add(
    name: string,
    type: string,
    shape: ReadonlyArray<number>,
    bytes: number,
    declared: number
  ) {
    if (++this.count > COUNT) throw new Unreadable("It has more constants than can be.")
    this.bytes += bytes
    this.declaredBytes = capped(this.declaredBytes + declared)
    const { largest } = this
    const last = largest[LISTED - 1]
    if (last !== undefined && last.bytes >= bytes) return
    const at = largest.findIndex((each) => each.bytes < bytes)
    largest.splice(at < 0 ? largest.length : at, 0, { name, type, shape, bytes })
    largest.length = Math.min(largest.length, LISTED)
  }

  private location() {
    const { walk } = this
    let key: string | undefined
    let said: string | undefined
    walk.message((field) => {
      if (field === 1) key = walk.text(NAME)
      else if (field === 2) said = walk.text(NAME)
    })
    if (key === "location" && said !== undefined && this.locations.size < LISTED) {
      this.locations.add(said)
    }
  }

  private shapeIn(name: string, values: Uint8Array) {
    if (values.length === 0 || values.length % 8 !== 0 || values.length > RANK * 8)
      return
    const view = new DataView(values.buffer, values.byteOffset, values.length)
    let made = 1
    for (let at = 0; at < values.length; at += 8) {
      made = product(made, Number(view.getBigInt64(at, true)))
    }
    if (made > NOTABLE) this.shapes.set(name, made)
  }
}

/** Elements of so many dimensions; a size below 0 says nothing and counts as 1. */
export const product = (so: number, size: number) => capped(so * (size < 0 ? 1 : size))

/** Whole numbers that JSON and arithmetic hold exactly. */
const capped = (number: number) => Math.min(number, Number.MAX_SAFE_INTEGER)

const dataFields: ReadonlySet<number> = new Set([
  tensor.floatData,
  tensor.int32Data,
  tensor.stringData,
  tensor.int64Data,
  tensor.doubleData,
  tensor.uint64Data
])

/** Bytes of a name that is kept. */
const NAME = 256
const RANK = 64
const COUNT = 2_000_000
const LISTED = 10
/** Elements from which a shape is worth remembering. */
const NOTABLE = 2 ** 20
