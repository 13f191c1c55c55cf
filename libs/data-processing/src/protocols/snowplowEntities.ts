import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { base64In, jsonIn, objectIn, textIn } from "./plain.ts"

/** Data that says by which schema it was made. */
export interface SelfDescribing {
  /** As it was sent: `iglu:com.acme/viewed/jsonschema/1-0-0`. */
  readonly schema: string
  /** Its part of the schema: `com.acme`. */
  readonly vendor: string
  /** Its part of the schema: `viewed`; the whole schema where it has no parts. */
  readonly name: string
  readonly data: Json
}

/** `undefined` for what names no schema. */
export const selfDescribing = (value: Json | undefined): SelfDescribing | undefined => {
  const object = objectIn(value)
  const schema = textIn(object?.["schema"])
  if (object === undefined || schema === undefined) return undefined
  const from = schema.startsWith("iglu:") ? 5 : 0
  const slash = schema.indexOf("/", from)
  const end = schema.indexOf("/", slash + 1)
  const name = slash === -1 ? "" : schema.slice(slash + 1, end === -1 ? undefined : end)
  return {
    schema,
    vendor: slash === -1 ? "" : schema.slice(from, slash),
    name: name || schema,
    data: object["data"] ?? null
  }
}

/** Which of the two names of a field is read: the one in base64 only where it is alone. */
export const nameRead = (fields: JsonObject, plain: string, packed: string): string =>
  isEmpty(fields[plain]) ? packed : plain

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === ""

/** A field that holds JSON: as text, or under its other name in base64. */
export const jsonField = (
  fields: JsonObject,
  plain: string,
  packed: string
): Json | undefined => {
  const value = fields[plain]
  if (!isEmpty(value)) return typeof value === "string" ? jsonIn(value) : value
  const text = fields[packed]
  // A plus that a URL did not escape was read as a blank.
  return typeof text === "string"
    ? jsonIn(base64In(text.includes(" ") ? text.replaceAll(" ", "+") : text))
    : undefined
}

/** The entities in `co` or `cx`; `undefined` if there are none that can be read. */
export const entitiesOf = (
  fields: JsonObject
): ReadonlyArray<SelfDescribing> | undefined => {
  if (fields["co"] === undefined && fields["cx"] === undefined) return undefined
  const list = objectIn(jsonField(fields, "co", "cx"))?.["data"]
  if (!Array.isArray(list)) return undefined
  const entities: Array<SelfDescribing> = []
  for (const each of list) {
    const entity = selfDescribing(each)
    if (entity === undefined) return undefined
    entities.push(entity)
  }
  return entities
}

/** The data of the first of some entities that is called so by Snowplow. */
export const entityNamed = (
  entities: ReadonlyArray<SelfDescribing>,
  name: string
): JsonObject | undefined => {
  for (const entity of entities)
    if (entity.name === name && entity.vendor.startsWith("com.snowplowanalytics."))
      return objectIn(entity.data)
  return undefined
}

/** What says who somebody is: it goes into the context, which can be made anonymous. */
const aboutDevice = new Set(["client_session", "mobile_context", "geolocation_context"])

/**
 * Entities by their names, each with its whole schema as `$schema`; several of one name
 * are a list. `undefined` without any.
 */
export const byName = (
  entities: ReadonlyArray<SelfDescribing>
): JsonObject | undefined => {
  const named = new Map<string, Array<Json>>()
  for (const { data, name, schema, vendor } of entities) {
    if (vendor.startsWith("com.snowplowanalytics.") && aboutDevice.has(name)) continue
    const entity: Json = isJsonObject(data)
      ? { ...data, $schema: schema }
      : { data, $schema: schema }
    const others = named.get(name)
    if (others === undefined) named.set(name, [entity])
    else others.push(entity)
  }
  if (named.size === 0) return undefined
  const all: Array<readonly [string, Json]> = []
  for (const [name, list] of named)
    all.push([name, list.length === 1 ? (list[0] as Json) : list])
  return Object.fromEntries(all)
}
