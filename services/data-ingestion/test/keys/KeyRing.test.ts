import { afterEach, beforeEach, describe, expect, it } from "bun:test"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { hashKey } from "@analytics/api-common/BearerKey"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { Installation } from "@analytics/database/Installation"
import { Duration, Effect, Layer, ManagedRuntime, Option, Redacted } from "effect"
import { KeyFeed } from "../../src/keys/KeyFeed.ts"
import { KeyFile } from "../../src/keys/KeyFile.ts"
import { KeyRing } from "../../src/keys/KeyRing.ts"
import type { ProjectKey } from "../../src/keys/ProjectKey.ts"

/** An analytics-api that answers in pages of two, and can be switched off. */
class Api {
  revision = 0
  up = true
  lookups = 0
  /** Answers the page after this revision with an error. */
  failsAfter = -1
  /** How far its clock is ahead of ours, in milliseconds. */
  ahead = 0
  readonly log: Array<{ revision: number; key: ProjectKey }> = []
  readonly uses: Array<string> = []
  #asked: Array<() => void> = []

  publish(name: string, change: Partial<ProjectKey> = {}): void {
    const key: ProjectKey = {
      keyId: name,
      projectId: 7,
      kind: "write",
      scopes: [],
      hash: hashKey(Redacted.make(name)),
      expiresAt: null,
      revokedAt: null,
      projectDeletedAt: null,
      timezone: "UTC",
      ...change
    }
    this.log.push({ revision: ++this.revision, key })
  }

  /** After every question that is under way now, and one more, was answered. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.push(() => this.#asked.push(resolve))
    })
  }

  readonly server = Bun.serve({
    port: 0,
    fetch: async (request) => {
      for (const tell of this.#asked.splice(0)) tell()
      if (!this.up) return new Response("no", { status: 500 })
      if (request.headers.get("authorization") !== "Bearer service")
        return new Response("no", { status: 401 })
      const body = (await request.json()) as {
        since: number
        hash: string
        used: Array<{ keyId: string }>
      }
      if (request.url.endsWith("/lookup")) {
        this.lookups++
        const found = this.log.findLast(({ key }) => key.hash === body.hash)
        return Response.json({ key: found?.key ?? null })
      }
      this.uses.push(...body.used.map(({ keyId }) => keyId))
      if (body.since === this.failsAfter) return new Response("no", { status: 500 })
      const page = this.log.filter(({ revision }) => revision > body.since).slice(0, 2)
      return Response.json(
        {
          revision: page.at(-1)?.revision ?? this.revision,
          keys: page.map(({ key }) => key)
        },
        { headers: { date: new Date(Date.now() + this.ahead).toUTCString() } }
      )
    }
  })
}

let api: Api
let stateDir: string
beforeEach(async () => {
  api = new Api()
  stateDir = await mkdtemp(join(tmpdir(), "keys-"))
})
afterEach(async () => {
  await api.server.stop(true)
  await rm(stateDir, { recursive: true })
})

/** One life of the process. */
const running = async (
  test: (
    find: (key: string) => Promise<string>,
    ring: KeyRing["Service"]
  ) => Promise<void>,
  installation = "one"
) => {
  const config = KeySyncConfig.layerOf({
    analyticsApiUrl: api.server.url.origin,
    serviceKey: Redacted.make("service"),
    interval: Duration.millis(5),
    stateDir
  })
  const runtime = ManagedRuntime.make(
    KeyRing.layer.pipe(
      Layer.provide(Layer.mergeAll(KeyFeed.layer, KeyFile.layer)),
      Layer.provide(config),
      Layer.provide(
        Layer.succeed(Installation, {
          id: installation,
          idHashKey: Redacted.make(new Uint8Array(16))
        })
      )
    )
  )
  const ring = await runtime.runPromise(KeyRing)
  const find = (key: string) =>
    runtime.runPromise(
      ring.find(key).pipe(
        Effect.map((found) => (Option.isSome(found) ? "good" : "unknown")),
        Effect.catch(() => Effect.succeed("unclear"))
      )
    )
  try {
    await test(find, ring)
  } finally {
    await runtime.dispose()
  }
}

describe("KeyRing", () => {
  it("learns keys of several pages, and their revocation", () =>
    running(async (find) => {
      for (const name of ["a", "b", "c", "d", "e"]) api.publish(name)
      await api.asked()
      await api.asked()
      await api.asked()
      for (const name of ["a", "e"]) expect(await find(name)).toBe("good")
      expect(api.lookups).toBe(0)
      api.publish("a", { revokedAt: new Date(Date.now() - 1000).toISOString() })
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("unknown")
      expect(await find("b")).toBe("good")
    }))

  it("honours expiry, deletion and a revocation that lies ahead", () =>
    running(async (find) => {
      const at = (seconds: number) =>
        new Date(Date.now() + seconds * 1000).toISOString()
      api.publish("old", { expiresAt: at(-1) })
      api.publish("fresh", { expiresAt: at(60) })
      api.publish("rotated", { revokedAt: at(60) })
      api.publish("gone", { projectDeletedAt: at(-1) })
      expect(await Promise.all(["old", "fresh", "rotated", "gone"].map(find))).toEqual([
        "unknown",
        "good",
        "good",
        "unknown"
      ])
    }))

  it("asks once for a key it does not know, and remembers that nobody does", () =>
    running(async (find) => {
      const asked = await Promise.all(["x", "x", "x", "x"].map(find))
      expect(asked).toEqual(["unknown", "unknown", "unknown", "unknown"])
      expect(await find("x")).toBe("unknown")
      expect(api.lookups).toBe(1)
      api.publish("x")
      await api.asked()
      await api.asked()
      expect(await find("x")).toBe("good")
    }))

  it("works on while analytics-api is down, and after a restart then", async () => {
    api.publish("a")
    api.publish("b", { revokedAt: "2020-01-01T00:00:00.000Z" })
    await running(async (find) => {
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("good")
    })
    api.up = false
    const file = join(stateDir, "keys.json")
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, "utf8")).not.toContain('"a"}')
    await running(async (find) => {
      expect(await find("a")).toBe("good")
      expect(await find("b")).toBe("unknown")
      // Not knowing is not the same as knowing that there is none.
      expect(await find("c")).toBe("unclear")
    })
  })

