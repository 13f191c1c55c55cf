import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import { Api, type Installation, settled } from "./Api.ts"
import { faultyShop, schema } from "./faultyShop.ts"

/** `$STACK_DATA/notebooks.json`: a project whose events have faults, to look for them. */
const ExamplesFile = Schema.Struct({
  projectId: Schema.String,
  writeKey: Schema.String,
  secretKey: Schema.String,
  complete: Schema.Boolean
})
type ExamplesFile = typeof ExamplesFile.Type

const path = (data: string) => join(data, "notebooks.json")

/** undefined until `faultyProject` has made it. */
export const readFaulty = async (data: string): Promise<ExamplesFile | undefined> => {
  const text = await readFile(path(data), "utf8").catch(() => undefined)
  return text === undefined
    ? undefined
    : Schema.decodeUnknownSync(Schema.fromJsonString(ExamplesFile))(text)
}

const write = async (data: string, file: ExamplesFile) => {
  const draft = `${path(data)}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path(data))
}

/** Makes the project once, and sends what it lacks. */
export const faultyProject = async (
  { adminKey, services }: Installation,
  data: string,
  say: (text: string) => void
): Promise<void> => {
  const admin = new Api(services, adminKey)
  const kept = await readFaulty(data)
  // Another installation has been here, with other keys.
  const known =
    kept !== undefined &&
    (await new Api(services, kept.secretKey)
      .get("analytics-api", `/v1/projects/${kept.projectId}`)
      .then(
        () => true,
        () => false
      ))
  if (known && kept.complete) return
  say("Making a project with faulty events …")
  const project = known ? kept : await make(admin, data)
  const sender = new Api(services, project.writeKey)
  for (const body of faultyShop(Date.now()).bodies)
    await sender.post("data-ingestion", "/v1/batch", body)
  await settled(new Api(services, project.secretKey))
  await write(data, { ...project, complete: true })
}

const make = async (admin: Api, data: string): Promise<ExamplesFile> => {
  const made = await admin.post<{
    id: string
    writeKey: string
    secretKey: string
  }>("analytics-api", "/v1/projects", { name: "A shop with faults" })
  const { id, secretKey, writeKey } = made
  const project = { projectId: String(id), writeKey, secretKey, complete: false }
  await write(data, project)
  await admin.patch("analytics-api", `/v1/projects/${id}/settings`, { schema })
  // The receivers hear of new settings within five seconds.
  await Bun.sleep(5500)
  return project
}
