/** Parts of files -> open descriptors, for those who read by themselves. */
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { DescriptorSpan, UseDescriptors } from './byte-source.ts'

/** A thread has few files open at a time: descriptors are scarce, and opening many takes longer than hashing them. */
const MAX_DESCRIPTORS = 16

/** Has a file open until `use` has settled. @param fd undefined: it is all zeros and lies nowhere */
export type WithDescriptor = (
  file: number,
  use: (fd?: number) => Promise<Buffer | undefined>,
) => Promise<Buffer | undefined>

/**
 * All of them open at a time, in order, until `use` has settled. @returns undefined when that would be too many
 * @throws what `withDescriptor` rejects with
 */
export async function withDescriptorSpans(
  spans: readonly FileSpan[],
  withDescriptor: WithDescriptor,
  use: UseDescriptors,
): Promise<Buffer | undefined> {
  if (spans.length > MAX_DESCRIPTORS) return undefined
  const open = async (opened: readonly DescriptorSpan[]): Promise<Buffer | undefined> => {
    const span = spans[opened.length]
    if (span === undefined) return use(opened)
    const { file, offset, length } = span
    return withDescriptor(file, async (fd) => open([...opened, { fd, offset, length }]))
  }
  return open([])
}
