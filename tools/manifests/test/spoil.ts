import { type Manifest, manifestOf, parseManifests, titleOf } from "../src/Manifest.ts"

/** A change of one object: its title, a JSON pointer, and a value; undefined removes. */
export type Edit = readonly [title: string, pointer: string, value: unknown]

/** The objects with the changes and with more objects; fails when a title names none. */
export const spoil = (
  manifests: ReadonlyArray<Manifest>,
  edits: ReadonlyArray<Edit>,
  more = ""
): ReadonlyArray<Manifest> => {
  for (const [title] of edits)
    if (!manifests.some((each) => titleOf(each) === title))
      throw new Error(`there is no ${title}`)
  return [
    ...manifests.map((manifest) =>
      edits
        .filter(([title]) => title === titleOf(manifest))
        .reduce(
          (left, [, pointer, value]) => manifestOf(set(left.raw, pointer, value)),
          manifest
        )
    ),
    ...(more === "" ? [] : parseManifests(more))
  ]
}

const set = (raw: unknown, pointer: string, value: unknown): unknown => {
  const path = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
  return setAt(raw, path, value)
}

const setAt = (at: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(at)) {
    const copy: Array<unknown> = [...at]
    const index = key === "-" ? at.length : Number(key)
    const next = setAt(at[index], rest, value)
    if (next === undefined) copy.splice(index, 1)
    else copy[index] = next
    return copy
  }
  const copy: Record<string, unknown> =
    typeof at === "object" && at !== null ? { ...at } : {}
  const next = setAt(copy[key], rest, value)
  if (next === undefined) delete copy[key]
  else copy[key] = next
  return copy
}
