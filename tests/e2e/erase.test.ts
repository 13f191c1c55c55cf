import { afterAll, beforeAll, expect, it } from "bun:test"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

interface Place {
  readonly place: string
  readonly before: number
  readonly after: number
}

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly payload: unknown
  readonly result: {
    readonly requestedAt: string
    readonly ids: number
    readonly verifiedEmpty: boolean
    readonly searchedFor: string
    readonly places: ReadonlyArray<Place>
    readonly removed: Readonly<Record<string, number>>
  } | null
}

const anna = "anna@example.com"
const device = "device-of-anna-1"
const street = "Nowhere Street 17"

let stack: RunningStack
let client: Client

beforeAll(async () => {
  stack = await startStack({ PURGE_INTERVAL: "1 second" })
  client = await makeClient(stack)
}, 180_000)
afterAll(() => stack?.stop(), 60_000)

const submit = async (project: Project | undefined, type: string, payload: object) => {
  const { adminKey, services } = await stack.file()
  const url = `${services["batch-processor"]}/v1/jobs`
  const submitted = await client.call("POST", url, adminKey, {
    type,
    payload,
    ...(project === undefined ? {} : { projectId: Number(project.id) })
  })
  expect(submitted).toMatchObject({ status: 202 })
  return (submitted.body as Job).id
}

const ended = async (id: string): Promise<Job> => {
  const { adminKey, services } = await stack.file()
  const url = `${services["batch-processor"]}/v1/jobs/${id}`
  for (const end = Date.now() + 120_000; Date.now() < end; await Bun.sleep(100)) {
    const job = (await client.call("GET", url, adminKey)).body as Job
    if (["succeeded", "failed", "parked", "cancelled"].includes(job.state)) return job
  }
  throw new Error(`the job ${id} did not end`)
}

