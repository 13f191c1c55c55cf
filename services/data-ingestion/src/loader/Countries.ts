import { readFile } from "node:fs/promises"
import { isIP } from "node:net"
import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { BoundedCache } from "@analytics/data-processing/BoundedCache"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { type CountryResponse, Reader } from "maxmind"

/** The file named by GEOIP_DATABASE cannot be used. */
export class GeoipUnreadable extends Schema.TaggedError<GeoipUnreadable>()(
  "GeoipUnreadable",
  { path: Schema.String, cause: Schema.Defect() }
) {
  override get message() {
    return `GEOIP_DATABASE ${this.path} is no readable MaxMind database: ${this.cause}`
  }
}

/** The country of an address, if a MaxMind database is configured. */
export class Countries extends Context.Service<
  Countries,
  {
    /** ISO code; empty if unknown. */
    of(ip: string): string
  }
>()("@analytics/data-ingestion/loader/Countries") {
  static readonly layer = Layer.effect(
    Countries,
    Effect.gen(function* () {
      const { geoipDatabase } = yield* LoaderConfig
      if (Option.isNone(geoipDatabase)) return Countries.of({ of: () => "" })
      const path = geoipDatabase.value
      const reader = yield* Effect.tryPromise({
        try: async () => new Reader<CountryResponse>(await readFile(path)),
        catch: (cause) => new GeoipUnreadable({ path, cause })
      })
      const cache = new BoundedCache<string, string>(50_000)
      return Countries.of({
        of: (ip) => {
          const known = cache.get(ip)
          if (known !== undefined) return known
          // The reader finds something for every text; a hashed address has no country.
          const country =
            isIP(ip) === 0 ? "" : (reader.get(ip)?.country?.iso_code ?? "")
          cache.set(ip, country)
          return country
        }
      })
    })
  )
}
