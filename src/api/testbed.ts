/** `startTestbed` of the library: tracker, seeders and torrent in this process, for tests. */
import type { TestbedOptions } from '../share/testbed-options.ts'
import { placesIn } from '../share/testbed-environment.ts'
import type { TestbedEnvironment, TestbedPlaces } from '../share/testbed-environment.ts'
import { Testbed } from '../share/testbed.ts'

/** A testbed that runs. */
export interface RunningTestbed extends TestbedPlaces {
  readonly torrentBytes: Uint8Array
  /** The same for the environment of a child process. */
  readonly env: TestbedEnvironment
  /** Frees the ports and removes the temporary directory. Never rejects. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Resolves when every seeder can be called and the tracker names it.
 * @throws KnownError: USAGE, INPUT_..., DISK_... of docs/errors.md; the reason of `signal`
 */
export async function startTestbed(options: TestbedOptions = {}): Promise<RunningTestbed> {
  const testbed = await Testbed.open(options)
  const { env, torrentBytes } = testbed
  const close = async (): Promise<void> => testbed.close()
  return {
    ...placesIn(env),
    torrentBytes: new Uint8Array(torrentBytes),
    env: { ...env },
    close,
    [Symbol.asyncDispose]: close,
  }
}
