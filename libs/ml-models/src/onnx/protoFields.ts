/** Numbers of the fields of `onnx.proto3` that are written or looked at here. */
export const model = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
  trainingInfo: 20,
  functions: 25
} as const

export const graph = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15
} as const

export const node = {
  input: 1,
  output: 2,
  name: 3,
  opType: 4,
  attribute: 5,
  domain: 7
} as const

export const attribute = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparseTensor: 22,
  sparseTensors: 23
} as const

export const tensor = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14
} as const

export const value = { name: 1, type: 2 } as const

/** Of `TypeProto`, and of the `Tensor` in it. */
export const type = {
  tensor: 1,
  sequence: 4,
  map: 5,
  sparseTensor: 8,
  optional: 9,
  elementType: 1,
  shape: 2
} as const

export const functionProto = {
  name: 1,
  node: 7,
  opsetImport: 9,
  domain: 10,
  attributeProto: 11
} as const
