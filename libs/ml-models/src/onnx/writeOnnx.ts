import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import { elementTypes } from "./ElementType.ts"
import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValue
} from "./OnnxModel.ts"
import { attribute, graph, model, node, tensor, type, value } from "./protoFields.ts"

/** The file of a model: a `ModelProto` in protobuf's wire format. */
export const writeOnnx = (written: OnnxModel): Uint8Array => {
  const writer = new BinaryWriter()
  integer(writer, model.irVersion, written.irVersion)
  if (written.producer !== undefined) {
    text(writer, model.producerName, written.producer.name)
    text(writer, model.producerVersion, written.producer.version)
  }
  message(writer, model.graph, () => writeGraph(writer, written.graph))
  for (const [domain, version] of Object.entries(written.opsets)) {
    message(writer, model.opsetImport, () => {
      text(writer, 1, domain)
      integer(writer, 2, version)
    })
  }
  for (const [key, said] of Object.entries(written.metadata ?? {})) {
    message(writer, model.metadataProps, () => {
      text(writer, 1, key)
      text(writer, 2, said)
    })
  }
  return writer.finish()
}

const writeGraph = (writer: BinaryWriter, written: OnnxGraph) => {
  for (const each of written.nodes) {
    message(writer, graph.node, () => writeNode(writer, each))
  }
  text(writer, graph.name, written.name)
  for (const each of written.initializers ?? []) {
    message(writer, graph.initializer, () => writeTensor(writer, each))
  }
  for (const each of written.inputs) {
    message(writer, graph.input, () => writeValue(writer, each))
  }
  for (const each of written.outputs) {
    message(writer, graph.output, () => writeValue(writer, each))
  }
}

const writeNode = (writer: BinaryWriter, written: OnnxNode) => {
  for (const name of written.inputs) text(writer, node.input, name)
  for (const name of written.outputs) text(writer, node.output, name)
  if (written.name !== undefined) text(writer, node.name, written.name)
  text(writer, node.opType, written.op)
  for (const [name, each] of Object.entries(written.attributes ?? {})) {
    message(writer, node.attribute, () => {
      text(writer, attribute.name, name)
      writeAttribute(writer, each)
    })
  }
  if (written.domain !== undefined) text(writer, node.domain, written.domain)
}

const writeAttribute = (writer: BinaryWriter, written: OnnxAttribute) => {
  const kind = (number: number) => integer(writer, attribute.type, number)
  if ("float" in written) {
    kind(1)
    writer.tag(attribute.float, WireType.Bit32).float(written.float)
  } else if ("int" in written) {
    kind(2)
    integer(writer, attribute.int, written.int)
  } else if ("string" in written) {
    kind(3)
    text(writer, attribute.string, written.string)
  } else if ("tensor" in written) {
    kind(4)
    message(writer, attribute.tensor, () => writeTensor(writer, written.tensor))
  } else if ("graph" in written) {
    kind(5)
    message(writer, attribute.graph, () => writeGraph(writer, written.graph))
  } else if ("floats" in written) {
    kind(6)
    message(writer, attribute.floats, () => {
      for (const each of written.floats) writer.float(each)
    })
  } else if ("ints" in written) {
    kind(7)
    message(writer, attribute.ints, () => {
      for (const each of written.ints) writer.int64(each)
    })
  } else if ("strings" in written) {
    kind(8)
    for (const each of written.strings) text(writer, attribute.strings, each)
  } else if ("tensors" in written) {
    kind(9)
    for (const each of written.tensors) {
      message(writer, attribute.tensors, () => writeTensor(writer, each))
    }
  } else {
    kind(10)
    for (const each of written.graphs) {
      message(writer, attribute.graphs, () => writeGraph(writer, each))
    }
  }
}

const writeTensor = (writer: BinaryWriter, written: OnnxTensor) => {
  message(writer, tensor.dims, () => {
    for (const each of written.dims) writer.int64(each)
  })
  integer(writer, tensor.dataType, elementTypes[written.type])
  text(writer, tensor.name, written.name)
  if (written.data instanceof Uint8Array) {
    writer.tag(tensor.rawData, WireType.LengthDelimited).bytes(written.data)
  } else {
    for (const each of written.data) text(writer, tensor.stringData, each)
  }
}

const writeValue = (writer: BinaryWriter, written: OnnxValue) => {
  const { shape } = written
  text(writer, value.name, written.name)
  message(writer, value.type, () =>
    message(writer, type.tensor, () => {
      integer(writer, type.elementType, elementTypes[written.type])
      if (shape === undefined) return
      message(writer, type.shape, () => {
        for (const size of shape) {
          message(writer, 1, () =>
            typeof size === "string" ? text(writer, 2, size) : integer(writer, 1, size)
          )
        }
      })
    })
  )
}

const message = (writer: BinaryWriter, field: number, body: () => void) => {
  writer.tag(field, WireType.LengthDelimited).fork()
  body()
  writer.join()
}

const text = (writer: BinaryWriter, field: number, written: string) => {
  writer.tag(field, WireType.LengthDelimited).string(written)
}

const integer = (writer: BinaryWriter, field: number, written: number | bigint) => {
  writer.tag(field, WireType.Varint).int64(written)
}
