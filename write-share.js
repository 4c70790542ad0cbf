/**
 * dist/share: the man page and the completion scripts, in the folders where man and the shells look below a prefix.
 * Made from the compiled definition of the command line. The date of the page is SOURCE_DATE_EPOCH's, if it is set.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shareFiles } from './dist/src/cli/share-files.js'

const SHARE = fileURLToPath(new URL('dist/share/', import.meta.url))

const seconds = process.env.SOURCE_DATE_EPOCH ?? ''
const date = seconds === '' ? '' : new Date(Number(seconds) * 1000).toISOString().slice(0, 10)
for (const [name, text] of Object.entries(shareFiles(date))) {
  const path = join(SHARE, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
