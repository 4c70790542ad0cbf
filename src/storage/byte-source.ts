/** Where the bytes that are to be hashed come from. */

/** A part of a torrent: bytes of an open file, or zeros where the torrent has no file on disk (padding). */
export interface DescriptorSpan {
  /** Undefined: zeros. */
  readonly fd: number | undefined
  /** Position in the file. */
  readonly offset: number
  readonly length: number
}

export interface ByteSource {
  /** Fills `into` with the torrent's bytes from `start`, or rejects. May be called while other calls are under way. */
  readonly read: (start: number, into: Buffer) => Promise<void>
  /**
   * For those who read by themselves, in another thread: `use` gets this part of the torrent, in order, as descriptors
   * that stay open until it has settled; undefined when there would be too many of them. Left out: no descriptors.
   */
  readonly withDescriptors?: (
    start: number,
    length: number,
    use: UseDescriptors,
  ) => Promise<Buffer | undefined>
}

export type UseDescriptors = (spans: readonly DescriptorSpan[]) => Promise<Buffer | undefined>
