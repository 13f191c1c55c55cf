import { expect, it } from "bun:test"
import { limitedCommand } from "@analytics/api-common/limitedCommand"

const told = async (limits: Parameters<typeof limitedCommand>[0], script: string) => {
  const child = Bun.spawn(limitedCommand(limits, ["-e", script, "two words", ""]), {
    stdio: ["ignore", "pipe", "pipe"],
    // As in an image: there is no shell, and no path to one.
    env: { PATH: "", ONLY: "this" }
  })
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  await child.exited
  return { child, out, err }
}

it("becomes the program, with its arguments and environment", async () => {
  const { child, err, out } = await told(
    { kib: 8 * 1024 * 1024 },
    "console.log(JSON.stringify([process.pid, process.argv.slice(1), process.env.ONLY]))"
  )
  expect(err).toBe("")
  expect(JSON.parse(out)).toEqual([child.pid, ["two words", ""], "this"])
})

it.if(process.platform === "linux")(
  "limits data, core files and priority",
  async () => {
    const { out } = await told(
      { kib: 3_000_000.5, niceness: 7 },
      `const fs = require("node:fs")
     const limits = fs.readFileSync("/proc/self/limits", "utf8").split("\\n")
     const of = (name) => limits.find((line) => line.startsWith(name)).split(/\\s{2,}/).slice(1, 3)
     const nice = fs.readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[16]
     console.log(JSON.stringify([of("Max data size"), of("Max core file size"), nice]))`
    )
    const bytes = String(3_000_001 * 1024)
    const own = Number(
      (await Bun.file("/proc/self/stat").text()).split(") ")[1]?.split(" ")[16]
    )
    expect(JSON.parse(out)).toEqual([
      [bytes, bytes],
      ["0", "0"],
      String(Math.min(19, own + 7))
    ])
  }
)
