/** Text as one element of the path of an address. Pure. */

/** Also what encodeURIComponent leaves, and a shell does not: people paste these addresses. */
export function urlElement(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
