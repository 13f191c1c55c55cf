import { afterAll, beforeEach, describe, expect, it, setDefaultTimeout } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { Effect, Fiber, ManagedRuntime, Schedule } from "effect"
import { zipSync } from "fflate"
import { JobRun } from "../../src/jobs/JobRun.ts"
import type { ImportPayload } from "../../src/types/import/ImportPayload.ts"
import type { SentResult } from "../../src/types/import/ImportResult.ts"
import { importFile } from "../../src/types/import/importFile.ts"
import { Pace } from "../../src/types/import/sendFile.ts"
import { jobRun, newJob, retry } from "../TestJobRun.ts"
import { Ingestion } from "./Ingestion.ts"
import { importLayer, makeFolder } from "./importTest.ts"

// A busy machine is no reason to fail.
setDefaultTimeout(30_000)

const folder = makeFolder()
let ingestion = new Ingestion()
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: (request) => ingestion.handle(request)
})
const runtime = ManagedRuntime.make(
  importLayer(folder, { ingestion: server.url.origin })
)

afterAll(async () => {
  await runtime.dispose()
  await server.stop(true)
  rmSync(folder.root, { recursive: true })
}, 60_000)

beforeEach(() => {
  ingestion = new Ingestion()
})

const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder.allowed, name)
  writeFileSync(path, content)
  return { path }
}

const pace = {
  limits: { maxEvents: 10, maxBytes: 500 * 1024 },
  inFlight: 3,
  checkpointEvery: 0
}

const newWork = () => ({ id: crypto.randomUUID(), kept: newJob() })

const work = (
  { id, kept }: ReturnType<typeof newWork>,
  payload: ImportPayload,
  maxEvents = pace.limits.maxEvents
) =>
  importFile
    .run({ id, projectId: 1, payload })
    .pipe(
      Effect.provideService(JobRun, jobRun(kept, { id, projectId: 1 })),
      Effect.provideService(Pace, { ...pace, limits: { ...pace.limits, maxEvents } })
    )

const run = async (payload: ImportPayload, job = newWork()) => {
  const result = await runtime.runPromise(work(job, payload))
  if (result.dryRun) throw new Error("a dry run")
  return result
}

const failure = (payload: ImportPayload, job = newWork()) =>
  runtime.runPromise(Effect.flip(work(job, payload)))

const views = (count: number) =>
  Array.from(
    { length: count },
    (_, n) =>
      `{"type":"page","anonymousId":"v${n % 7}","timestamp":"1999-09-28T00:00:0${n % 10}Z"}\n`
  ).join("")

