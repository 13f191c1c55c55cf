import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Result, Schema } from "effect"
import { readRows } from "./RowFile.ts"
import { endWithParent, say } from "./say.ts"
import { MODEL, REPORT, REQUEST, TrainRequest } from "./TrainRequest.ts"
import { trainModel } from "./trainModel.ts"
import { faultOf } from "./usable.ts"

/** Trains in a process of its own: reads its folder, and writes the model and a report. */
const train = async (folder: string) => {
  const { features, files, seed, trees } = Schema.decodeSync(
    Schema.fromJsonString(TrainRequest)
  )(readFileSync(join(folder, REQUEST), "utf8"))
  const sets = await readRows(files, features)
  const fault = faultOf(sets)
  if (fault !== undefined) return say({ _tag: "failed", detail: fault })
  const made = trainModel(sets, { ...trees, seed }, (stage, done, total) =>
    say({ _tag: "progress", stage, done, total })
  )
  if (Result.isFailure(made))
    return say({ _tag: "failed", detail: made.failure.detail })
  writeFileSync(join(folder, MODEL), made.success.file)
  writeFileSync(join(folder, REPORT), JSON.stringify(made.success.report))
  say({ _tag: "done" })
}

if (import.meta.main) {
  endWithParent()
  await train(process.argv[2] ?? "")
  process.exit(0)
}
