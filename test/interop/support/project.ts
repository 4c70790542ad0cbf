/** Where this project's own files are, seen from compiled code as well as from sources. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, whichever folder the code was compiled into. */
export const projectDirectory = findUpwards(dirname(fileURLToPath(import.meta.url)), 'package.json')

/** The compiled form of a TypeScript file of this project. @param path from the root, without `.ts` */
export function compiledPath(path: string): string {
  return fileURLToPath(new URL(`../../../${path}.js`, import.meta.url))
}

function findUpwards(from: string, marker: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, marker))) return directory
    if (directory === dirname(directory)) throw new Error(`no ${marker} above ${from}`)
  }
}