/** Rows of the event store, by SQL beside the services. */
const count = async (condition: string, projections: 0 | 1) => {
  const url = new URL((await stack.file()).clickhouse)
  const params = new URLSearchParams({
    database: url.pathname.slice(1),
    query: `SELECT count() FROM events WHERE ${condition} FORMAT TSV`,
    optimize_use_projections: String(projections)
  })
  const credentials = btoa(`${url.username}:${decodeURIComponent(url.password)}`)
  const response = await fetch(`${url.origin}/?${params}`, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(60_000)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return Number(text)
}

const people = (project: Project, id: string) =>
  client.call(
    "GET",
    `${client.api}/v1/people?id=${encodeURIComponent(id)}`,
    project.secretKey
  )

it("leaves nothing of a person whose events keep coming, and everything of others", async () => {
  const project = await client.createProject("erase")
  const sentBefore = new Set<string>()
  const track = (messageId: string, who: object, more: object = {}) => ({
    ...{ type: "track", event: "bought", messageId, properties: { total: 5 } },
    ...who,
    ...more
  })
  const first = [
    { type: "page", messageId: "p1", anonymousId: device },
    {
      ...{ type: "identify", messageId: "i1", userId: anna, anonymousId: device },
      traits: { street },
      // Hers before it was anybody else's.
      timestamp: new Date(Date.now() - 3_600_000).toISOString()
    },
    ...Array.from({ length: 20 }, (_, i) => track(`a${i}`, { userId: anna })),
    ...Array.from({ length: 20 }, (_, i) => track(`b${i}`, { userId: "ben" })),
    // Of somebody else on the same device, and one that is kept aside.
    track("b-shared", { userId: "ben", anonymousId: device }),
    track("a-late", { userId: anna }, { timestamp: "2999-01-01T00:00:00Z" })
  ]
  for (const { messageId } of first) sentBefore.add(String(messageId))
  expect(await client.send(project, first)).toMatchObject({ status: 200 })
  expect(await client.settled(project)).toMatchObject({
    stored: first.length - 1,
    quarantined: 1
  })
  const found = await people(project, device)
  expect(found).toMatchObject({ status: 200, body: { traits: { street } } })
  const { personId } = found.body as { readonly personId: string }

  // Events go on arriving, hers among them.
  let isSending = true
  let sent = first.length
  const sending = (async () => {
    for (let n = 0; isSending; n++) {
      const batch = [
        track(`later-a${n}`, { userId: anna }),
        track(`later-b${n}`, { userId: "ben" })
      ]
      const answer = await client.send(project, batch)
      if (answer.status === 200) sent += batch.length
      await Bun.sleep(20)
    }
  })()
  const erasing = await submit(project, "erase", { person: device })
  // Whoever removes dies, and its successor goes on.
  process.kill((await stack.file()).pids["loader"] ?? 0, "SIGKILL")
  const job = await ended(erasing)
  isSending = false
  await sending
  const again = track("after", { userId: anna })
  await client.send(project, [again])
  sent++
  const books = await client.settled(project)

  expect(job).toMatchObject({ state: "succeeded", error: null })
  const { result } = job
  if (result === null) throw new Error("no certificate")
  expect(result).toMatchObject({
    ids: 2,
    verifiedEmpty: true,
    searchedFor: "all ids"
  })
  const of = (place: string) => result.places.find((each) => each.place === place)
  for (const place of [
    "clickhouse events, projections on",
    "clickhouse events, projections off",
    "clickhouse person_links, projections off",
    "postgres ingest.inbox, lines"
  ])
    expect({ place, wasThere: (of(place)?.before ?? 0) > 0 }).toEqual({
      place,
      wasThere: true
    })
  expect(result.places.filter(({ after }) => after > 0)).toEqual([])
  // Gone when it was hidden, before anything was looked for.
  expect(result.removed).toMatchObject({ quarantine: 1, links: expect.any(Number) })
  expect(JSON.stringify(job)).not.toContain(anna)
  expect(JSON.stringify(job)).not.toContain(device)

  // The books: whatever was accepted is somewhere.
  expect(books).toMatchObject({ accepted: sent, balanced: true })
  // The same scan beside the services, by the time of the request.
  const until = Date.parse(result.requestedAt)
  const hers = `project_id = ${Number(project.id)}
    AND (user_id = '${anna}' OR anonymous_id = '${device}')`
  for (const projections of [0, 1] as const)
    expect(
      await count(
        `${hers} AND toUnixTimestamp64Milli(received_at) <= ${until}`,
        projections
      )
    ).toBe(0)

  // Who sends under her name now is somebody new, without a past.
  const now = await people(project, anna)
  expect(now.status).toBe(200)
  const person = now.body as {
    readonly personId: string
    readonly ids: ReadonlyArray<string>
    readonly traits: object
  }
  expect(person.ids).toEqual([anna])
  expect(person.traits).toEqual({})
  const timeline = await client.call(
    "GET",
    `${client.api}/v1/people/${person.personId}/timeline?limit=1000`,
    project.secretKey
  )
  const messages = (
    timeline.body as { readonly events: ReadonlyArray<{ readonly messageId: string }> }
  ).events.map(({ messageId }) => messageId)
  expect(messages).toContain("after")
  expect(messages.filter((messageId) => sentBefore.has(messageId))).toEqual([])
  expect((await people(project, device)).status).toBe(404)
  expect(personId).not.toBe("")

  const asked = await client.query(project, {
    kind: "sql",
    query: `SELECT countIf(user_id = {id:String} AND message_id LIKE 'a%'
              AND message_id != 'after') AS hers,
            countIf(user_id = 'ben' AND message_id LIKE 'b%') AS bens FROM events`,
    params: { id: anna }
  })
  expect(asked).toMatchObject({
    status: 200,
    body: { result: { rows: [["0", "21"]] } }
  })
  const values = await client.call(
    "GET",
    `${client.api}/v1/catalogue/properties/user.street/values`,
    project.secretKey
  )
  expect(JSON.stringify(values.body)).not.toContain(street)
}, 240_000)

it("brings nobody back with a backup", async () => {
  const project = await client.createProject("restored")
  const of = (messageId: string, userId: string) => ({
    ...{ type: "track", event: "bought", messageId, userId }
  })
  await client.send(project, [
    of("1", "kate@example.com"),
    { ...of("2", "kate@example.com"), anonymousId: "phone-of-kate" },
    of("3", "ben")
  ])
  await client.settled(project)
  expect(
    await ended(await submit(undefined, "backup", { name: "kate" }))
  ).toMatchObject({ state: "succeeded" })
  expect(
    await ended(await submit(project, "erase", { person: "phone-of-kate" }))
  ).toMatchObject({ state: "succeeded" })

  await stack.suspend()
  await stack.resume({ only: ["postgres", "clickhouse"] })
  await stack.exec("batch-processor", [
    "bun",
    "services/batch-processor/src/restore.ts",
    "kate",
    "--replace"
  ])
  await stack.suspend()
  await stack.resume()
  client = await makeClient(stack)
  expect((await people(project, "kate@example.com")).status).toBe(404)
  expect((await people(project, "ben")).status).toBe(200)
  const end = Date.now() + 60_000
  for (;;) {
    const books = await client.accounting(project)
    expect(books.balanced).toBe(true)
    if (books.stored === 1) break
    if (Date.now() > end) throw new Error(JSON.stringify(books))
    await Bun.sleep(100)
  }
  expect(
    await count(`project_id = ${Number(project.id)} AND user_id LIKE 'kate%'`, 0)
  ).toBe(0)
}, 240_000)

it("lets what is older than the project keeps it expire", async () => {
  const project = await client.createProject("retain")
  const { adminKey } = await stack.file()
  const old = new Date(Date.now() - 40 * 86_400_000).toISOString()
  await client.send(project, [
    { type: "track", event: "bought", messageId: "old", userId: "u", timestamp: old },
    { type: "track", event: "bought", messageId: "new", userId: "u" }
  ])
  await client.settled(project)
  const settings = `${client.api}/v1/projects/${project.id}/settings`
  expect(
    await client.call("PATCH", settings, adminKey, { retention: { days: 30 } })
  ).toMatchObject({ status: 200, body: { retention: { days: 30 } } })
  const job = await ended(await submit(project, "retain", {}))
  expect(job).toMatchObject({
    state: "succeeded",
    result: { projects: [{ projectId: Number(project.id), events: 1 }] }
  })
  expect(await client.settled(project)).toMatchObject({
    accepted: 2,
    stored: 1,
    expired: 1,
    balanced: true
  })
}, 120_000)
