import { Schema } from "effect"
import { misfits } from "./misspelt.ts"

/** What a value looks like; what it decodes to is of no interest here. */
export type Shape = Schema.Decoder<unknown>

type Fields = Readonly<Record<string, Shape>>

/** An object with all of `required`, any of `optional`, and nothing else. */
export const object = (required: Fields, optional: Fields = {}): Shape => {
  const left = Object.entries(optional).map(
    ([name, field]) => [name, Schema.optionalKey(field)] as const
  )
  return Schema.Struct({ ...required, ...Object.fromEntries(left) })
}

export const list = (item: Shape): Shape => Schema.Array(item)

/** A part of a custom resource that is a type of Kubernetes, such as `V1PodSpec`. */
export const ofModel = (model: string): Shape =>
  Schema.Unknown.check(
    Schema.makeFilter((value) => {
      const found = misfits(value, model, "")
      return found.length === 0 ? undefined : found.join("; ")
    })
  )

export const text: Shape = Schema.String
export const number: Shape = Schema.Number
export const flag: Shape = Schema.Boolean
export const texts: Shape = Schema.Array(Schema.String)
export const labels: Shape = Schema.Record(Schema.String, Schema.String)
export const choice = (...values: ReadonlyArray<string>): Shape =>
  Schema.Literals(values)
export const matching = (pattern: RegExp, meant: string): Shape =>
  Schema.String.check(Schema.isPattern(pattern, { message: meant }))

export const secretKey = object({ name: text, key: text })
export const named = object({ name: text })
export const resources = ofModel("V1ResourceRequirements")

/** A kind of custom resource. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly shape: Shape
}

export const resource = (apiVersion: string, kind: string, spec: Shape): Resource => ({
  apiVersion,
  kind,
  shape: object({
    apiVersion: Schema.Literal(apiVersion),
    kind: Schema.Literal(kind),
    metadata: ofModel("V1ObjectMeta"),
    spec
  })
})
