import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["reporting-engine"]

/** Of the processes that send reports and alerts. */
export const deliveryVariables = {
  REPORTING_ENGINE_URL: defaulted(Kind.url, "http://127.0.0.1:4003", {
    of: ["batch-processor"],
    description: "Where reports of subscriptions are made and sent."
  }),
  SMTP_URL: optional(Kind.secretUrl, {
    of,
    description:
      "Server for e-mail, as `smtp://user:password@host:587` (STARTTLS when it offers that; `?tls=required` or `?tls=never`) or `smtps://…:465`. Without it e-mail waits, and the ledger says why."
  }),
  SMTP_FROM: defaulted(Kind.text, "Reports <reports@localhost.localdomain>", {
    of,
    description: "Sender of e-mail, as `Name <address>`."
  }),
  REPORT_RECIPIENTS: defaulted(Kind.list, "", {
    of,
    description:
      "Who may get e-mail: addresses (`ann@example.com`), domains (`example.com`, not what is below it), or `*`. Without it nobody."
  }),
  REPORT_OUTGOING_HOSTS: defaulted(Kind.list, "", {
    of,
    description:
      "Hosts (`hooks.internal`, with a port where it is not that of the scheme) that webhooks may reach at addresses that are not public, and without TLS."
  }),
  REPORT_MAX_ATTACHMENTS: defaulted(Kind.byteSize, "10 MiB", {
    of,
    description: "Files that go with one e-mail, together; larger ones become links."
  }),
  REPORT_SENDERS: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 256 }), "8", {
    of,
    description: "Messages that a process sends at once."
  }),
  REPORT_UNCERTAIN: defaulted(Kind.oneOf("hold", "resend"), "hold", {
    of,
    description:
      "What becomes of e-mail and Slack messages that the other side may have taken without saying so: `hold` leaves them to a person, `resend` sends them again, perhaps twice (with the same Message-ID)."
  })
}
