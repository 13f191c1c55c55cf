import { compareLinks, type Link } from "@analytics/data-processing/Identity"

/**
 * Links of one project without those that tell nothing new: a pair counts when it is
 * first seen, and again only if it turns out to be older.
 */
export class LinkSet {
  readonly #links = new Map<string, Array<Link>>()

  add(link: Link): void {
    const pair = pairOf(link)
    const known = this.#links.get(pair)
    if (known === undefined) this.#links.set(pair, [link])
    else if (!known.some((other) => tellsAsMuch(other, link)))
      this.#links.set(pair, [
        ...known.filter((other) => !tellsAsMuch(link, other)),
        link
      ])
  }

  get all(): ReadonlyArray<Link> {
    return [...this.#links.values()].flat()
  }
}

/** Who is tied to whom, and how; ids of links hold no NUL. */
export const pairOf = ({
  kind,
  from,
  to
}: Pick<Link, "kind" | "from" | "to">): string => `${kind}\0${from}\0${to}`

/** Whether a link leaves nothing for another of its pair to tell. */
export const tellsAsMuch = (link: Link, other: Link): boolean =>
  link.knownAt <= other.knownAt && compareLinks(link, other) <= 0
