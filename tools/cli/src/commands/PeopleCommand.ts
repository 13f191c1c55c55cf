import { Console, Effect, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { call } from "../ApiClient.ts"
import { printable, table } from "../render/table.ts"
import { keyFlag, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

const Person = Schema.Struct({
  personId: Schema.String,
  ids: Schema.Array(Schema.String),
  traits: Schema.Record(Schema.String, Schema.Unknown),
  firstSeen: Schema.String,
  lastSeen: Schema.String
})
const Timeline = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      timestamp: Schema.String,
      event: Schema.String,
      properties: Schema.Unknown
    })
  )
})
const Links = Schema.Struct({
  links: Schema.Array(
    Schema.Struct({
      kind: Schema.String,
      from: Schema.String,
      to: Schema.String,
      timestamp: Schema.String,
      messageId: Schema.String,
      undoneAt: Schema.NullOr(Schema.String)
    })
  )
})

const verbs: Readonly<Record<string, string>> = {
  claim: "belongs to",
  alias: "is the same as"
}

export const peopleCommand = Command.make(
  "people",
  {
    id: Argument.String("id").pipe(
      Argument.withDescription("A userId or anonymousId, byte for byte")
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("Events of the timeline"),
      Flag.withDefault(20)
    ),
    key: keyFlag,
    stack: stackFlag
  },
  Effect.fn(function* ({ id, key, limit, stack }) {
    const target = yield* readTarget(stack)
    const secret = Redacted.value(yield* secretKeyOf(target, key))
    const people = `${target.api}/v1/people`
    const person = yield* call(
      "GET",
      `${people}?id=${encodeURIComponent(id)}`,
      secret,
      Person
    )
    const own = `${people}/${person.personId}`
    const [{ events }, { links }] = yield* Effect.all(
      [
        call("GET", `${own}/timeline?limit=${limit}`, secret, Timeline),
        call("GET", `${own}/links`, secret, Links)
      ],
      { concurrency: 2 }
    )
    yield* Console.log(
      table(
        ["", ""],
        [
          ["person", person.personId],
          ["first seen", person.firstSeen],
          ["last seen", person.lastSeen],
          ["ids", person.ids.join("  ")],
          ...Object.entries(person.traits)
        ]
      )
    )
    yield* Console.log(links.length === 0 ? "one id alone" : "one person, because")
    for (const { from, kind, messageId, timestamp, to, undoneAt } of links)
      yield* Console.log(
        printable(
          `  ${from} ${verbs[kind] ?? kind} ${to} since ${timestamp} (message ${messageId}${undoneAt === null ? "" : `; undone ${undoneAt}`})`
        )
      )
    yield* Console.log(
      table(
        ["when", "event", "properties"],
        events.map(({ event, properties, timestamp }) => [timestamp, event, properties])
      )
    )
  })
).pipe(Command.withDescription("One person: traits, what ties the ids, what they did"))
