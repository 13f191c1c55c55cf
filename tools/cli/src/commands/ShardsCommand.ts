import { Console, Effect, Option, Redacted, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { call } from "../ApiClient.ts"
import { table } from "../render/table.ts"
import { readTarget, stackFlag } from "../Target.ts"

const State = Schema.Struct({
  version: Schema.Int,
  shards: Schema.Array(
    Schema.Struct({
      shard: Schema.Int,
      virtualShards: Schema.Int,
      owner: Schema.NullOr(Schema.String),
      epoch: Schema.Int,
      waiting: Schema.Int,
      arriving: Schema.Int
    })
  ),
  log: Schema.Struct({
    kind: Schema.String,
    waiting: Schema.Int,
    lost: Schema.Int
  })
})

const draw = ({ log, shards, version }: typeof State.Type): string =>
  [
    `shard map ${version}`,
    table(
      ["shard", "virtual shards", "arriving", "waiting events", "epoch", "taken by"],
      shards.map(({ arriving, epoch, owner, shard, virtualShards, waiting }) => [
        shard,
        virtualShards,
        arriving,
        waiting,
        epoch,
        owner ?? "nobody"
      ])
    ),
    ...(log.kind === "postgres"
      ? []
      : [`${log.kind}: ${log.waiting} frames wait, ${log.lost} were lost`])
  ].join("\n")

export const shardsCommand = Command.make(
  "shards",
  {
    count: Argument.Int("count").pipe(
      Argument.withDescription("Spread the messages over so many shards"),
      Argument.optional
    ),
    stack: stackFlag
  },
  Effect.fn(function* ({ count, stack }) {
    const { adminKey, ingestion } = yield* readTarget(stack)
    const url = `${ingestion}/internal/v1/shards`
    const key = Redacted.value(adminKey)
    const state = Option.isSome(count)
      ? yield* call("PUT", url, key, State, { shards: count.value })
      : yield* call("GET", url, key, State)
    yield* Console.log(draw(state))
  })
).pipe(
  Command.withDescription("How messages are spread over loaders, and to change that")
)
