/** One element of a path: bytes to text, text to a name that is safe on every file system and on a terminal. */
import { isUtf8 } from 'node:buffer'

/** What nearly every file system allows for one name. */
export const MAX_NAME_BYTES = 255
/** A longer "extension" is just a name with a dot in it. */
const MAX_EXTENSION_BYTES = 32

/** Controls (C0, DEL, C1), line separators, bidi marks and overrides, zero-width characters, and the backslash. */
const REPLACED = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\\]/gu

/** UTF-8 to text; every maximal run of bytes that is no UTF-8 becomes `_`. */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return isUtf8(bytes) ? text : text.replaceAll('\ufffd', '_')
}

/**
 * The name as it is used on disk: unsafe characters become `_` (one each), a drive prefix loses its colon, a long
 * name is cut to 255 bytes before its extension. Doing it twice changes nothing.
 */
export function cleanElement(text: string): string {
  const withoutDrive = text.replace(/^([A-Za-z]):(?=\\)/, '$1_')
  return fit(withoutDrive.replace(REPLACED, '_'), '')
}

/** `name.1.ext` for `name.ext`, cut so that it still fits 255 bytes. */
export function withSuffix(name: string, suffix: number): string {
  return fit(name, `.${suffix}`)
}

/** Names with the same fold are one name on file systems that ignore case or normalise. */
export function foldName(name: string): string {
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}

/** Puts `insert` before the extension and cuts the stem so that the whole fits. */
function fit(name: string, insert: string): string {
  if (insert === '' && Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const extension = extensionOf(name)
  const stem = name.slice(0, name.length - extension.length)
  const room = MAX_NAME_BYTES - Buffer.byteLength(extension) - insert.length
  return `${cutToBytes(stem, room)}${insert}${extension}`
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 ? name.slice(dot) : ''
  return Buffer.byteLength(extension) <= MAX_EXTENSION_BYTES ? extension : ''
}

/** The longest beginning of whole characters that fits. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
