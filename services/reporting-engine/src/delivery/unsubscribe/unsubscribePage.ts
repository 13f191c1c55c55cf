/** What the page says, and where its button leads: to the token or below it. */
const states = {
  asks: {
    title: "Hear no more of this?",
    text: "These messages will no longer be sent to you:",
    action: "",
    button: "Unsubscribe"
  },
  done: {
    title: "You will hear no more of this",
    text: "Nothing more of this is sent to:",
    action: "/undo",
    button: "That was a mistake"
  },
  undone: {
    title: "You will hear of this again",
    text: "It is sent again to:",
    action: undefined,
    button: ""
  },
  unknown: {
    title: "This link leads nowhere",
    text: "It is incomplete, or of another installation. Use the link of a newer message.",
    action: undefined,
    button: ""
  },
  away: {
    title: "This does not work now",
    text: "Nothing was changed. Try again in a few minutes.",
    action: undefined,
    button: ""
  }
} as const

/** A page without script: what is asked or was done, and a button. */
export const unsubscribePage = (
  state: keyof typeof states,
  recipient?: string,
  token = ""
): string => {
  const { action, button, text, title } = states[state]
  const who =
    recipient === undefined ? "" : `<p><strong>${escaped(recipient)}</strong></p>`
  const form =
    action === undefined
      ? ""
      : `<form method="post" action="${escaped(token)}${action}"><button>${button}</button></form>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${who}${form}</main></body></html>`
}

const style = `:root{color-scheme:light dark}
body{font:18px/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh}
main{max-width:32rem;padding:1.5rem}
button{font:inherit;padding:.6rem 1.2rem;min-height:44px;border-radius:.4rem;border:1px solid;cursor:pointer}`

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
