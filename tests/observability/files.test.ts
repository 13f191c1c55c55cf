import { describe, expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { alertRules, drawn } from "./files.ts"
import { readPrometheus } from "./prometheusText.ts"
import { groupedBy, metricsOf } from "./promql.ts"

const root = join(import.meta.dir, "../..")

describe("alert rules", () => {
  it("are PromQL over a metric, with a runbook that is there", async () => {
    const rules = await alertRules()
    expect(rules.length).toBeGreaterThan(20)
    for (const { alert, annotations, expr } of rules) {
      expect([alert, metricsOf(expr).length > 0]).toEqual([alert, true])
      expect(annotations.runbook_url).toMatch(/^docs\/runbooks\/[a-z-]+\.md$/u)
      expect([alert, existsSync(join(root, annotations.runbook_url))]).toEqual([
        alert,
        true
      ])
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })
})

describe("the dashboard", () => {
  it("draws PromQL", async () => {
    for (const { expr, title } of await drawn())
      expect([title, metricsOf(expr).length > 0]).toEqual([title, true])
  })
})

/** Labels that metrics have, as Prometheus writes them; `instance` and `job` are its own. */
const labels = new Set([
  "channel",
  "db_operation_name",
  "format",
  "http_response_status_code",
  "http_route",
  "instance",
  "job",
  "lane",
  "le",
  "model_name",
  "outcome",
  "project_id",
  "reason",
  "state",
  "type"
])

describe("labels", () => {
  it("are those of the metrics", async () => {
    const rules = (await alertRules()).map(({ alert, annotations, expr }) => {
      const text = `${annotations.summary} ${annotations.description}`
      const told = [...text.matchAll(/\$labels\.(\w+)/gu)].map(([, name = ""]) => name)
      return { title: alert, named: [...groupedBy(expr), ...told] }
    })
    const panels = (await drawn()).map(({ expr, title }) => ({
      title,
      named: groupedBy(expr)
    }))
    expect(rules.flatMap(({ named }) => named)).toContain("model_name")
    for (const { named, title } of [...rules, ...panels])
      expect([title, named.filter((name) => !labels.has(name))]).toEqual([title, []])
  })
})

describe("the collector", () => {
  it("is the same on a cluster", async () => {
    const made = Bun.YAML.parse(
      await Bun.file(join(root, "observability/kustomization.yaml")).text()
    )
    expect(made).toMatchObject({
      configMapGenerator: [{ files: ["collector.yaml"] }]
    })
  })

  it("limits memory first, decides by whole traces, and batches last", async () => {
    const text = await Bun.file(join(root, "observability/collector.yaml")).text()
    expect(Bun.YAML.parse(text)).toMatchObject({
      service: {
        pipelines: {
          traces: { processors: ["memory_limiter", "tail_sampling", "batch"] },
          metrics: { processors: ["memory_limiter", "batch"] },
          logs: { processors: ["memory_limiter", "batch"] }
        }
      }
    })
  })
})

describe("what is no PromQL", () => {
  it.each(["rate(a_total[5m]", "sum by job (a)", "a{b=c}", "a >"])("%s", (expr) => {
    expect(() => metricsOf(expr)).toThrow("not PromQL")
  })
})

describe("what is not Prometheus' text", () => {
  const good = "# HELP a_total A\n# TYPE a_total counter\n"
  it.each([
    ["a_total 1\n", "not of the metric"],
    ["# TYPE a_total counter\na_total 1\n", "without help"],
    [`${good}a_total 1\na_total 2\n`, "twice"],
    [`${good}a_total{b="1",c="2"} 1\na_total{c="2",b="1"} 2\n`, "twice"],
    [`${good}a_total{b="\\x"} 1\n`, "not a label"],
    [`${good}a_total one\n`, "not a number"],
    [`${good}a_total 1`, "does not end"],
    ["# HELP a A\n# TYPE a counter\na 1\n", "only counters"],
    [
      '# HELP h H\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
      "do not grow"
    ],
    [
      '# HELP h H\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
      "not that of"
    ]
  ])("%j", (text, why) => {
    expect(() => readPrometheus(text)).toThrow(why)
  })
})
