import type { Tensor } from "./Tensor.ts"
import { writeElements } from "./writeElements.ts"

/** How a tensor travels: as JSON, or as binary data behind it. */
export type Form = "json" | "binary"

/** The JSON of a tensor. Its binary data, if it is to have any, is put behind `binary`. */
export const writeTensor = (
  tensor: Tensor,
  form: Form,
  binary: Array<Uint8Array>
): string => {
  const { name, datatype, shape, bytes } = tensor
  const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(",")}]`
  if (form === "json") return `${head},"data":${writeElements(tensor)}}`
  binary.push(bytes)
  return `${head},"parameters":{"binary_data_size":${bytes.length}}}`
}