describe("import", () => {
  it("sends rows by a mapping, and says what became of the others", async () => {
    const source = file(
      "orders.csv",
      "who,what,when,price\nu1,buy,19970101,1.5\n,buy,19970102,2\nu2,buy,tomorrow,3\nu3,buy\n"
    )
    const job = newWork()
    const result = await run(
      {
        source,
        format: "csv",
        mapping: {
          eventColumn: "what",
          userColumn: "who",
          timestampColumn: "when",
          timestampFormat: "yyyyMMdd",
          numbers: ["price"]
        }
      },
      job
    )
    expect(result).toMatchObject({
      rows: 4,
      accepted: 1,
      rejected: {
        nobody: 1,
        "column when is not written as yyyyMMdd": 1,
        "more or fewer values than columns": 1
      }
    })
    expect(ingestion.events).toMatchObject([
      {
        type: "track",
        event: "buy",
        userId: "u1",
        timestamp: "1997-01-01T00:00:00.000+00:00",
        properties: { price: 1.5 },
        messageId: `imp-${result.sha256.slice(0, 24)}-1`
      }
    ])
    expect(job.kept.lines.map(({ message }) => message).sort()).toEqual([
      "row 2: nobody",
      "row 3: column when is not written as yyyyMMdd",
      "row 4: more or fewer values than columns"
    ])
  })

  it("makes the same ids of the same file, plain or packed its own", async () => {
    const plain = file("a.ndjson", views(25))
    const first = await run({ source: plain, format: "ndjson" })
    expect(first).toMatchObject({ rows: 25, accepted: 25, rejected: {} })
    const again = file("b.ndjson", views(25))
    await run({ source: again, format: "ndjson" })
    expect(ingestion.events).toHaveLength(50)
    expect(ingestion.stored.size).toBe(25)
    const packed = file("c.gz", gzipSync(views(25)))
    const third = await run({ source: packed, format: "ndjson" })
    expect(third.accepted).toBe(25)
    expect(ingestion.stored.size).toBe(50)
  })

  it("reads access logs of Apache and Nginx alike", async () => {
    const line =
      '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 17 "-" "Moz"\n'
    const source = file("access.log", `${line}torn\n`)
    for (const format of ["apache", "nginx"] as const)
      expect(await run({ source, format })).toMatchObject({
        accepted: 1,
        rejected: { "not in Apache's common or combined log format": 1 }
      })
    expect(ingestion.stored.size).toBe(1)
    expect(JSON.stringify(ingestion.events)).not.toContain("192.0.2.1")
  })

  it("waits as it is told, keeps requests in flight, and sends less at a time when asked", async () => {
    ingestion.mostEvents = 4
    const all = Promise.withResolvers<void>()
    ingestion.verdict = async (request) => {
      if (request === pace.inFlight) all.resolve()
      await all.promise
      return request === 2 ? 429 : request === 4 ? 503 : request === 5 ? 500 : 200
    }
    const job = newWork()
    const source = file("much.ndjson", views(100))
    expect(await run({ source, format: "ndjson" }, job)).toMatchObject({
      rows: 100,
      accepted: 100
    })
    expect(ingestion.stored.size).toBe(100)
    expect(ingestion.events).toHaveLength(100)
    expect(ingestion.mostUnderWay).toBe(pace.inFlight)
    expect(job.kept.progress).toMatchObject({
      unit: "bytes",
      done: views(100).length,
      total: views(100).length,
      counts: { rows: 100, accepted: 100, rejected: 0 }
    })
  })

  it.each(["ndjson", "packed", "zipped", "csv"] as const)(
    "goes on after a crash where it was acknowledged (%s)",
    async (kind) => {
      // Several of the blocks in which files are read.
      const count = 12_000
      const text =
        kind === "csv"
          ? `userId,event,timestamp\n${"u,e,1999-09-28T00:00:00Z\n".repeat(count)}`
          : views(count)
      const source = file(
        `crash-${kind}`,
        kind === "packed"
          ? gzipSync(text)
          : kind === "zipped"
            ? zipSync(
                Object.fromEntries(
                  Array.from({ length: 40 }, (_, n) => [
                    `${n}.json.gz`,
                    gzipSync(views(count / 40))
                  ])
                )
              )
            : text
      )
      const payload: ImportPayload = {
        source,
        format: kind === "csv" ? "csv" : "ndjson"
      }
      const job = newWork()
      let result: SentResult | undefined
      for (const dies of [6, 11, Number.POSITIVE_INFINITY]) {
        const start = ingestion.requests
        ingestion.verdict = (request) => (request > start + dies ? "silent" : 200)
        const fiber = runtime.runFork(work(job, payload, count / 20))
        if (Number.isFinite(dies)) {
          // Which of them is silent is chance: requests overtake each other.
          await Effect.runPromise(
            Effect.raceFirst(
              until(
                () => ingestion.requests > start + dies && job.kept.checkpoints.size > 0
              ),
              Effect.andThen(Fiber.join(fiber), Effect.die("it ended by itself"))
            )
          )
          await Effect.runPromise(Fiber.interrupt(fiber))
          ingestion.underWay = 0
        } else {
          const ended = await Effect.runPromise(Fiber.join(fiber))
          if (!ended.dryRun) result = ended
        }
      }
      expect(result).toMatchObject({ rows: count, accepted: count, rejected: {} })
      expect(ingestion.stored.size).toBe(count)
      expect(
        job.kept.lines.some(({ message }) => message.startsWith("goes on after"))
      ).toBe(true)
    },
    30_000
  )

  it("sends every event of a row once, wherever it is broken off", async () => {
    const visits = 600
    const lines = Array.from({ length: visits }, (_, id) => {
      const actions = Array.from({ length: 1 + (id % 5) }, (_, place) => ({
        type: "action",
        pageId: id * 10 + place,
        timestamp: 1_772_359_200 + id
      }))
      return JSON.stringify({ idVisit: id, visitorId: "v", actionDetails: actions })
    })
    const packed = (part: number) =>
      gzipSync(lines.filter((_, id) => id % 7 === part).join("\n"))
    const source = file(
      "visits.zip",
      zipSync(
        Object.fromEntries(
          Array.from({ length: 7 }, (_, part) => [
            `visits/${part}.json.gz`,
            packed(part)
          ])
        )
      )
    )
    const payload: ImportPayload = { source, format: "ndjson", from: "matomo" }
    const job = newWork()
    const expected = visits * 3
    for (const dies of [5, 30]) {
      const start = ingestion.requests
      ingestion.verdict = (request) => (request > start + dies ? "silent" : 200)
      const fiber = runtime.runFork(work(job, payload, 12))
      await Effect.runPromise(
        Effect.raceFirst(
          until(
            () => ingestion.requests > start + dies && job.kept.checkpoints.size > 0
          ),
          Effect.andThen(Fiber.join(fiber), Effect.die("it ended by itself"))
        )
      )
      await Effect.runPromise(Fiber.interrupt(fiber))
      ingestion.underWay = 0
    }
    ingestion.verdict = () => 200
    expect(await run(payload, job)).toMatchObject({ rows: visits, rejected: {} })
    expect(ingestion.stored.size).toBe(expected)
    // A request never holds a part of a row.
    const perVisit = new Map<string, number>()
    for (const batch of ingestion.batches) {
      perVisit.clear()
      for (const { messageId } of batch) {
        const visit = messageId.split("-")[2] ?? ""
        perVisit.set(visit, (perVisit.get(visit) ?? 0) + 1)
      }
      for (const [visit, count] of perVisit) expect(count).toBe(1 + (Number(visit) % 5))
    }
    const dry = await runtime.runPromise(work(newWork(), { ...payload, dryRun: true }))
    expect(dry).toMatchObject({
      rows: visits,
      events: expected,
      rejected: {},
      quarantined: {},
      eventNames: { $pageview: expected }
    })
  })

  it("reads of an archive what is asked for, whatever its names say", async () => {
    const source = file(
      "tables.zip",
      zipSync({
        "C:/x.csv": Buffer.from("name\nmia\n")
      })
    )
    const payload: ImportPayload = { source, format: "csv" }
    expect(await failure(payload)).toMatchObject({
      detail: "The zip archive cannot be read: absolute path: C:/x.csv."
    })
    const good = file(
      "good.zip",
      zipSync({
        "export/events_1.csv": Buffer.from("event,userId\na,u\n"),
        "export/events_2.csv": Buffer.from("userId,event\nu,b\n"),
        "export/people.csv": Buffer.from("name\nkarl\n")
      })
    )
    expect(
      await run({ source: good, format: "csv", members: "*/events_*.csv" })
    ).toMatchObject({ rows: 2, accepted: 2, rejected: {} })
    expect(ingestion.events.map(({ event }) => event)).toEqual(["a", "b"])
    // One by one they are the same events, and no other's.
    const ids = ingestion.events.map(({ messageId }) => messageId)
    for (const one of [1, 2])
      await run({ source: good, format: "csv", members: `**/events_${one}.csv` })
    expect(ingestion.events.map(({ messageId }) => messageId)).toEqual([...ids, ...ids])
    expect(ingestion.stored.size).toBe(2)
    const single = file("single.csv", "event,userId\na,u\n")
    expect(
      await failure({ source: single, format: "csv", members: "*.csv" })
    ).toMatchObject({ detail: expect.stringContaining("leave `members` out") })
    expect(
      await failure({ source: good, format: "csv", members: "events_*.csv" })
    ).toMatchObject({ detail: expect.stringContaining("no file of such a name") })
  })

  it("sends and judges an event that another system let in and live ones may not be", async () => {
    const text = "x".repeat(700 * 1024)
    const line = `{"type":"page","anonymousId":"a","properties":{"text":"${text}"}}`
    const source = file("large.ndjson", `${line}\n${views(2)}`)
    expect(await run({ source, format: "ndjson" })).toMatchObject({ accepted: 3 })
    expect(ingestion.requests).toBe(2)
    const dry = await runtime.runPromise(
      work(newWork(), { source, format: "ndjson", dryRun: true })
    )
    expect(dry).toMatchObject({ events: 3, rejected: {} })
    // What it shows of them is kept with the job.
    expect(JSON.stringify(dry).length).toBeLessThan(10_000)
    expect(dry).toHaveProperty(
      "sample.0.properties.text",
      expect.stringMatching(/^x{1000}… \(716800\)$/u)
    )
  })

  it("begins anew in its next run only with the same file", async () => {
    const job = newWork()
    const source = file("changing.ndjson", views(20))
    await run({ source, format: "ndjson" }, job)
    retry(job.kept)
    expect(await run({ source, format: "ndjson" }, job)).toMatchObject({
      rows: 20,
      accepted: 20
    })
    retry(job.kept)
    file("changing.ndjson", views(21))
    expect(await failure({ source, format: "ndjson" }, job)).toMatchObject({
      _tag: "JobFailed",
      detail: expect.stringContaining("another one")
    })
    expect(ingestion.events).toHaveLength(20)
  })

  it("says in plain words what cannot be read", async () => {
    const told = async (source: ImportPayload["source"], format: "csv" | "parquet") =>
      (await failure({ source, format })).detail
    const cut = file("cut.gz", gzipSync(views(500)).subarray(0, 90))
    expect(await told(cut, "csv")).toContain("cannot be unpacked")
    expect(
      await told(file("no.parquet", "hello world, no parquet"), "parquet")
    ).toContain("Parquet file cannot be read")
    expect(await told(file("is.parquet", "PAR1...."), "csv")).toContain("say `parquet`")
    expect(
      await told(file("open.csv", `a,b\n1,"${"x".repeat(5 << 20)}`), "csv")
    ).toContain("BATCH_IMPORT_MAX_BYTES")
    expect(
      await told(file("cut.zip", zipSync({ a: gzipSync("x") }).subarray(0, 40)), "csv")
    ).toContain("zip archive cannot be read")
    expect(ingestion.requests).toBe(0)
  })

  it("refuses a vendor's export in a format in which there is none", async () => {
    const source = file("export.csv", "a\n")
    const refusal = async (more: object) => {
      const checked = importFile.check?.({
        projectId: 1,
        payload: { source, format: "csv", from: "matomo", ...more }
      })
      if (checked === undefined) throw new Error("nothing is checked")
      return runtime.runPromise(Effect.flip(checked))
    }
    expect(await refusal({})).toMatchObject({
      pointer: "/from",
      detail:
        "An export of matomo is written as ndjson, apache, nginx; this one is said to be csv."
    })
    expect(
      await refusal({
        format: "ndjson",
        mapping: { event: "x", timestampColumn: "t" }
      })
    ).toMatchObject({ pointer: "/mapping" })
    expect(await refusal({ format: "ndjson", timeZone: "UTC" })).toMatchObject({
      pointer: "/timeZone",
      detail: expect.stringContaining("Only Mixpanel")
    })
    expect(
      await refusal({ from: "mixpanel", format: "ndjson", timeZone: "Mars/Base" })
    ).toMatchObject({
      pointer: "/timeZone",
      detail: expect.stringContaining("no time zone Mars/Base")
    })
  })
})

