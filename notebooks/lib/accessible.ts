/**
 * What Plot and Inputs leave out for those who do not see the page, or use no mouse: a
 * picture is one thing with one name, each part of an input has a label, and whatever
 * scrolls can have the focus.
 */
const mend = (root: ParentNode): void => {
  for (const picture of root.querySelectorAll("svg[aria-label]:not([role])")) {
    picture.setAttribute("role", "img")
    for (const part of picture.querySelectorAll("[aria-label]"))
      part.removeAttribute("aria-label")
  }
  for (const form of root.querySelectorAll("form")) {
    const [label] = form.querySelectorAll("label")
    for (const range of form.querySelectorAll("input[type=range]:not([aria-label])"))
      range.setAttribute("aria-label", label?.textContent ?? "value")
  }
  for (const box of root.querySelectorAll("pre, form[class*=-table]"))
    box.setAttribute("tabindex", "0")
}

new MutationObserver(() => mend(document)).observe(document.body, {
  childList: true,
  subtree: true
})
mend(document)
