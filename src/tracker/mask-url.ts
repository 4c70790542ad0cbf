/** Tracker URLs as they may be shown: private trackers put the user's key into them, and logs get shared. */

const MASK = '***'
/** Shorter path segments and values are hardly keys; info-hash-like and random ones are longer. */
const MIN_KEY_LENGTH = 16
const KEY_LIKE = /^[\w.~%+=-]+$/
const KEY_NAMES = /pass|auth|token|key|secret|uid|sig/i

/**
 * The URL without userinfo, and with `***` for path segments and query values that look like keys: 16 characters
 * or more with a digit among them, 32 or more without, or named like one. What cannot be read as a URL loses its userinfo and is cut to
 * 80 characters.
 */
export function maskUrl(text: string): string {
  if (!URL.canParse(text)) return text.replace(/\/\/[^/]*@/, `//${MASK}@`).slice(0, 80)
  const url = new URL(text)
  const userinfo = url.username === '' && url.password === '' ? '' : `${MASK}@`
  const path = url.pathname
    .split('/')
    .map((segment) => (looksLikeKey(segment) ? MASK : segment))
    .join('/')
  return `${url.protocol}//${userinfo}${url.host}${path}${maskedQuery(url.search)}`
}

/**
 * An address of a .torrent without userinfo, and with `***` for values of its query that look like keys. Its path stays:
 * names of files are long, and are what tells one from another. Anything that is no http address stays as it is.
 */
export function maskSource(text: string): string {
  if (!/^https?:\/\//i.test(text)) return text
  const hidden = text.replace(/^([^:]+:\/\/)[^/?#]*@/, `$1${MASK}@`)
  const queryStart = hidden.indexOf('?')
  return queryStart < 0 ? hidden : hidden.slice(0, queryStart) + maskedQuery(hidden.slice(queryStart))
}

function maskedQuery(search: string): string {
  if (search === '') return ''
  const pairs = search
    .slice(1)
    .split('&')
    .map((pair) => {
      const nameEnd = pair.indexOf('=')
      const name = pair.slice(0, Math.max(nameEnd, 0))
      const value = pair.slice(nameEnd + 1)
      const isSecret = value !== '' && (KEY_NAMES.test(name) || looksLikeKey(value))
      if (!isSecret) return pair
      return nameEnd < 0 ? MASK : `${name}=${MASK}`
    })
  return `?${pairs.join('&')}`
}

function looksLikeKey(text: string): boolean {
  if (text.length < MIN_KEY_LENGTH || !KEY_LIKE.test(text)) return false
  return /\d/.test(text) || text.length >= 2 * MIN_KEY_LENGTH
}
