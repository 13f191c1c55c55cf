import { Effect, Schema } from "effect"
import type { Part } from "./Part.ts"
import { migratePart, servicePart } from "./ServicePart.ts"
import { StackSettings } from "./StackSettings.ts"
import { clickhousePart, postgresPart } from "./StorePart.ts"
import { type ServiceSpec, services } from "./services.ts"

/** `--only` names a part that does not exist. */
export class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", {
  message: Schema.String
}) {}

const storesAndMigrations = ["postgres", "clickhouse", "migrate"] as const

/** The parts to run: all, or those of `--only` with everything they depend on. */
export const chooseParts = Effect.gen(function* () {
  const { clickhouseUrl, databaseUrl, only } = yield* StackSettings
  const chosen = yield* choose(only)
  const wantsStore = (name: string) => only.length === 0 || chosen.names.has(name)
  const parts: Array<Part> = []
  if (wantsStore("postgres") && databaseUrl === undefined)
    parts.push(yield* postgresPart)
  if (wantsStore("clickhouse") && clickhouseUrl === undefined)
    parts.push(yield* clickhousePart)
  if (wantsStore("migrate")) parts.push(yield* migratePart)
  for (const service of chosen.services) parts.push(yield* servicePart(service))
  return { parts, services: chosen.services }
})

/** The names of `--only`, closed over what they depend on. */
export const choose = Effect.fnUntraced(function* (only: ReadonlyArray<string>) {
  const known = new Set<string>([
    ...storesAndMigrations,
    ...services.map(({ name }) => name)
  ])
  const unknown = only.filter((name) => !known.has(name))
  if (unknown.length > 0) {
    return yield* new UnknownPart({
      message: `There is no part ${unknown.join(", ")}. The parts are: ${[...known].join(", ")}`
    })
  }
  const names = new Set<string>()
  const add = (name: string): void => {
    if (names.has(name)) return
    names.add(name)
    const service = services.find((it) => it.name === name)
    const needs = service
      ? [...service.with, "migrate"]
      : name === "migrate"
        ? ["postgres", "clickhouse"]
        : []
    for (const needed of needs) add(needed)
  }
  for (const name of only.length === 0 ? known : only) add(name)
  const chosen: ReadonlyArray<ServiceSpec> = services.filter(({ name }) =>
    names.has(name)
  )
  return { names, services: chosen }
})
