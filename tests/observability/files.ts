import { join } from "node:path"
import { Schema } from "effect"

const folder = join(import.meta.dir, "../../observability")
const text = (name: string) => Bun.file(join(folder, name)).text()

const Rule = Schema.Struct({
  alert: Schema.String,
  expr: Schema.String,
  for: Schema.String,
  labels: Schema.Struct({ severity: Schema.Literals(["critical", "warning"]) }),
  annotations: Schema.Struct({
    summary: Schema.String.check(Schema.isMinLength(10)),
    description: Schema.String.check(Schema.isMinLength(10)),
    runbook_url: Schema.String
  })
})
const Rules = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({ name: Schema.String, rules: Schema.Array(Rule) })
  )
})
const Dashboard = Schema.Struct({
  panels: Schema.Array(
    Schema.Struct({
      title: Schema.String,
      targets: Schema.optionalKey(Schema.Array(Schema.Struct({ expr: Schema.String })))
    })
  )
})

export const alertRules = async (): Promise<ReadonlyArray<typeof Rule.Type>> => {
  const parsed = Bun.YAML.parse(await text("alerts.yaml"))
  const strict = Schema.decodeUnknownSync(Rules)(parsed, { onExcessProperty: "error" })
  return strict.groups.flatMap(({ rules }) => rules)
}

/** Title and expression of everything that the dashboard draws. */
export const drawn = async () => {
  const { panels } = Schema.decodeUnknownSync(Dashboard)(
    JSON.parse(await text("dashboard.json"))
  )
  return panels.flatMap(({ targets = [], title }) =>
    targets.map(({ expr }) => ({ title, expr }))
  )
}
