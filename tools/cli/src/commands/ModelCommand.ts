import { readFile } from "node:fs/promises"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Refused } from "../ApiClient.ts"
import { batchFlags, openBatch } from "../Batch.ts"
import { givenText } from "../givenText.ts"
import { Job } from "../jobs/Job.ts"
import { watchJob } from "../jobs/watchJob.ts"
import { drawOutputs, outputRows } from "../models/drawOutputs.ts"
import {
  type Inference,
  inferenceFlags,
  modelPath,
  openInference
} from "../models/Inference.ts"
import {
  drawAliases,
  drawModels,
  drawVersions,
  Model,
  ModelPage,
  VersionPage
} from "../models/Model.ts"
import { rowTensors } from "../models/rowTensors.ts"
import { jsonFlag, payloadOf } from "./JobsCommand.ts"

const nameArgument = Argument.String("model").pipe(
  Argument.withDescription("Name of the model")
)
const versionArgument = Argument.Int("version").pipe(
  Argument.withDescription("Its version: 1, 2, 3 …")
)
const aliases = ["champion", "challenger", "shadow"] as const

const Made = Schema.Struct({ version: Schema.Number, sha256: Schema.String })

const setAlias = (
  inference: Inference,
  name: string,
  alias: (typeof aliases)[number],
  version: number,
  expected?: number | null
) =>
  inference.call("PUT", `${modelPath(name)}/aliases/${alias}`, Schema.Unknown, {
    version,
    ...(expected === undefined ? {} : { expected })
  })

const push = Command.make(
  "push",
  {
    name: nameArgument,
    file: Argument.File("file", { mustExist: true }).pipe(
      Argument.withDescription("A model as one file of ONNX")
    ),
    golden: Flag.String("golden").pipe(
      Flag.withDescription(
        "Known answers, as JSON {inputs, outputs, tolerance?} of the protocol; @file reads a file. The version must give them before it answers anybody"
      ),
      Flag.optional
    ),
    alias: Flag.Literals("alias", aliases).pipe(
      Flag.withDescription("Also let this alias name the version"),
      Flag.optional
    ),
    maxRows: Flag.Int("max-rows").pipe(
      Flag.withDescription("Rows that are joined to one run; 1: none are"),
      Flag.optional
    ),
    instances: Flag.Int("instances").pipe(
      Flag.withDescription("Processes that hold the model"),
      Flag.optional
    ),
    ...inferenceFlags
  },
  Effect.fn(function* ({ alias, file, golden, instances, maxRows, name, ...flags }) {
    const inference = yield* openInference(flags)
    const bytes = yield* Effect.tryPromise({
      try: () => readFile(file),
      catch: () => new Refused({ status: 0, message: `${file} cannot be read` })
    })
    const known = Option.isSome(golden) ? yield* payloadOf(golden.value) : undefined
    const { sha256 } = yield* inference.upload(bytes)
    const { version } = yield* inference.call(
      "POST",
      `${modelPath(name)}/versions`,
      Made,
      {
        artifact: sha256,
        ...(known === undefined ? {} : { golden: known }),
        ...(Option.isSome(maxRows) ? { batching: { maxRows: maxRows.value } } : {}),
        ...(Option.isSome(instances) ? { instances: instances.value } : {})
      }
    )
    if (Option.isSome(alias)) yield* setAlias(inference, name, alias.value, version)
    yield* Console.log(`${name} version ${version}`)
  })
).pipe(Command.withDescription("Upload a model and make a version of it; prints which"))

const list = Command.make(
  "list",
  { name: nameArgument.pipe(Argument.optional), json: jsonFlag, ...inferenceFlags },
  Effect.fn(function* ({ json, name, ...flags }) {
    const inference = yield* openInference(flags)
    const path = Option.isSome(name) ? `${modelPath(name.value)}/versions` : "/models"
    if (json) {
      const answer = yield* inference.call("GET", path, Schema.Unknown)
      return yield* Console.log(JSON.stringify(answer, null, 2))
    }
    const page = Option.isSome(name)
      ? yield* inference.call("GET", path, VersionPage)
      : yield* inference.call("GET", path, ModelPage)
    yield* Console.log(
      "models" in page ? drawModels(page.models) : drawVersions(page.versions)
    )
    if (page.nextCursor !== null) yield* Console.log("there are more")
  })
).pipe(Command.withDescription("The models, or the versions of one"))

