import { Malformed } from "@analytics/inference-protocol/Malformed"
import { Effect, Schema } from "effect"
import { RequestBodies } from "./RequestBodies.ts"

export const IndexRequest = Schema.Struct({
  ready: Schema.optionalKey(Schema.Boolean)
})

const Version = Schema.FiniteFromString.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })
)

/** Other parameters mean nothing here. */
export const LoadRequest = Schema.Struct({
  parameters: Schema.optionalKey(
    Schema.Struct({ version: Schema.optionalKey(Version) })
  )
})

type Readable = Schema.Top & { readonly DecodingServices: never }

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Reads a body that may be left out, which says the same as `{}`. */
export const readJson = Effect.fnUntraced(function* <S extends Readable>(
  request: Request,
  schema: S
) {
  const decode = Schema.decodeUnknownEffect(schema)
  const bodies = yield* RequestBodies
  return yield* bodies.use(request, (body) =>
    Effect.try({
      try: (): unknown => (body.length === 0 ? {} : JSON.parse(utf8.decode(body))),
      catch: () => new Malformed({ detail: "The body must be JSON in UTF-8" })
    }).pipe(
      Effect.flatMap((value) =>
        Effect.mapError(
          decode(value),
          ({ message }) =>
            new Malformed({ detail: `The body: ${message.replace(/\s+/gu, " ")}` })
        )
      )
    )
  )
})
