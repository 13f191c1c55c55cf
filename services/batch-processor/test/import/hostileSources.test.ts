import { afterAll, describe, expect, it } from "bun:test"
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isPublicAddress } from "@analytics/api-common/outgoing/publicAddress"
import { Effect, ManagedRuntime, Stream } from "effect"
import type { ImportPayload, Source } from "../../src/types/import/ImportPayload.ts"
import { importFile } from "../../src/types/import/importFile.ts"
import { placeOf } from "../../src/types/import/sources/allowedUrl.ts"
import { Uploads } from "../../src/uploads/Uploads.ts"
import { importLayer, makeFolder } from "./importTest.ts"

const folder = makeFolder()
const { allowed, objects, root } = folder
const at = (...names: ReadonlyArray<string>) => join(allowed, ...names)

writeFileSync(join(root, "secret.txt"), "secret")
mkdirSync(`${allowed}-neighbour`)
writeFileSync(`${allowed}-neighbour/x.csv`, "a\n")
writeFileSync(at("good.csv"), "a\n1\n")
mkdirSync(at("folder"))
symlinkSync(join(root, "secret.txt"), at("link.csv"))
symlinkSync(root, at("way-out"))
symlinkSync(at("nothing"), at("dangling.csv"))
symlinkSync(at("loop"), at("loop"))
symlinkSync(at("good.csv"), at("inside.csv"))
mkdirSync(join(objects, "backups"), { recursive: true })
writeFileSync(join(objects, "backups", "events.csv"), "of all projects\n")
symlinkSync(objects, at("objects"))
Bun.spawnSync(["mkfifo", at("pipe")])
writeFileSync(at("large.csv"), "")
truncateSync(at("large.csv"), 2 * 1024 * 1024)

const addresses: Readonly<Record<string, ReadonlyArray<string>>> = {
  "public.example": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
  "inside.example": ["10.1.2.3"],
  "half.example": ["93.184.216.34", "192.168.0.1"],
  "mapped.example": ["::ffff:169.254.169.254"],
  "127.0.0.1": ["127.0.0.1"],
  "::1": ["::1"]
}
const hosts = [...Object.keys(addresses), "[::1]", "public.example:8443"]

const runtime = ManagedRuntime.make(
  importLayer(folder, {
    paths: [allowed, objects],
    hosts,
    buckets: ["data"],
    network: {
      resolve: async (host) => addresses[host] ?? Promise.reject(new Error("unknown")),
      isPublic: isPublicAddress
    }
  })
)
afterAll(async () => {
  await runtime.dispose()
  rmSync(root, { recursive: true })
}, 60_000)

const check = (source: Source, more: Partial<ImportPayload> = {}, projectId = 1) =>
  runtime.runPromise(
    (
      importFile.check?.({
        projectId,
        payload: { source, format: "csv", ...more }
      }) ?? Effect.die("no check")
    ).pipe(
      Effect.as("taken"),
      Effect.catchTag("JobRefused", ({ detail, pointer }) =>
        Effect.succeed(`${pointer}: ${detail}`)
      )
    )
  )

it("nothing of the bucket that holds files of all projects", () => {
  const own = { kind: "bucket", bucket: "data", prefix: "kept/" } as const
  const place = (url: string) => placeOf(url, { hosts: [], buckets: ["data"] }, own)
  expect(() => place("s3://data/kept/backups/events.csv")).toThrow("object store")
  expect(place("s3://data/kept-not/x.csv")).toMatchObject({ key: "kept-not/x.csv" })
  expect(() =>
    placeOf("s3://data/x", { hosts: [], buckets: ["data"] }, { ...own, prefix: "" })
  ).toThrow("object store")
})

