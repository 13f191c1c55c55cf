import { Umami } from "@umami/node"
import { nothing, type OfficialClient, propertiesOf, SENT } from "./OfficialClient.ts"

export const umami: OfficialClient = {
  package: "@umami/node",
  retries: nothing,
  batch: 1,
  reports: true,
  users: false,
  start: (hostUrl, websiteId) => {
    const delivered = new Set<number>()
    const ended: Array<Promise<void>> = []
    const client = new Umami({ hostUrl, websiteId })
    return {
      delivered,
      send: (n) => {
        const { even, ...data } = propertiesOf(n)
        // Its types say text, numbers and dates; it sends whatever it is given.
        const sent = client.track({ url: "/", name: SENT, data: { ...data, even } })
        ended.push(
          sent.then(
            ({ ok }) => {
              if (ok) delivered.add(n)
            },
            () => {}
          )
        )
      },
      finish: async () => {
        await Promise.all(ended)
      }
    }
  }
}
