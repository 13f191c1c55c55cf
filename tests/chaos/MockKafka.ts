import { spawn } from "node:child_process"

/** Three brokers in one process, which speak Kafka's protocol and keep all in memory. */
export interface MockKafka {
  readonly brokers: string
  readonly signal: (name: NodeJS.Signals) => void
  readonly stop: () => void
}

/** librdkafka's mock cluster, inside a consumer that waits for nothing. */
export const startMockKafka = (): Promise<MockKafka> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      "kcat",
      [
        "-C",
        "-t",
        "idle",
        "-b",
        "unused",
        "-X",
        "test.mock.num.brokers=3",
        "-d",
        "mock"
      ],
      { stdio: ["ignore", "ignore", "pipe"] }
    )
    let text = ""
    child.on("error", reject)
    child.stderr.on("data", (chunk: Buffer) => {
      if (text === "found") return
      text += chunk.toString()
      const found = /bootstrap\.servers=(\S+)/.exec(text)?.[1]
      if (found === undefined) return
      text = "found"
      resolve({
        brokers: found,
        signal: (name) => child.kill(name),
        stop: () => child.kill("SIGKILL")
      })
    })
  })

export const hasKcat = Bun.which("kcat") !== null
