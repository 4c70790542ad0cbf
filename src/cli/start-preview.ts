/** From flags and the process to `-l` and `-n`: nothing is written, no connection is opened. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../common/clock.ts'
import { InputError, KnownError, UsageError } from '../common/errors.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import { silentLog } from '../common/log.ts'
import { wantedPieces } from '../metainfo/file-selection.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { FileStorage } from '../storage/file-storage.ts'
import { maskSource } from '../tracker/mask-url.ts'
import {
  chosenFiles,
  formatList,
  formatPlan,
  listFields,
  planDownload,
  planFields,
} from './commands/preview.ts'
import type { DownloadPlan } from './commands/preview.ts'
import type { CliContext } from './context.ts'
import { toSafeJson } from './safe-json.ts'
import { combinedExitCode, describeError, EXIT, exitCodeOf } from './exit-codes.ts'
import { formatPercent, formatProgress } from './format.ts'
import { chooseFiles, chosenPieces, torrentSettings } from './item-options.ts'
import type { ItemOptions } from './item-options.ts'
import { assertExpected } from './expected-hash.ts'
import type { DownloadFlags } from './flags.ts'
import type { QueuedSource, SourceQueue } from './source-queue.ts'
import { readSource, sourceLabel } from './source.ts'
import { findStateDirectory } from './state-directory.ts'
import { describeTerminal } from './terminal.ts'

const VERSION = 1
const PROGRESS_EVERY_MS = 10_000

/** @returns the exit code */
export async function startPreview(
  sources: SourceQueue,
  flags: DownloadFlags,
  context: CliContext,
  local: LocalAddresses,
): Promise<number> {
  const { known, isAll } = sources.count
  const preview = new Preview({ flags, context, local, isBatch: known > 1 || !isAll })
  const codes = new Set<number>()
  let count = 0
  for (let next = await sources.next(); next !== undefined; next = await sources.next()) {
    codes.add(await preview.show(next))
    count++
  }
  return combinedExitCode([...codes], count)
}

interface PreviewParts {
  readonly flags: DownloadFlags
  readonly context: CliContext
  /** From which addresses of ours those of sources are asked. */
  readonly local: LocalAddresses
  readonly isBatch: boolean
}

class Preview {
  readonly #local: LocalAddresses
  readonly #flags: DownloadFlags
  readonly #context: CliContext
  readonly #clean: (text: string) => string
  readonly #cleanError: (text: string) => string
  readonly #isBatch: boolean
  #shownCount = 0

  constructor({ flags, context, local, isBatch }: PreviewParts) {
    this.#flags = flags
    this.#context = context
    this.#local = local
    this.#clean = describeTerminal(context.stdout, context.env, flags.color).clean
    this.#cleanError = describeTerminal(context.stderr, context.env, flags.color).clean
    this.#isBatch = isBatch
  }

  /** @returns the exit code of this source; throws what is no source's fault */
  async show({ source: given, item }: QueuedSource): Promise<number> {
    const source = maskSource(given)
    try {
      if (item instanceof InputError) throw item
      const bytes = await readSource(given, this.#context.stdin, { local: this.#local })
      const metainfo = readTorrentFile(bytes)
      assertExpected(metainfo, sourceLabel(source), item.expected)
      await this.#showTorrent(source, metainfo, item)
      return EXIT.ok
    } catch (error) {
      if (!(error instanceof KnownError) || error instanceof UsageError) throw error
      const code = exitCodeOf(error)
      if (code === EXIT.internal) throw error
      this.#fail(source, error, code)
      return code
    }
  }

  async #showTorrent(source: string, metainfo: Metainfo, item: ItemOptions): Promise<void> {
    const selection = await chooseFiles(metainfo, item)
    for (const notice of selection?.notices ?? []) this.#say(`${metainfo.name}: ${notice}`)
    const files = chosenFiles(metainfo, selection?.priorities)
    if (this.#flags.list) {
      const text = formatList(files, this.#clean)
      this.#print(source, metainfo, { type: 'list', fields: listFields(metainfo, files), text })
      return
    }
    const chosen = selection === undefined ? undefined : chosenPieces(metainfo, selection)
    const settings = torrentSettings(item, [], chosen)
    const have = await this.#survey(metainfo, settings)
    const wanted =
      settings.wantedFiles === undefined ? undefined : wantedPieces(metainfo, settings.wantedFiles)
    const plan: DownloadPlan = planDownload(metainfo, files, { wanted, have })
    const path = join(item.outputDirectory, metainfo.name)
    const text = formatPlan(plan, this.#clean)
    this.#print(source, metainfo, { type: 'plan', fields: planFields(metainfo, plan, path), text })
  }

  /** @throws StorageError as a download would */
  async #survey(
    metainfo: Metainfo,
    settings: ReturnType<typeof torrentSettings>,
  ): ReturnType<FileStorage['survey']> {
    const { env, userId } = this.#context
    const storage = new FileStorage({
      ...settings,
      metainfo,
      stateDirectory: findStateDirectory(env, tmpdir(), userId),
      log: silentLog,
    })
    let nextAtMs = systemClock.now() + PROGRESS_EVERY_MS
    return await storage.survey({
      onChecked: (checkedBytes, totalBytes) => {
        if (systemClock.now() < nextAtMs) return
        nextAtMs += PROGRESS_EVERY_MS
        const progress = `${formatPercent(checkedBytes, totalBytes)} ${formatProgress(checkedBytes, totalBytes)}`
        this.#say(`${metainfo.name}: checking ${progress}`)
      },
      onFileWhole: () => undefined,
      onNotice: (message) => {
        this.#say(`${metainfo.name}: ${message}`)
      },
      signal: new AbortController().signal,
    })
  }

  /** @param shown as an event, and as text */
  #print(
    source: string,
    { infoHash }: Metainfo,
    { type, fields, text }: { type: string; fields: Record<string, unknown>; text: string },
  ): void {
    const { stdout } = this.#context
    if (this.#flags.json) {
      this.#event(type, { id: infoHash.toString('hex'), source, ...fields })
      return
    }
    if (this.#isBatch) stdout.write(`${this.#shownCount++ === 0 ? '' : '\n'}${this.#clean(source)}:\n`)
    stdout.write(text)
  }

  #event(type: string, fields: Record<string, unknown>): void {
    const event = { v: VERSION, type, time: new Date().toISOString(), ...fields }
    this.#context.stdout.write(`${toSafeJson(event)}\n`)
  }

  #fail(source: string, error: KnownError, code: number): void {
    const message = describeError(error)
    if (this.#flags.json) this.#event('error', { source, code, errorCode: error.code, message })
    const isNamed = /^(TORRENT_FILE|TORRENT_URL|LIST|INFO_HASH)_/.test(error.code)
    this.#tell(isNamed ? message : `${sourceLabel(source)}: ${message}`)
  }

  #say(text: string): void {
    if (!this.#flags.quiet) this.#tell(text)
  }

  #tell(text: string): void {
    this.#context.stderr.write(`torrent-dl: ${this.#cleanError(text)}\n`)
  }
}
