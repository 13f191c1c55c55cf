import { describe, expect, it } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseTiltYaml, tiltYaml } from "../src/TiltYaml.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const text = readFileSync(`${root}tilt.yaml`, "utf8")
const { image_defaults, images, jobs, platform, profiles, services, tasks } = tiltYaml

const missing = (paths: ReadonlyArray<string>) =>
  paths.filter((path) => !existsSync(root + path))

describe("tilt.yaml", () => {
  it.each([
    ["a misspelt field", "    overlay:", "    overlya:"],
    ["a wrong type", "    port: 4000", "    port: four thousand"],
    ["a port that is none", "    port: 4000", "    port: 400000"],
    [
      "a path that leaves the repository",
      "dockerfile: docker",
      "dockerfile: ../docker"
    ],
    ["another version", "version: 1", "version: 2"]
  ])("is refused with %s", (_, right, wrong) => {
    expect(text).toContain(right)
    expect(() => parseTiltYaml(text.replace(right, wrong))).toThrow()
  })

  it("lists every service there is", () => {
    const packages = new Set(
      Object.values(services).map(({ entry }) => entry.split("/")[1] ?? "")
    )
    expect([...packages].sort()).toEqual(readdirSync(`${root}services`).sort())
  })

  it("names only what it defines", () => {
    const resources = new Set([
      ...Object.keys(platform.resources),
      ...Object.keys(services),
      ...Object.keys(jobs),
      ...Object.keys(tasks)
    ])
    const dependents = [services, jobs, tasks].flatMap((it) => Object.values(it))
    expect(
      dependents
        .flatMap((it) => it.depends_on ?? [])
        .filter((name) => !resources.has(name))
    ).toEqual([])
    const chosen = Object.values(profiles).flat()
    const alongside = Object.values(services).flatMap((it) => it.local?.with ?? [])
    expect([...chosen, ...alongside].filter((name) => !services[name])).toEqual([])
    expect(profiles["default"]?.toSorted()).toEqual(Object.keys(services).toSorted())
    const used = [...Object.values(services), ...Object.values(jobs)].map(
      ({ image }) => image
    )
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(images).toSorted())
  })

  it("names files and folders that exist", () => {
    expect(
      missing([
        tiltYaml.cluster.namespaces,
        image_defaults.dockerfile,
        ...image_defaults.only,
        ...image_defaults.full_rebuild_on,
        ...Object.values(services).flatMap((it) => [it.entry, it.overlay]),
        ...Object.values(jobs).map((it) => it.overlay),
        ...Object.values(tasks).flatMap((it) => it.deps ?? []),
        platform.overlay
      ])
    ).toEqual([])
  })

  it("copies sources to where they lie in the image", () => {
    const copies = [image_defaults, ...Object.values(images)].flatMap((it) => it.sync)
    expect(missing(copies.map(({ from }) => from))).toEqual([])
    expect(copies.filter(({ from, to }) => to !== `/app/${from}`)).toEqual([])
  })

  it("forwards the ports of the containers, each from one of its own", () => {
    for (const { port, ports } of Object.values(services))
      expect(ports.map((it) => Number(it.split(":")[1]))).toContain(port)
    const local = [...Object.values(services), ...Object.values(platform.resources)]
      .flatMap((it) => it.ports)
      .map((it) => it.split(":")[0])
    expect(new Set(local).size).toBe(local.length)
  })
})
