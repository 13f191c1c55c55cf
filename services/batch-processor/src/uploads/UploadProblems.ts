import { HttpApiError } from "effect/http-api"

export class UploadTooLarge extends HttpApiError.Problem<UploadTooLarge>()(
  "UploadTooLarge",
  {
    type: "urn:analytics:problem:upload-too-large",
    status: 413,
    title: "The upload is larger than uploads may be"
  }
) {}

/** Also what a body becomes that breaks off. */
export class UploadUnreadable extends HttpApiError.Problem<UploadUnreadable>()(
  "UploadUnreadable",
  {
    type: "urn:analytics:problem:upload-unreadable",
    status: 400,
    title: "The upload cannot be read"
  }
) {}

export class TooManyUploads extends HttpApiError.Problem<TooManyUploads>()(
  "TooManyUploads",
  {
    type: "urn:analytics:problem:too-many-uploads",
    status: 429,
    title: "The project keeps as many uploads as it may"
  }
) {}
