/** An element of a page, with the values of its attributes as browsers see them. */
export interface PageElement {
  readonly tag: string
  readonly attributes: ReadonlyMap<string, string>
}

/** Every element of a page, as a real parser of HTML finds them, and its text. */
export const pageParts = async (
  page: string
): Promise<{
  readonly elements: ReadonlyArray<PageElement>
  readonly text: string
}> => {
  const elements: Array<PageElement> = []
  let text = ""
  const rewriter = new HTMLRewriter()
    .on("*", {
      element: (element) => {
        elements.push({
          tag: element.tagName,
          attributes: new Map(
            [...element.attributes].map(([name = "", value = ""]) => [name, value])
          )
        })
      }
    })
    .onDocument({
      text: (part) => {
        text += part.text
      }
    })
  await rewriter.transform(new Response(page)).text()
  return { elements, text }
}

/** What would run a script or ask another server, of the elements of a page. */
export const unsafe = (elements: ReadonlyArray<PageElement>): ReadonlyArray<string> =>
  elements.flatMap(({ tag, attributes }) => [
    ...(/^(?:script|iframe|object|embed|base|form|link|foreignobject|use|animate|set)$/u.test(
      tag
    )
      ? [tag]
      : []),
    ...[...attributes].flatMap(([name, value]) => {
      const bad =
        name.startsWith("on") ||
        (/^(?:src|srcset|action|data|poster|background|xlink:href)$/u.test(name) &&
          !/^(?:cid:|data:image\/png)/u.test(value)) ||
        (name === "href" && !/^(?:https?:\/\/|mailto:|#)/u.test(value)) ||
        (/url\(/iu.test(value) && !/^url\(['"]?#/iu.test(value) && name !== "content")
      return bad ? [`${tag} ${name}=${value.slice(0, 80)}`] : []
    })
  ])
