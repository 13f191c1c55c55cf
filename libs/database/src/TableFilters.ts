import { type ClickHouseSettings, SettingsMap } from "@clickhouse/client"

/**
 * The setting `additional_table_filters`: conditions that hold for every read of a table,
 * by `database.table`. Conditions are ours, without quotes or backslashes.
 */
export const tableFilters = (
  conditions: ReadonlyMap<string, string>
): Pick<ClickHouseSettings, "additional_table_filters"> => {
  const texts = [...conditions].flat()
  if (texts.some((text) => /['\\]/u.test(text)))
    throw new RangeError("a table filter with a quote")
  return { additional_table_filters: SettingsMap.from(Object.fromEntries(conditions)) }
}
