import { Layer } from "effect"
import { SharedContents } from "./SharedContents.ts"
import { SharedTiles } from "./SharedTiles.ts"
import { ShareLinkRepo } from "./ShareLinkRepo.ts"
import { ShareLinks } from "./ShareLinks.ts"

/** Share links, of what is saved and how that is asked. */
export const ShareLinksLive = ShareLinks.layer.pipe(
  Layer.provide([ShareLinkRepo.layer, SharedContents.layer, SharedTiles.layer])
)
