import { fileURLToPath } from "node:url"
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { StoreName } from "./MigrateError.ts"
import * as Migrator from "./Migrator.ts"
import * as NewMigration from "./NewMigration.ts"

const folder = Flag.String("dir").pipe(
  Flag.withDescription("The folder that holds postgres/ and clickhouse/"),
  Flag.withDefault(fileURLToPath(new URL("../../../migrations", import.meta.url)))
)

const store = Flag.Literals("store", ["both", "postgres", "clickhouse"]).pipe(
  Flag.withDescription("Which store to work on"),
  Flag.withDefault("both")
)

const shared = { folder, store }

const storesOf = (choice: "both" | StoreName): ReadonlyArray<StoreName> =>
  choice === "both" ? ["postgres", "clickhouse"] : [choice]

const targetOf = (flags: {
  readonly folder: string
  readonly store: "both" | StoreName
}): Migrator.Target => ({
  folder: flags.folder,
  stores: storesOf(flags.store),
  patience: "5 minutes"
})

const version = Flag.String("to").pipe(
  Flag.withDescription("The newest version to be left applied"),
  Flag.optional
)

const report = (steps: ReadonlyArray<Migrator.Step>) =>
  Console.log(steps.length === 0 ? "nothing to do" : `${steps.length} done`)

const create = Command.make(
  "create",
  { ...shared, message: Argument.String("message") },
  Effect.fn("migrate.create")(function* (flags) {
    const files = yield* NewMigration.create(
      flags.folder,
      storesOf(flags.store),
      flags.message
    )
    yield* Effect.forEach(files, (file) => Console.log(file))
  })
).pipe(Command.withDescription("Write empty migration files named after the message"))

const upgrade = Command.make(
  "upgrade",
  { ...shared, version },
  Effect.fn("migrate.upgrade")(function* (flags) {
    yield* report(
      yield* Migrator.upgrade(targetOf(flags), Option.getOrUndefined(flags.version))
    )
  })
).pipe(Command.withDescription("Apply what is pending, all of it or up to a version"))

const downgrade = Command.make(
  "downgrade",
  {
    ...shared,
    version,
    steps: Flag.Int("steps").pipe(
      Flag.withDescription("How many versions to take back"),
      Flag.withDefault(1)
    )
  },
  Effect.fn("migrate.downgrade")(function* (flags) {
    const target = targetOf(flags)
    yield* report(
      yield* Option.match(flags.version, {
        onNone: () => Migrator.downgradeBy(target, flags.steps),
        onSome: (to) => Migrator.downgradeTo(target, to)
      })
    )
  })
).pipe(Command.withDescription("Take back the newest versions, data included"))

const history = Command.make(
  "history",
  shared,
  Effect.fn("migrate.history")(function* (flags) {
    for (const { store, entries } of yield* Migrator.history(targetOf(flags))) {
      for (const { applied, version, name } of entries)
        yield* Console.log(
          `${store.padEnd(10)}  ${version}  ${(applied?.appliedAt.toISOString() ?? "pending").padEnd(24)}  ${name}`
        )
    }
  })
).pipe(Command.withDescription("List every migration and when it was applied"))

const current = Command.make(
  "current",
  shared,
  Effect.fn("migrate.current")(function* (flags) {
    for (const { store, entries } of yield* Migrator.history(targetOf(flags))) {
      const newest = entries.findLast((entry) => entry.applied !== null)
      const waiting = entries.filter((entry) => entry.applied === null).length
      yield* Console.log(
        `${store.padEnd(10)}  ${newest ? `${newest.version} ${newest.name}` : "empty"}${waiting > 0 ? `, ${waiting} pending` : ""}`
      )
    }
  })
).pipe(Command.withDescription("Name the newest applied version of each store"))

/** Reads DATABASE_URL and CLICKHOUSE_URL; the lock is always taken in Postgres. */
export const migrate = Command.make("migrate").pipe(
  Command.withDescription("Plain SQL migrations of Postgres and ClickHouse"),
  Command.withSubcommands([create, upgrade, downgrade, history, current])
)
