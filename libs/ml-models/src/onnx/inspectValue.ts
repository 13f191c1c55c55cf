import { elementTypeOf } from "./ElementType.ts"
import type { InspectedValue } from "./Inspection.ts"
import { type ProtoWalk, Unreadable } from "./ProtoWalk.ts"
import { type, value } from "./protoFields.ts"

/** The `ValueInfoProto` that stands here. */
export const inspectValue = (walk: ProtoWalk): InspectedValue => {
  let name = ""
  let kind = "unknown"
  let shape: InspectedValue["shape"] = null
  walk.message((field) => {
    if (field === value.name) name = walk.text(NAME) ?? name
    else if (field === value.type) {
      walk.message((of) => {
        if (of === type.tensor) {
          kind = "tensor"
          walk.message((part) => {
            if (part === type.elementType) {
              const number = walk.integer() ?? 0
              kind = elementTypeOf(number) ?? `type ${number}`
            } else if (part === type.shape) shape = inspectShape(walk)
          })
        } else kind = otherKinds.get(of) ?? kind
      })
    }
  })
  return { name, type: kind, shape }
}

const inspectShape = (walk: ProtoWalk) => {
  const shape: Array<number | string | null> = []
  walk.message((field) => {
    if (field !== 1) return
    let size: number | string | null = null
    walk.message((part) => {
      if (part === 1) size = walk.integer() ?? size
      else if (part === 2) size = walk.text(NAME) ?? size
    })
    if (shape.push(size) > RANK) throw new Unreadable("A value has a rank beyond all.")
  })
  return shape
}

const otherKinds: ReadonlyMap<number, string> = new Map([
  [type.sequence, "sequence"],
  [type.map, "map"],
  [type.sparseTensor, "sparse tensor"],
  [type.optional, "optional"]
])

/** Bytes of a name that is kept. */
const NAME = 256
const RANK = 64
