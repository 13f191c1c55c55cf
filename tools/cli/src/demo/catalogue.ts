/** What the demo shop sells. Prices in euros. */
export const products = [
  { sku: "CUP-01", name: "Enamel cup", category: "kitchen", price: 12.5 },
  { sku: "POT-02", name: "Moka pot", category: "kitchen", price: 34 },
  { sku: "KNF-03", name: "Paring knife", category: "kitchen", price: 18.9 },
  { sku: "BLK-04", name: "Wool blanket", category: "home", price: 89 },
  { sku: "LMP-05", name: "Desk lamp", category: "home", price: 64.5 },
  { sku: "VAS-06", name: "Stoneware vase", category: "home", price: 42 },
  { sku: "BAG-07", name: "Canvas bag", category: "outdoor", price: 55 },
  { sku: "BTL-08", name: "Steel bottle", category: "outdoor", price: 27.8 },
  { sku: "TNT-09", name: "Two-person tent", category: "outdoor", price: 249 },
  { sku: "NTB-10", name: "Dotted notebook", category: "paper", price: 9.9 },
  { sku: "PEN-11", name: "Fountain pen", category: "paper", price: 38 },
  { sku: "CAL-12", name: "Wall calendar", category: "paper", price: 16 }
] as const
export type Product = (typeof products)[number]

/** Where visitors come from: referrer, campaign, and how often. */
export const sources = [
  { share: 0.34, referrer: "", campaign: {} },
  { share: 0.3, referrer: "https://www.google.com/", campaign: {} },
  {
    share: 0.14,
    referrer: "https://www.instagram.com/",
    campaign: { source: "instagram", medium: "social", name: "autumn" }
  },
  {
    share: 0.12,
    referrer: "https://www.google.com/",
    campaign: { source: "google", medium: "cpc", name: "brand" }
  },
  {
    share: 0.1,
    referrer: "",
    campaign: { source: "newsletter", medium: "email", name: "weekly" }
  }
] as const
export type Source = (typeof sources)[number]

export const browsers = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
] as const
