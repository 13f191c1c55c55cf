import { Schema } from "effect"

const Labels = Schema.Record(Schema.String, Schema.String)

const Head = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: Schema.Struct({
    name: Schema.String,
    namespace: Schema.optionalKey(Schema.String),
    labels: Schema.optionalKey(Labels)
  })
})

/** One object as it would be sent to the API server. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** All of it, as read from YAML. */
  readonly raw: unknown
}

/** Fails for what is no Kubernetes object. */
export const manifestOf = (raw: unknown): Manifest => {
  const { apiVersion, kind, metadata } = Schema.decodeUnknownSync(Head)(raw)
  const { labels = {}, name, namespace } = metadata
  return { apiVersion, kind, name, namespace, labels, raw }
}

/** `Deployment/analytics-api`. */
export const titleOf = ({ kind, name }: Manifest): string => `${kind}/${name}`

/** The documents of a YAML stream; empty ones are left out. */
export const parseManifests = (yaml: string): ReadonlyArray<Manifest> => {
  const parsed = Bun.YAML.parse(yaml)
  const documents = Array.isArray(parsed) ? parsed : [parsed]
  return documents
    .filter((document) => document !== null && document !== undefined)
    .map(manifestOf)
}

/** What is wrong with an object, by which rule. */
export interface Finding {
  readonly rule: string
  readonly at: string
  readonly message: string
}

export const show = ({ at, message, rule }: Finding): string =>
  `${at}: ${message} (${rule})`
