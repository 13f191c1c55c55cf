import { describe, expect, it } from "bun:test"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { variables } from "@analytics/config/variables"
import { tiltYaml } from "@analytics/stack/TiltYaml"
import { Schema } from "effect"
import { ComposeFile } from "./ComposeFile.ts"
import { faultsOf } from "./composeFaults.ts"

const root = resolve(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const faults = (text: string) =>
  faultsOf(text, {
    variables,
    services: tiltYaml.services,
    dockerfile: read("docker/Dockerfile")
  })

const composeOf = (text: string) =>
  Schema.decodeUnknownSync(ComposeFile)(Bun.YAML.parse(text))

describe("docker/compose.yaml", () => {
  const text = read("docker/compose.yaml")

  it("has no fault", () => {
    expect(faults(text)).toEqual([])
  })

  it("lets ClickHouse take long fields, as the cluster's does", () => {
    const { clickhouse } = composeOf(text).services
    const { "clickhouse-profile": profile } = composeOf(text).configs
    const mounted = (clickhouse?.configs ?? []).find(
      ({ source }) => source === "clickhouse-profile"
    )
    expect(mounted?.target).toStartWith("/etc/clickhouse-server/users.d/")
    const size = /<http_max_field_value_size>(\d+)</.exec(
      read(`docker/${profile?.file}`)
    )?.[1]
    expect(read("k8s/platform/clickhouse/installation.yaml")).toContain(
      `default/http_max_field_value_size: "${size}"`
    )
  })

  const changes: ReadonlyArray<readonly [string, string, string, string]> = [
    ["a misspelt key", "mem_limit: 1g", "memlimit: 1g", "memlimit"],
    [
      "a wrong type",
      "mem_limit: 1g\n    ports",
      "mem_limit: [1]\n    ports",
      "mem_limit"
    ],
    [
      "a variable that nobody reads",
      "ANALYTICS_API_URL:",
      "ANALYTICS_URL:",
      "ANALYTICS_URL"
    ],
    [
      "a variable of another service",
      'PORT: "4000"',
      'PORT: "4000"\n      KEY_SYNC_INTERVAL: 1 second',
      "KEY_SYNC_INTERVAL"
    ],
    [
      "a value that is none",
      "HTTP_DRAIN_TIMEOUT: 35 seconds",
      "HTTP_DRAIN_TIMEOUT: soon",
      "HTTP_DRAIN_TIMEOUT"
    ],
    [
      "a required variable that is missing",
      "      REPORTING_SECRET_FILE: /run/secrets/REPORTING_SECRET\n",
      "",
      "REPORTING_SECRET"
    ],
    ["another port than in tilt.yaml", 'PORT: "4003"', 'PORT: "4093"', "4093"],
    [
      "a published port that nobody listens on",
      "127.0.0.1:4002:4002",
      "127.0.0.1:4002:4999",
      "4999"
    ],
    ["a port open to the network", '"127.0.0.1:4001:4001"', '"4001:4001"', "127.0.0.1"],
    [
      "a health check of another port",
      "127.0.0.1:4004/readyz",
      "127.0.0.1:4001/readyz",
      "4004"
    ],
    ["an image of any version", "postgres:18.1-trixie", "postgres:latest", "postgres"],
    [
      "an image without a tag",
      "axllent/mailpit:v1.27.10",
      "axllent/mailpit",
      "mailpit"
    ],
    [
      "a writable root",
      "x-hardened: &hardened\n  read_only: true",
      "x-hardened: &hardened\n  read_only: false",
      "read_only"
    ],
    [
      "kept capabilities",
      "  cap_drop: [ALL]\n  security_opt",
      "  security_opt",
      "cap_drop"
    ],
    [
      "a service without a limit",
      '    mem_limit: 3g\n    ports: ["127.0.0.1:4003',
      '    ports: ["127.0.0.1:4003',
      "mem_limit"
    ],
    [
      "a secret that is not mounted",
      "secrets: [POSTGRES_PASSWORD]",
      "secrets: []",
      "POSTGRES_PASSWORD"
    ],
    ["a volume that is none", '"minio:/data"', '"mini:/data"', "mini"],
    [
      "a URL of a service that is not there",
      "http://batch-processor:4004",
      "http://batch:4004",
      "batch"
    ],
    [
      "a service to wait for that is not there",
      "      minio: { condition",
      "      minioo: { condition",
      "minioo"
    ],
    [
      "a stop before the drain ends",
      "stop_grace_period: 90s",
      "stop_grace_period: 30s",
      "stop_grace_period"
    ]
  ]
  for (const [what, from, to, named] of changes)
    it(`refuses ${what}`, () => {
      expect(text).toContain(from)
      expect(faults(text.replace(from, to)).join("\n")).toContain(named)
    })
})