describe("a source that is refused before anything is started", () => {
  const outside = /^\/source\/path: It is not below a folder/u
  const missing = /^\/source\/path: There is no such file/u
  const ofStore = /^\/source\/path: It lies in the object store/u
  const paths: ReadonlyArray<readonly [string, RegExp]> = [
    [join(objects, "backups", "events.csv"), ofStore],
    [join(objects, "backups", "nothing.csv"), ofStore],
    [at("objects", "backups", "events.csv"), ofStore],
    [`${allowed}/../secret.txt`, /without `\.\.`/u],
    [`${allowed}/folder/../../secret.txt`, /without `\.\.`/u],
    ["good.csv", /absolute path/u],
    ["./good.csv", /absolute path/u],
    [`${allowed}/good.csv\0.txt`, /absolute path/u],
    [join(root, "secret.txt"), outside],
    ["/etc/passwd", outside],
    ["/no/such/file", outside],
    ["/proc/self/environ", outside],
    ["/dev/zero", outside],
    [`${allowed}-neighbour/x.csv`, outside],
    [allowed, outside],
    [at("link.csv"), outside],
    [at("way-out", "secret.txt"), outside],
    [at("dangling.csv"), missing],
    [at("loop"), missing],
    [at("nothing.csv"), missing],
    [at("good.csv", "below"), missing],
    [at("folder"), /It is not a file/u],
    [at("pipe"), /It is not a file/u],
    [at("large.csv"), /BATCH_IMPORT_MAX_BYTES/u]
  ]
  it.each(paths)("path %j", async (path, reason) => {
    expect(await check({ path })).toMatch(reason)
  })

  const notPublic = /^\/source\/url: .* not public/u
  const notAllowed = /^\/source\/url: BATCH_IMPORT_HOSTS does not allow/u
  const urls: ReadonlyArray<readonly [string, RegExp]> = [
    ["not a url", /It is not a URL/u],
    ["http://public.example/x", /Only `https:\/\/` and `s3:\/\/`/u],
    ["file:///etc/passwd", /Only `https/u],
    ["ftp://public.example/x", /Only `https/u],
    ["https://user:secret@public.example/x", /user name or a password/u],
    ["https://elsewhere.example/x", notAllowed],
    ["https://public.example.elsewhere.example/x", notAllowed],
    ["https://public.example:22/x", notAllowed],
    ["https://inside.example:8443/x", notAllowed],
    ["https://169.254.169.254/latest/meta-data", notAllowed],
    ["https://127.0.0.1/x", notPublic],
    ["https://2130706433/x", notPublic],
    ["https://0x7f.1/x", notPublic],
    ["https://[::1]/x", notPublic],
    ["https://inside.example/x", notPublic],
    ["https://half.example/x", notPublic],
    ["https://mapped.example/x", notPublic],
    ["s3://other/key.csv", /BATCH_IMPORT_BUCKETS does not allow other/u],
    ["s3://data/../other/key.csv", /s3:\/\/bucket\/key/u],
    ["s3://data/", /s3:\/\/bucket\/key/u],
    ["s3://user:key@data/x.csv", /BATCH_IMPORT_BUCKETS does not allow/u]
  ]
  it.each(urls)("%s", async (url, reason) => {
    expect(await check({ url })).toMatch(reason)
  })

  it("an upload that is none, or of somebody else", async () => {
    const uploads = await runtime.runPromise(Uploads)
    const body = Stream.make(new TextEncoder().encode("a\n1\n"))
    const { id } = await runtime.runPromise(
      uploads.receive({ projectId: 1, actor: "k" }, body)
    )
    expect(await check({ upload: id })).toBe("taken")
    expect(await check({ upload: id.toUpperCase() })).toBe("taken")
    expect(await check({ upload: id }, {}, 2)).toMatch(/no such upload/u)
    expect(await check({ upload: crypto.randomUUID() })).toMatch(/no such upload/u)
  })

  it("a mapping that does not say what a row is", async () => {
    const path = at("good.csv")
    for (const mapping of [
      { timestampColumn: "a" },
      { timestampColumn: "a", event: "x", eventColumn: "a" }
    ])
      expect(await check({ path }, { mapping })).toMatch(/^\/mapping\/event: /u)
  })
})

it("takes what is allowed", async () => {
  for (const path of [at("good.csv"), at("inside.csv")])
    expect(await check({ path })).toBe("taken")
  for (const url of [
    "https://public.example/x.csv?signature=a",
    "https://PUBLIC.example:443/x",
    "https://public.example:8443/x",
    "s3://data/a/b.csv"
  ])
    expect(await check({ url })).toBe("taken")
})

it("knows which addresses are of the public internet", () => {
  const inside =
    "0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 64:ff9b::a00:1 64:ff9b:1::a00:1 2001:db8::1 2002:a00:1:: fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 nonsense"
  for (const address of inside.split(" "))
    expect([address, isPublicAddress(address)]).toEqual([address, false])
  for (const address of ["8.8.8.8", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111"])
    expect([address, isPublicAddress(address)]).toEqual([address, true])
})