  it("starts over when analytics-api is another one", () =>
    running(async (find) => {
      for (const name of ["a", "b", "c"]) api.publish(name)
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("good")
      api.log.length = 0
      api.revision = 0
      api.publish("z")
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("unknown")
      expect(await find("z")).toBe("good")
    }))

  it("keeps all keys while starting over fails half-way", () =>
    running(async (find) => {
      for (const name of ["a", "b", "c"]) api.publish(name)
      await api.asked()
      await api.asked()
      api.log.length = 0
      api.revision = 0
      api.failsAfter = 2
      for (const name of ["w", "x"]) api.publish(name)
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("good")
      api.failsAfter = -1
      await api.asked()
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("unknown")
      expect(await find("x")).toBe("good")
    }))

  it("notices at a start that the store was restored and went on", async () => {
    for (const name of ["a", "b"]) api.publish(name)
    const settled = async () => {
      for (let question = 0; question < 3; question++) await api.asked()
    }
    await running(settled)
    api.log.pop()
    api.revision = 1
    api.publish("c")
    await running(async (find) => {
      await settled()
      expect(await find("a")).toBe("good")
      expect(await find("b")).toBe("unknown")
      expect(await find("c")).toBe("good")
    })
  })

  it("does not believe the file of another installation", async () => {
    api.publish("a")
    await running(async () => {
      await api.asked()
      await api.asked()
    })
    api.up = false
    await running(async (find) => expect(await find("a")).toBe("unclear"), "another")
    await running(async (find) => expect(await find("a")).toBe("good"))
  })

  it("has the settings of each key, also when it starts from a file without any", async () => {
    api.publish("a", { settings: '{"ip":"drop"}' })
    await running(async (_, ring) => {
      await api.asked()
      await api.asked()
      expect(ring.known("a")?.settings).toBe('{"ip":"drop"}')
      api.publish("a", { settings: '{"ip":"hash"}' })
      await api.asked()
      await api.asked()
      expect(ring.known("a")?.settings).toBe('{"ip":"hash"}')
    })
    api.up = false
    const path = join(stateDir, "keys.json")
    await running(async (_, ring) =>
      expect(ring.known("a")?.settings).toBe('{"ip":"hash"}')
    )
    const saved = JSON.parse(await readFile(path, "utf8"))
    for (const key of saved.keys) delete key.settings
    await writeFile(path, JSON.stringify(saved))
    await running(async (find, ring) => {
      expect(await find("a")).toBe("good")
      expect(ring.known("a")?.settings).toBeUndefined()
    })
  })

  it("knows which projects were deleted, and does not forget it", async () => {
    const projectDeletedAt = new Date().toISOString()
    api.publish("a")
    await running(async (_, ring) => {
      await api.asked()
      await api.asked()
      expect([...ring.deletedProjects()]).toEqual([])
      api.publish("a", { projectDeletedAt })
      await api.asked()
      await api.asked()
      expect([...ring.deletedProjects()]).toEqual([7])
    })
    api.up = false
    await running(async (_, ring) => expect([...ring.deletedProjects()]).toEqual([7]))
  })

  it("judges by the clock that revokes", () =>
    running(async (find) => {
      api.ahead = 3_600_000
      const revokedAt = new Date(Date.now() + 1_800_000).toISOString()
      api.publish("a", { revokedAt })
      await api.asked()
      await api.asked()
      expect(await find("a")).toBe("unknown")
    }))

  it("tells when a key was last used", () =>
    running(async (find) => {
      api.publish("a")
      await api.asked()
      await api.asked()
      await find("a")
      await api.asked()
      await api.asked()
      expect(new Set(api.uses)).toEqual(new Set(["a"]))
    }))

  it("knows the settings of a project, however young, until it is deleted", () =>
    running(async (_, ring) => {
      const settings = (id: number) =>
        Effect.runPromise(
          Effect.map(
            ring.ofProject(id),
            Option.map((key) => key.settings)
          )
        )
      api.publish("k1")
      expect(await settings(7)).toEqual(Option.some(undefined))
      expect(await settings(8)).toEqual(Option.none())
      api.publish("k2", { projectId: 8, settings: "{}" })
      expect(await settings(8)).toEqual(Option.some("{}"))
      api.publish("k2", { projectId: 8, projectDeletedAt: "2026-01-01T00:00:00Z" })
      await api.asked()
      await api.asked()
      expect(await settings(8)).toEqual(Option.none())
      api.up = false
      expect(await settings(7)).toEqual(Option.some(undefined))
      await expect(settings(9)).rejects.toThrow()
    }))
})
