import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Effect, Layer } from "effect"
import { Links } from "../../src/links/Links.ts"
import { LinksLive } from "../../src/links/LinksLive.ts"
import { UndoRepo } from "../../src/links/UndoRepo.ts"
import { Undos } from "../../src/links/Undos.ts"
import { LinkRepo } from "../../src/loader/LinkRepo.ts"
import { People } from "../../src/loader/People.ts"
import { WatermarkRepo } from "../../src/watermark/WatermarkRepo.ts"
import { AT, stores, track } from "../loader/loaderTest.ts"

const idHash = new IdHash(testInstallation.idHashKey)

export const layer = Layer.mergeAll(
  LinksLive,
  Undos.layer.pipe(
    Layer.provide(People.layer),
    Layer.provide(LinkRepo.layer),
    Layer.provideMerge(UndoRepo.layer)
  ),
  WatermarkRepo.layer
).pipe(Layer.provideMerge(stores))

export const publish = Effect.flatMap(WatermarkRepo, (repo) => repo.publish)

/** Who an id is as of a watermark, as queries read it. */
const personOf = (p: number, id: string, asOf: Date) =>
  Effect.gen(function* () {
    const clickHouse = yield* ClickHouse
    const own = idHash.id(p, id)
    const rows = yield* clickHouse.query<{ person: string }>(
      `SELECT toString(argMax(person, (known_at, version))) AS person FROM person_links
        WHERE project_id = {p:UInt32} AND id_hash = {id:UInt64}
          AND known_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
        GROUP BY id_hash`,
      { params: { p, id: String(own), at: asOf.getTime() } }
    )
    return BigInt(rows[0]?.person ?? own)
  })

export const areOne = (p: number, a: string, b: string, asOf: Date) =>
  Effect.gen(function* () {
    return (yield* personOf(p, a, asOf)) === (yield* personOf(p, b, asOf))
  })

export const identify = (p: number, m: string, a: string, u: string, t = AT) =>
  track(m, { p, y: "identify", e: "$identify", a, u, t })

export const undo = (p: number, a: string, u: string, m: string, t = AT) =>
  Effect.flatMap(Links, (links) =>
    links.undo(p, { kind: "claim", from: a, to: u, timestamp: t, messageId: m })
  )
