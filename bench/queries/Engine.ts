/** The event store itself, spoken to directly. */
export interface Engine {
  readonly run: (
    query: string,
    params?: Readonly<Record<string, string | number>>
  ) => Promise<string>
}

/** Speaks ClickHouse's HTTP interface at a URL with user, password and database. */
export const openEngine = (clickhouse: string): Engine => {
  const url = new URL(clickhouse)
  const authorization = `Basic ${btoa(`${url.username}:${url.password}`)}`
  const database = url.pathname.slice(1)
  return {
    run: async (query, params = {}) => {
      const search = new URLSearchParams({ database })
      for (const [name, value] of Object.entries(params))
        search.set(`param_${name}`, String(value))
      const response = await fetch(`${url.origin}/?${search}`, {
        method: "POST",
        headers: url.username === "" ? {} : { authorization },
        body: query,
        signal: AbortSignal.timeout(600_000)
      })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return text
    }
  }
}
