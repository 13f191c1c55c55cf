/** As Plausible's ClickHouse has it, with all columns. */
export const pageview = {
  timestamp: "2024-05-01 10:00:00",
  name: "pageview",
  site_id: 7,
  user_id: 1,
  session_id: 2,
  hostname: "x.test",
  pathname: "/a",
  referrer: "news.test/item",
  referrer_source: "Hacker News",
  country_code: "DE",
  screen_size: "Desktop",
  operating_system: "Mac",
  operating_system_version: "14",
  browser: "Safari",
  browser_version: "17",
  utm_source: "mail",
  utm_medium: "",
  subdivision1_code: "DE-BE",
  city_geoname_id: 2950159,
  "meta.key": ["author"],
  "meta.value": ["Ann"],
  scroll_depth: 255,
  engagement_time: 0,
  revenue_source_amount: null,
  revenue_source_currency: "\0\0\0",
  channel: "Email"
}

/** As Umami's database has it, with the columns of its session. */
export const event = {
  event_id: "2d9dcd1a-0000-4000-8000-000000000001",
  website_id: "50429a93-8479-4073-be80-d5d29c09c2ec",
  session_id: "s-1",
  visit_id: "v-1",
  created_at: "2024-05-01 10:00:00.5+00",
  hostname: "x.test",
  url_path: "/a#c",
  url_query: "b=1",
  referrer_domain: "news.test",
  referrer_path: "/item",
  page_title: "A",
  event_type: "1",
  event_name: "",
  tag: "blue",
  browser: "chrome",
  os: "Windows 10",
  device: "laptop",
  screen: "1440x900",
  language: "de-DE",
  country: "DE",
  region: "DE-BE",
  city: "Berlin",
  gclid: "g-1",
  distinct_id: ""
}

/** As it is sent. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Of the event that a row became. */
export const idOf = (mapped: { readonly event?: object | undefined }): unknown =>
  mapped.event !== undefined && "messageId" in mapped.event
    ? mapped.event.messageId
    : undefined
