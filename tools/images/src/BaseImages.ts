import { existsSync } from "node:fs"
import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { run } from "./Command.ts"
import { Engine, installed } from "./Engine.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/** Base images by name, as the Dockerfile's arguments take them. */
export interface BaseImages {
  readonly BUN_IMAGE: string
  readonly RUNTIME_IMAGE: string
}

const suite = "bookworm"

/** The images that docker/Dockerfile names, where they can be had; else stand-ins. */
export const baseImages = Effect.fn("BaseImages.find")(function* (
  root: string,
  folder: string
) {
  const { docker, isOwn } = yield* Engine
  if (isOwn) return yield* standInImages(folder)
  const text = yield* Effect.promise(() => Bun.file(`${root}/docker/Dockerfile`).text())
  const named = (name: string) =>
    new RegExp(`^ARG ${name}=(\\S+)$`, "m").exec(text)?.[1]
  const images = {
    BUN_IMAGE: named("BUN_IMAGE") ?? "",
    RUNTIME_IMAGE: named("RUNTIME_IMAGE") ?? ""
  }
  return yield* Effect.forEach(Object.values(images), (image) =>
    docker.run(["pull", "--quiet", image])
  ).pipe(
    Effect.as<BaseImages>(images),
    Effect.catch(() => standInImages(folder))
  )
})

/**
 * Stand-ins for `oven/bun` where no registry of images can be reached: Debian with Bun, and
 * one with nothing but Bun and the libraries it loads. Bun is the one that runs this, which
 * came from npm.
 *
 * They trust the certificates that this machine trusts, which may be those of its proxy.
 */
const standInImages = Effect.fn("BaseImages.standIn")(function* (folder: string) {
  yield* installed("debootstrap", ["debootstrap"])
  const slim = join(folder, "slim")
  const distroless = join(folder, "distroless")
  // Kept from an earlier run.
  if (!existsSync(join(distroless, "etc/group"))) {
    yield* run(["rm", "-rf", slim, distroless])
    yield* run([
      "debootstrap",
      "--variant=minbase",
      "--include=ca-certificates,libstdc++6",
      suite,
      slim
    ])
    yield* attempt(async () => {
      await copyFile(process.execPath, join(slim, "usr/local/bin/bun"))
      await copyFile(certificates, join(slim, certificates))
    })
    yield* run([
      "rm",
      "-rf",
      join(slim, "var/cache/apt"),
      join(slim, "var/lib/apt/lists")
    ])
    yield* attempt(() => layOutDistroless(slim, distroless))
  }
  return {
    BUN_IMAGE: yield* imported(slim, "analytics-verify/bun:slim"),
    RUNTIME_IMAGE: yield* imported(distroless, "analytics-verify/bun:distroless")
  } satisfies BaseImages
})

const certificates = "/etc/ssl/certs/ca-certificates.crt"
const uid = 65532

/** The C library alone, as in the image that this stands for. */
const libraries = [
  "libc.so.6",
  "libdl.so.2",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
  "libresolv.so.2",
  "libnss_dns.so.2",
  "libnss_files.so.2"
]

const layOutDistroless = async (slim: string, out: string): Promise<void> => {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64"
  const loader = machine === "x86_64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1"
  const libs = `usr/lib/${machine}-linux-gnu`
  for (const path of ["etc/ssl/certs", "tmp", "usr/local/bin", "usr/lib64", libs])
    await mkdir(join(out, path), { recursive: true })
  for (const path of ["home/nonroot", "proc", "sys", "dev", "run", "var/lib"])
    await mkdir(join(out, path), { recursive: true })
  // A tmpfs that is mounted there takes the mode of the folder.
  await chmod(join(out, "tmp"), 0o1777)
  await symlink("usr/lib", join(out, "lib"))
  await symlink("usr/lib64", join(out, "lib64"))
  for (const name of [...libraries, loader])
    await copyFile(join(slim, libs, name), join(out, libs, name))
  const beside = machine === "x86_64" ? "usr/lib64" : "usr/lib"
  await symlink(`/${libs}/${loader}`, join(out, beside, loader))
  await copyFile(join(slim, "usr/local/bin/bun"), join(out, "usr/local/bin/bun"))
  await copyFile(join(slim, certificates), join(out, certificates))
  const users = [
    "root:x:0:0:root:/root",
    `nonroot:x:${uid}:${uid}:nonroot:/home/nonroot`
  ]
  await writeFile(
    join(out, "etc/passwd"),
    users.map((user) => `${user}:/sbin/nologin\n`).join("")
  )
  await writeFile(join(out, "etc/group"), `root:x:0:\nnonroot:x:${uid}:\n`)
}

const imported = Effect.fn("BaseImages.imported")(function* (
  folder: string,
  name: string
) {
  const { docker } = yield* Engine
  const kept = yield* Effect.option(docker.run(["image", "inspect", name]))
  // Imported again, it would be another image, and nothing built on it were used again.
  if (kept._tag === "Some") return name
  const archive = `${folder}.tar`
  yield* run([
    "tar",
    `--directory=${folder}`,
    "--sort=name",
    "--mtime=@0",
    "--numeric-owner",
    "--create",
    `--file=${archive}`,
    "."
  ])
  const trust = `ENV NODE_EXTRA_CA_CERTS=${certificates}`
  yield* docker.run(["import", "--change", trust, archive, name])
  yield* run(["rm", archive])
  return name
})

const attempt = (work: () => Promise<void>) =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      new ImagesFailed({ message: `The base images cannot be laid out: ${error}` })
  })