describe("a dry run", () => {
  it("reports what would happen and sends nothing", async () => {
    const source = file(
      "dry.ndjson",
      [
        '{"type":"page","anonymousId":"a","timestamp":"1999-09-28T00:00:00Z"}',
        '{"type":"track","event":"b\\u0000","userId":"u","timestamp":"2001-01-01T00:00:00Z"}',
        '{"type":"track","event":"later","userId":"u","timestamp":"2999-01-01T00:00:00Z"}',
        '{"type":"track","userId":"u"}',
        "torn"
      ].join("\n")
    )
    const result = await runtime.runPromise(
      work(newWork(), { source, format: "ndjson", dryRun: true })
    )
    expect(result).toMatchObject({
      dryRun: true,
      rows: 5,
      events: 2,
      rejected: { "not valid JSON": 1 },
      quarantined: { timestamp_in_future: 1 },
      from: "1999-09-28T00:00:00.000Z",
      to: "2001-01-01T00:00:00.000Z",
      eventNames: { $pageview: 1, "b\uFFFD": 1 }
    })
    expect(Object.keys(result.rejected)).toHaveLength(2)
    expect(result).toHaveProperty("sample.0.anonymousId", "a")
    expect(JSON.stringify(result)).not.toContain("\\u0000")
    expect(ingestion.requests).toBe(0)
  })
})

const until = (isSo: () => boolean) =>
  Effect.sync(isSo).pipe(
    Effect.repeat({ until: (so) => so, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("20 seconds")
  )
