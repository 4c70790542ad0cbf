/** Why a port cannot be had, in words for whoever chose it. Pure. */
import { messageOf, systemCodeOf } from './errors.ts'

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'in use by another program',
  EADDRNOTAVAIL: 'not an address of this machine',
  EACCES: 'not allowed (ports below 1024 need rights)',
}

/** @param error what listening failed with */
export function whyNotListening(error: unknown): string {
  return REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error)
}
