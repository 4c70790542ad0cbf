/** The torrent's bytes as they lie on disk: in the files, and for those that nobody chose in the parts file. */
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { UseDescriptors } from './byte-source.ts'
import type { DataFiles } from './data-files.ts'
import type { FileTable } from './file-table.ts'
import type { PartsFile } from './parts-file.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { cutAtPieces } from '../metainfo/geometry.ts'
import { withDescriptorSpans } from './descriptor-spans.ts'
import { firstBytes, lengthOf, withoutFirst } from './scatter.ts'

export interface StoredBytesOptions {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly files: DataFiles
  readonly parts: PartsFile
}

export class StoredBytes {
  readonly #metainfo: Metainfo
  readonly #table: FileTable
  readonly #files: DataFiles
  readonly #parts: PartsFile

  constructor({ metainfo, table, files, parts }: StoredBytesOptions) {
    this.#metainfo = metainfo
    this.#table = table
    this.#files = files
    this.#parts = parts
  }

  /** Fills `into`, one buffer after another, from `start`. @throws StorageError DISK_SHORT where the data is not there */
  async read(start: number, into: readonly Buffer[]): Promise<void> {
    let left = into
    for (const { file, offset, length } of fileSpans(this.#metainfo.files, start, lengthOf(into))) {
      const parts = firstBytes(left, length)
      if (!this.#table.isReal(file)) for (const part of parts) part.fill(0)
      else if (this.#table.isWanted(file)) await this.#files.read(file, offset, parts)
      else await this.#readUnwanted(file, offset, parts)
      left = withoutFirst(left, length)
    }
  }

  /** From the parts file where that has the piece; else from the file, if it is there. */
  async #readUnwanted(file: number, offset: number, into: readonly Buffer[]): Promise<void> {
    const { files, geometry } = this.#metainfo
    const fileStart = files[file]?.start ?? 0
    let left = into
    for (const { piece, start, length } of cutAtPieces(geometry, fileStart + offset, lengthOf(into))) {
      const buffers = firstBytes(left, length)
      if (this.#parts.has(piece)) await this.#parts.read(start, buffers)
      else await this.#files.read(file, start - fileStart, buffers)
      left = withoutFirst(left, length)
    }
  }

  /** See ByteSource. @throws StorageError when one of them cannot be opened */
  async withDescriptors(start: number, length: number, use: UseDescriptors): Promise<Buffer | undefined> {
    const spans = fileSpans(this.#metainfo.files, start, length)
    // What was not chosen may lie in two places: reading it knows which.
    const isPlain = ({ file }: FileSpan): boolean => this.#table.isWanted(file) || !this.#table.isReal(file)
    if (!spans.every(isPlain)) return undefined
    return withDescriptorSpans(
      spans,
      async (file, useOne) =>
        this.#table.isReal(file) ? this.#files.withDescriptor(file, useOne) : useOne(),
      use,
    )
  }
}
