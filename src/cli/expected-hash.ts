/** `--expect HASH`: is this the torrent that the user means? Pure. */
import { VerificationError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { formatCount } from './format.ts'

/**
 * @param label names the torrent in messages @param expected as DownloadFlags.expect; empty: any will do
 * @throws VerificationError INFO_HASH_UNEXPECTED
 */
export function assertExpected(
  { infoHash }: Metainfo,
  label: string,
  expected: readonly string[] = [],
): void {
  const actual = infoHash.toString('hex')
  if (expected.length === 0 || expected.includes(actual)) return
  const [only = ''] = expected
  const wanted =
    expected.length === 1 ? only : `one of the ${formatCount(expected.length)} that --expect names`
  throw new VerificationError('INFO_HASH_UNEXPECTED', `${label}: its info-hash is ${actual}, not ${wanted}`)
}
