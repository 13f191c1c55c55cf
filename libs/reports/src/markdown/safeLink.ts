/** Whether a link may be followed: an absolute address of the web or of mail. */
export const isSafeLink = (href: string): boolean => {
  if (!/^(?:https?:\/\/|mailto:)[^\s]/iu.test(href) || href.length > 2000) return false
  return URL.canParse(href)
}
