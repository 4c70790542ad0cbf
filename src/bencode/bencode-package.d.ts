/** The part of the `bencode` package (v4) that codec.ts uses; the package brings no types. */
declare module 'bencode' {
  const bencode: {
    /** Strings become Uint8Array copies, integers numbers, keys text, dictionaries plain objects. */
    decode(bytes: Uint8Array): unknown
    encode(value: unknown): Uint8Array
  }
  export default bencode
}
