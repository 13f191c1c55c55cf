import { createServer } from "node:http"
import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { observable } from "@observablehq/notebook-kit/vite"
import { createServer as createVite } from "vite"
import type { Destination } from "./forward.ts"
import { installedPackages } from "./installedPackages.ts"
import { pages } from "./pages.ts"
import { root } from "./root.ts"

const repository = resolve(root, "..")
const kit = dirname(fileURLToPath(import.meta.resolve("@observablehq/notebook-kit")))

/** A server of the notebooks, for this machine alone. */
export interface Preview {
  readonly url: string
  readonly close: () => Promise<void>
}

/** @param port 0 takes any that is free. */
export const startPreview = async (options: {
  readonly port: number
  readonly destination: () => Promise<Destination>
}): Promise<Preview> => {
  const http = createServer()
  const vite = await createVite({
    configFile: false,
    root,
    appType: "mpa",
    logLevel: "warn",
    plugins: [
      pages({ repository, destination: options.destination }),
      installedPackages(root),
      observable({ template: resolve(root, "template.html") })
    ],
    resolve: { alias: [{ find: /^observable:/u, replacement: `${kit}/` }] },
    // All that a notebook needs: a package that is found late reloads the page.
    optimizeDeps: {
      noDiscovery: true,
      include: [
        "@observablehq/plot",
        "@observablehq/inputs",
        "d3",
        "htl",
        "@observablehq/notebook-kit > @observablehq/runtime",
        "@observablehq/notebook-kit > @observablehq/inspector",
        "@observablehq/notebook-kit > markdown-it"
      ]
    },
    server: {
      // Without a server of its own Vite does not end the process when it is told to.
      middlewareMode: true,
      hmr: { server: http },
      // By default /@fs/ shows all of the repository, and with it the stack's keys.
      fs: {
        strict: true,
        allow: [
          root,
          resolve(repository, "node_modules/.bun"),
          resolve(repository, "libs/ml-models/src")
        ],
        deny: ["**/.data/**", "**/stack.json", "**/.env*", "**/.git/**"]
      }
    }
  })
  http.on("request", vite.middlewares)
  const port = await new Promise<number>((done, failed) => {
    http.once("error", failed)
    http.listen(options.port, "127.0.0.1", () => {
      const address = http.address()
      if (address !== null && typeof address === "object") done(address.port)
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await vite.close()
      http.closeAllConnections()
      await new Promise<void>((done) => {
        http.close(() => done())
      })
    }
  }
}
