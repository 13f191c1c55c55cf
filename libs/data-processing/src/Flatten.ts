import { isRawNumber, type JsonObject } from "./ExactJson.ts"

/** Where the leaves of an object go: a path, then the JSON text of the leaf. */
export interface LeafSink {
  string(path: string): void
  jsonString(value: string): void
}

/** One name of a path, with its dots and backslashes escaped by a backslash. */
export const escapeName = (name: string): string =>
  name.includes(".") || name.includes("\\") ? name.replace(/[\\.]/g, "\\$&") : name

/**
 * Writes every leaf of `object` as a path and its canonical JSON text: names are joined
 * with dots; arrays and empty objects are leaves; `null` is the same as absent and left
 * out. No two leaves share a path.
 *
 * @returns the number of leaves
 */
export const flatten = (object: JsonObject, sink: LeafSink, prefix = ""): number => {
  let leaves = 0
  for (const name in object) {
    const value = object[name]
    if (value === null || value === undefined) continue
    const path = prefix + escapeName(name)
    if (typeof value === "string") {
      sink.string(path)
      sink.jsonString(value)
      leaves++
    } else if (
      typeof value === "object" &&
      !Array.isArray(value) &&
      !isRawNumber(value) &&
      !isEmpty(value as JsonObject)
    ) {
      leaves += flatten(value as JsonObject, sink, `${path}.`)
    } else {
      sink.string(path)
      sink.string(JSON.stringify(value))
      leaves++
    }
  }
  return leaves
}

const isEmpty = (object: JsonObject): boolean => {
  for (const _ in object) return false
  return true
}

/** `flatten` into a `Map`, for those who do not write RowBinary. */
export const flattenToMap = (object: JsonObject): Map<string, string> => {
  const leaves = new Map<string, string>()
  let path: string | undefined
  const put = (text: string) => {
    if (path === undefined) path = text
    else {
      leaves.set(path, text)
      path = undefined
    }
  }
  flatten(object, { string: put, jsonString: (text) => put(JSON.stringify(text)) })
  return leaves
}
