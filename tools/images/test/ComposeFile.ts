import { Schema } from "effect"

const Names = Schema.Array(Schema.String)
const Environment = Schema.Record(Schema.String, Schema.String)
const Bytes = Schema.String.check(Schema.isPattern(/^\d+[mg]$/))
const Seconds = Schema.String.check(Schema.isPattern(/^\d+s$/))

const Service = Schema.Struct({
  image: Schema.String,
  build: Schema.optionalKey(
    Schema.Struct({
      context: Schema.String,
      dockerfile: Schema.String,
      target: Schema.String,
      args: Environment
    })
  ),
  entrypoint: Schema.optionalKey(Names),
  command: Schema.optionalKey(Names),
  environment: Schema.optionalKey(Environment),
  secrets: Schema.optionalKey(Names),
  configs: Schema.optionalKey(
    Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String }))
  ),
  ports: Schema.optionalKey(Names),
  volumes: Schema.optionalKey(Names),
  tmpfs: Schema.optionalKey(Names),
  depends_on: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      Schema.Struct({
        condition: Schema.Literals([
          "service_started",
          "service_healthy",
          "service_completed_successfully"
        ])
      })
    )
  ),
  healthcheck: Schema.optionalKey(
    Schema.Struct({
      test: Names,
      interval: Seconds,
      timeout: Seconds,
      retries: Schema.Int,
      start_period: Seconds
    })
  ),
  user: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^\d+:\d+$/))),
  read_only: Schema.Boolean,
  cap_drop: Schema.Tuple([Schema.Literal("ALL")]),
  security_opt: Schema.Tuple([Schema.Literal("no-new-privileges:true")]),
  restart: Schema.String.check(Schema.isPattern(/^(unless-stopped|on-failure:\d+)$/)),
  logging: Schema.Struct({ driver: Schema.String, options: Environment }),
  mem_limit: Bytes,
  shm_size: Schema.optionalKey(Bytes),
  pids_limit: Schema.optionalKey(Schema.Int),
  ulimits: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ soft: Schema.Int, hard: Schema.Int }))
  ),
  stop_grace_period: Schema.optionalKey(Seconds),
  stop_signal: Schema.optionalKey(Schema.String),
  profiles: Schema.optionalKey(Names)
})

const File = Schema.Struct({ file: Schema.String })

/** What of the Compose specification this repository uses, and no key besides. */
export const ComposeFile = Schema.StructWithRest(
  Schema.Struct({
    name: Schema.String,
    services: Schema.Record(Schema.String, Service),
    volumes: Schema.Record(Schema.String, Schema.Null),
    configs: Schema.Record(Schema.String, File),
    secrets: Schema.Record(Schema.String, File)
  }),
  [Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), Schema.Unknown)]
)
export type ComposeFile = typeof ComposeFile.Type
export type ComposeService = ComposeFile["services"][string]