const promote = Command.make(
  "promote",
  {
    name: nameArgument,
    version: versionArgument,
    alias: Flag.Literals("alias", aliases).pipe(
      Flag.withDescription("What the version becomes"),
      Flag.withDefault("champion" as const)
    ),
    expected: Flag.Int("expected").pipe(
      Flag.withDescription(
        "Only if the alias names this version now; 0: only if it names none"
      ),
      Flag.optional
    ),
    ...inferenceFlags
  },
  Effect.fn(function* ({ alias, expected, name, version, ...flags }) {
    const inference = yield* openInference(flags)
    const now = Option.map(expected, (number) => (number === 0 ? null : number))
    yield* setAlias(inference, name, alias, version, Option.getOrUndefined(now))
    yield* Console.log(
      drawAliases(yield* inference.call("GET", modelPath(name), Model))
    )
  })
).pipe(
  Command.withDescription(
    "Let a version answer as champion, once ml-inference has it ready"
  )
)

const rollback = Command.make(
  "rollback",
  { name: nameArgument, ...inferenceFlags },
  Effect.fn(function* ({ name, ...flags }) {
    const inference = yield* openInference(flags)
    yield* inference.call("POST", `${modelPath(name)}/rollback`, Schema.Unknown, {})
    yield* Console.log(
      drawAliases(yield* inference.call("GET", modelPath(name), Model))
    )
  })
).pipe(Command.withDescription("The champion becomes what it was before"))

const FeatureNames = Schema.Struct({
  inspection: Schema.Struct({
    metadata: Schema.Struct({
      features: Schema.fromJsonString(Schema.Array(Schema.String))
    })
  })
})

/** Names of the features of a version that the suite trained; of others none. */
const featuresOf = (inference: Inference, name: string, version: string) =>
  inference.call("GET", `${modelPath(name)}/versions/${version}`, Schema.Unknown).pipe(
    Effect.map((answer) =>
      Option.match(Schema.decodeUnknownOption(FeatureNames)(answer), {
        onNone: (): ReadonlyArray<string> => [],
        onSome: ({ inspection }) => inspection.metadata.features
      })
    )
  )

const predict = Command.make(
  "predict",
  {
    name: nameArgument,
    rows: Argument.String("rows").pipe(
      Argument.withDescription(
        "JSON: rows as arrays of numbers, as objects by feature or input, or {inputs} as the protocol has it; @file reads a file, - standard input (also a row a line)"
      )
    ),
    version: Flag.Int("version").pipe(
      Flag.withDescription("A version; without it who answers is the champion"),
      Flag.optional
    ),
    output: Flag.String("output").pipe(
      Flag.withDescription("Only this output"),
      Flag.optional
    ),
    json: jsonFlag,
    ...inferenceFlags
  },
  Effect.fn(function* ({ json, name, output, rows, version, ...flags }) {
    const inference = yield* openInference(flags)
    const asked = Option.getOrUndefined(Option.map(version, String))
    const text = yield* givenText(rows)
    const { inputs } = yield* inference.client.metadata(name, asked)
    const { aliases } = yield* inference.call("GET", modelPath(name), Model)
    const named = asked ?? aliases["champion"]
    const features =
      named === undefined ? [] : yield* featuresOf(inference, name, String(named))
    const given = yield* Effect.fromResult(rowTensors(text, inputs, features))
    const wanted = Option.map(output, (of) => [{ name: of, form: "binary" as const }])
    const answer = yield* inference.client.infer(
      name,
      { inputs: given.tensors, outputs: Option.getOrUndefined(wanted) },
      { version: asked }
    )
    const said = outputRows(answer.outputs, given.rows)
    if (json) {
      for (const row of said) yield* Console.log(JSON.stringify(row))
      return
    }
    yield* Console.log(drawOutputs(said, features))
    yield* Console.log(`${name} version ${answer.modelVersion ?? ""}`)
  })
).pipe(Command.withDescription("Ask a model; --json prints a line a row"))

const train = Command.make(
  "train",
  {
    name: nameArgument,
    payload: Argument.String("payload").pipe(
      Argument.withDescription(
        `What a train job takes but for the model, as JSON: {"target": {"event": "Order Completed", "days": 30}}; @file reads a file, - standard input`
      )
    ),
    project: inferenceFlags.project,
    detach: Flag.Boolean("detach").pipe(
      Flag.withDescription("Print the id of the job and do not wait for its end"),
      Flag.withDefault(false)
    ),
    ...batchFlags
  },
  Effect.fn(function* ({ detach, name, payload, project, ...flags }) {
    const batch = yield* openBatch(flags)
    const given = yield* payloadOf(payload)
    const { id } = yield* batch.call("POST", "/jobs", Job, {
      type: "train",
      payload: { ...(typeof given === "object" ? given : { given }), model: name },
      ...(Option.isSome(project) ? { projectId: project.value } : {})
    })
    if (detach) return yield* Console.log(id)
    yield* watchJob(batch, id)
  })
).pipe(Command.withDescription("Train a version from the events and watch it"))

export const modelCommand = Command.make("model").pipe(
  Command.withDescription("Models: upload, train, promote, ask"),
  Command.withSubcommands([push, list, promote, rollback, predict, train])
)
