import { Schema } from "effect"
import { type Manifest, titleOf } from "./Manifest.ts"
import { type Workload, workloadOf } from "./Workload.ts"

/** Objects of one overlay, or of several that are applied to one cluster. */
export interface Rendered {
  readonly manifests: ReadonlyArray<Manifest>
  readonly workloads: ReadonlyArray<Workload>
}

export const renderedOf = (manifests: ReadonlyArray<Manifest>): Rendered => ({
  manifests,
  workloads: manifests.flatMap((manifest) => workloadOf(manifest) ?? [])
})

/** The objects of a kind with the fields that a check looks at. */
export const ofKind = <A>(
  { manifests }: Rendered,
  kind: string,
  fields: Schema.Decoder<A>
): ReadonlyArray<{ readonly name: string; readonly title: string; readonly is: A }> =>
  manifests
    .filter((manifest) => manifest.kind === kind)
    .map((manifest) => ({
      name: manifest.name,
      title: titleOf(manifest),
      is: Schema.decodeUnknownSync(fields)(manifest.raw)
    }))

const Labels = Schema.Record(Schema.String, Schema.String)

export const LabelSelector = Schema.Struct({
  matchLabels: Schema.optionalKey(Labels),
  matchExpressions: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        key: Schema.String,
        operator: Schema.String,
        values: Schema.optionalKey(Schema.Array(Schema.String))
      })
    )
  )
})

/** Whether a label selector takes a pod; an empty one takes all. */
export const selects = (
  { matchExpressions = [], matchLabels = {} }: typeof LabelSelector.Type,
  labels: Readonly<Record<string, string>>
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key]
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value)
      case "NotIn":
        return value === undefined || !values.includes(value)
      case "Exists":
        return value !== undefined
      default:
        return value === undefined
    }
  })
