import { expect } from "bun:test"
import { join } from "node:path"
import {
  bytesOf,
  type CaptureName,
  capturesOf,
  headersOf,
  targetOf
} from "../../captures/Captured.ts"
import type { Client, Project } from "../Client.ts"
import type { StackFile } from "../RunningStack.ts"
import { storedEvents } from "./deliver.ts"

/** What was captured, by the key that those clients carry. */
export const captured: ReadonlyArray<readonly [string, ReadonlyArray<CaptureName>]> = [
  ["WK_TEST", ["segment", "rudder"]],
  ["AMP_KEY", ["amplitude"]],
  ["MP_TOKEN", ["mixpanel"]],
  ["phc_TEST", ["posthog", "posthogflags", "posthogv1"]],
  ["x.test", ["plausible"]],
  ["50429a93-8479-4073-be80-d5d29c09c2ec", ["umami"]],
  ["app1", ["snowplow", "snowplowget"]]
]

/** As `tests/captures/expected` has it: an event as it goes into the inbox. */
interface Expected {
  readonly m: string
  readonly e: string
  readonly y: string
  readonly u?: string
  readonly d?: Readonly<Record<string, unknown>>
}

const NO_ID = "made here"

const expectedOf = async (
  names: ReadonlyArray<CaptureName>
): Promise<ReadonlyArray<Expected>> => {
  const directory = join(import.meta.dir, "../../captures/expected")
  const requests: ReadonlyArray<ReadonlyArray<{ events: ReadonlyArray<Expected> }>> =
    await Promise.all(names.map((name) => Bun.file(`${directory}/${name}.json`).json()))
  const byId = new Map<string, Expected>()
  const others: Array<Expected> = []
  for (const event of requests.flat().flatMap(({ events }) => events))
    if (event.m === NO_ID) others.push(event)
    else if (!byId.has(event.m)) byId.set(event.m, event)
  return [...byId.values(), ...others]
}

interface Row {
  readonly id: string
  readonly event: string
  readonly type: string
  readonly userId: string
}

const sorted = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> =>
  list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const adopt = async (
  client: Client,
  { adminKey }: StackFile,
  project: Project,
  key: string
) => {
  const url = `${client.api}/v1/projects/${project.id}/keys`
  const answer = await client.call("POST", url, adminKey, { kind: "write", key })
  expect(answer.status).toBe(201)
}

const replay = async (client: Client, names: ReadonlyArray<CaptureName>) => {
  for (const name of names)
    for (const request of await capturesOf(name)) {
      const { method } = request
      const response = await fetch(client.ingestion + targetOf(request), {
        method,
        headers: headersOf(request),
        ...(method === "GET" ? {} : { body: bytesOf(request) }),
        signal: AbortSignal.timeout(20_000)
      })
      expect([name, response.status]).toEqual([name, name === "plausible" ? 202 : 200])
    }
}

/** Everything that is stored, identities too, beside the services. */
const rows = async (file: StackFile, project: Project): Promise<ReadonlyArray<Row>> => {
  const clickhouse = new URL(file.clickhouse)
  const params = new URLSearchParams({
    database: clickhouse.pathname.slice(1),
    query: `SELECT message_id AS id, event, type, user_id AS userId FROM events
      WHERE project_id = {project:UInt32} FORMAT JSONEachRow`,
    param_project: String(project.id)
  })
  const { password, username } = clickhouse
  const credentials = btoa(`${username}:${decodeURIComponent(password)}`)
  const response = await fetch(`${clickhouse.origin}/?${params}`, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(60_000)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Row => JSON.parse(line))
}

/**
 * Sends what was captured as it was, with the key that a project adopted, and once more:
 * everything is stored as expected, and what carries an id only once.
 */
export const replayed = async (
  client: Client,
  file: StackFile,
  key: string,
  names: ReadonlyArray<CaptureName>
): Promise<void> => {
  const project = await client.createProject(key)
  await adopt(client, file, project, key)
  const expected = await expectedOf(names)
  const ids = new Set(expected.map(({ m }) => m))
  const idOf = (id: string) => (ids.has(id) ? id : NO_ID)
  const kept = (events: ReadonlyArray<Expected>) =>
    sorted(
      events.map(({ e, m, u, y }) => ({ id: m, event: e, type: y, userId: u ?? "" }))
    )
  const activity = (events: ReadonlyArray<Expected>) =>
    sorted(
      events
        .filter(({ y }) => ["track", "page", "screen"].includes(y))
        .map(({ d = {}, e, m }) => ({ id: m, event: e, properties: d }))
    )

  let wanted = expected
  for (const _ of ["once", "and once more"]) {
    await replay(client, names)
    const accounting = await client.settled(project)
    expect(accounting).toMatchObject({
      balanced: true,
      quarantined: 0,
      stored: wanted.length
    })
    const stored = await rows(file, project)
    expect(sorted(stored.map((row) => ({ ...row, id: idOf(row.id) })))).toEqual(
      kept(wanted)
    )
    const answered = await storedEvents(client, project)
    expect(
      sorted(
        answered.map(({ event, messageId, properties }) => ({
          id: idOf(messageId),
          event,
          properties
        }))
      )
    ).toEqual(activity(wanted))
    // Only what its client gave no id counts again.
    wanted = [...expected, ...expected.filter(({ m }) => m === NO_ID)]
  }
}
