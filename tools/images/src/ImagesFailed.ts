import { Schema } from "effect"

/** An image is not what it should be, or could not be made; `message` says which and why. */
export class ImagesFailed extends Schema.TaggedError<ImagesFailed>()("ImagesFailed", {
  message: Schema.String
}) {}
