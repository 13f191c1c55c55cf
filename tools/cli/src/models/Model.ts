import { Schema } from "effect"
import { printable, table } from "../render/table.ts"

/** What is shown of a model. */
export const Model = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  aliases: Schema.Record(Schema.String, Schema.Number),
  challengerPercent: Schema.Number,
  latestVersion: Schema.NullOr(Schema.Number),
  updatedAt: Schema.String
})
export const ModelPage = Schema.Struct({
  models: Schema.Array(Model),
  nextCursor: Schema.NullOr(Schema.String)
})

/** What is shown of a version. */
export const Version = Schema.Struct({
  version: Schema.Number,
  sha256: Schema.String,
  bytes: Schema.Number,
  hasGolden: Schema.Boolean,
  aliases: Schema.Array(Schema.String),
  metrics: Schema.Record(Schema.String, Schema.Unknown),
  createdBy: Schema.String,
  createdAt: Schema.String
})
export const VersionPage = Schema.Struct({
  versions: Schema.Array(Version),
  nextCursor: Schema.NullOr(Schema.String)
})

export const drawModels = (models: ReadonlyArray<typeof Model.Type>): string =>
  models.length === 0
    ? "no models"
    : table(
        ["model", "champion", "challenger", "shadow", "latest", "changed"],
        models.map(({ aliases, challengerPercent, latestVersion, name, updatedAt }) => [
          name,
          aliases["champion"] ?? null,
          aliases["challenger"] === undefined
            ? ""
            : `${aliases["challenger"]} (${challengerPercent} %)`,
          aliases["shadow"] ?? null,
          latestVersion,
          updatedAt
        ])
      )

export const drawVersions = (versions: ReadonlyArray<typeof Version.Type>): string =>
  versions.length === 0
    ? "no versions"
    : table(
        ["version", "is", "made", "by", "bytes", "sha256", "golden", "metrics"],
        versions.map((version) => [
          version.version,
          version.aliases.join(", "),
          version.createdAt,
          version.createdBy,
          version.bytes,
          version.sha256.slice(0, 12),
          version.hasGolden ? "yes" : "",
          measured(version.metrics)
        ])
      )

/** What tells most of a model that foretells yes or no, where it was measured. */
const told = ["auc", "logLoss", "averagePrecision"]

/** A measurement is a number, or has one as its `value` beside its error. */
const Measurement = Schema.Union([
  Schema.Number,
  Schema.Struct({ value: Schema.Number })
])

const measured = (metrics: Readonly<Record<string, unknown>>): string =>
  told
    .flatMap((name) => {
      const found = Schema.decodeUnknownOption(Measurement)(metrics[name])
      if (found._tag === "None") return []
      const value = typeof found.value === "number" ? found.value : found.value.value
      return [`${name} ${Number(value.toPrecision(3))}`]
    })
    .join(", ")

/** One line of what an alias says now. */
export const drawAliases = ({ aliases, name }: typeof Model.Type): string =>
  printable(
    `${name}: ${
      Object.entries(aliases)
        .map(([alias, version]) => `${alias} ${version}`)
        .join(", ") || "no alias"
    }`
  )
