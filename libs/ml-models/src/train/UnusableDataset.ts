import { Schema } from "effect"

/** Data or options of which no model can be made: what is wrong, and what to do. */
export class UnusableDataset extends Schema.TaggedError<UnusableDataset>()(
  "UnusableDataset",
  {
    reason: Schema.Literals([
      "no-rows",
      "no-features",
      "shape",
      "label",
      "one-class",
      "weight",
      "infinite",
      "names",
      "option"
    ]),
    detail: Schema.String
  }
) {
  override get message() {
    return this.detail
  }
}
