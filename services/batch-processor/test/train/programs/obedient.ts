import { readFileSync } from "node:fs"
import { join } from "node:path"
import { endWithParent, say } from "../../../src/types/train/trainer/say.ts"

/** A trainer that does what the file `what` in its folder says. */
endWithParent()
const folder = process.argv[2] ?? ""
const what = readFileSync(join(folder, "what"), "utf8")
const progress = (done: number) =>
  say({ _tag: "progress", stage: `${process.pid}`, done, total: 3 })

progress(1)
switch (what) {
  case "work":
    progress(2)
    progress(3)
    say({ _tag: "done" })
    break
  case "refuse":
    say({ _tag: "failed", detail: "Nobody ever bought." })
    break
  case "hog": {
    const held: Array<Float64Array> = []
    for (let n = 0; n < 4096; n++) held.push(new Float64Array(2 ** 20).fill(n))
    say({ _tag: "progress", stage: "held", done: held.length, total: 0 })
    break
  }
  case "compute for ever":
    for (let n = 0; ; n++) if (n < 0) break
    break
  case "babble":
    process.stdout.write("hello\n")
    break
  default:
    throw new Error("no such task")
}
process.exit(0)
