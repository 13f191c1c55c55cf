import { beforeAll, describe, expect, it } from "bun:test"
import { fileURLToPath } from "node:url"
import { findKubectl } from "@analytics/manifests/Kubectl"
import { render } from "@analytics/manifests/render"
import { tiltYaml } from "@analytics/stack/TiltYaml"

const root = fileURLToPath(new URL("../../", import.meta.url))
const python = Bun.which("python3")
const isLong = process.env["TEST_LONG"] === "1"

interface Call {
  readonly call: string
  readonly args: ReadonlyArray<unknown>
  readonly named: Readonly<Record<string, unknown>>
}
interface Run {
  readonly calls?: ReadonlyArray<Call>
  readonly failed?: string
}

const { images, jobs, platform, services, tasks } = tiltYaml
const names = Object.keys(services)

describe.skipIf(!isLong || python === null)(
  "the Tiltfile, run as Python (left out where there is none)",
  () => {
    const rendered: Record<string, ReadonlyArray<unknown>> = {}

    beforeAll(async () => {
      const kubectl = await findKubectl(`${root}.tools`)
      if (kubectl === undefined) throw new Error("there is no kubectl")
      const overlays = [...Object.values(services), ...Object.values(jobs), platform]
      for (const { overlay } of overlays)
        rendered[overlay] = (await render(kubectl, root + overlay)).map(
          ({ raw }) => raw
        )
    }, 60_000)

    const run = async (
      given: { config?: object; subcommand?: string } = {}
    ): Promise<Run> => {
      const input = {
        tiltfile: await Bun.file(`${root}Tiltfile`).text(),
        spec: tiltYaml,
        rendered,
        config: given.config ?? {},
        subcommand: given.subcommand ?? "up"
      }
      const child = Bun.spawn(
        [python ?? "", fileURLToPath(new URL("tiltfile.py", import.meta.url))],
        { stdin: new Blob([JSON.stringify(input)]), timeout: 30_000 }
      )
      return JSON.parse(await new Response(child.stdout).text())
    }

    const called = ({ calls = [] }: Run, name: string) =>
      calls.filter(({ call }) => call === name)
    const resources = (it: Run) =>
      called(it, "k8s_resource").map(
        ({ args, named }) => named["new_name"] || args[0] || ""
      )

    it("makes each resource once, after what it waits for", async () => {
      const all = await run()
      expect(resources(all).toSorted()).toEqual(
        [
          "namespace",
          ...names,
          ...Object.keys(platform.resources),
          ...Object.keys(jobs)
        ].toSorted()
      )
      const known = new Set(resources(all))
      for (const { named } of called(all, "k8s_resource"))
        for (const name of (named["resource_deps"] as Array<string>) ?? [])
          expect(known).toContain(name)
    })

    it("gives every object to one resource", async () => {
      const all = await run()
      const owned = called(all, "k8s_resource").flatMap(
        ({ named }) => (named["objects"] as Array<string>) ?? []
      )
      expect(new Set(owned).size).toBe(owned.length)
    })

    it("builds each image once, and only those that something runs on", async () => {
      const built = (it: Run) => called(it, "docker_build").map(({ args }) => args[0])
      expect(built(await run()).toSorted()).toEqual(Object.keys(images).toSorted())
      const one = await run({ config: { only: ["loader"] } })
      expect(built(one).toSorted()).toEqual(["data-ingestion", "migrations"])
      expect(resources(one)).not.toContain("analytics-api")
    })

    it("names what does not exist", async () => {
      expect((await run({ config: { profile: "all" } })).failed).toContain("default")
      expect((await run({ config: { only: ["loadr"] } })).failed).toContain("loadr")
    })

    it("leaves tasks of this machine out of `tilt ci`", async () => {
      expect(called(await run(), "local_resource")).toHaveLength(
        Object.keys(tasks).length
      )
      expect(called(await run({ subcommand: "ci" }), "local_resource")).toEqual([])
    })
  }
)
