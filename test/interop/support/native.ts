/** The C programs of bench/native, compiled once for each version of their source and kept in the temporary folder. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runNow } from './processes.ts'
import { projectDirectory } from './project.ts'

export type NativeProgram = 'floor' | 'seeder' | 'leecher' | 'runstat' | 'link'

const LIBRARIES: Record<NativeProgram, readonly string[]> = {
  floor: ['-lcrypto'],
  seeder: ['-pthread'],
  leecher: ['-pthread'],
  runstat: [],
  link: [],
}

/** @returns the program's path. @throws Error with the compiler's words */
export function nativeProgram(name: NativeProgram): string {
  const source = join(projectDirectory, 'bench', 'native', `${name}.c`)
  const version = createHash('sha1').update(readFileSync(source)).digest('hex').slice(0, 12)
  const directory = join(tmpdir(), `torrent-dl-native-${process.getuid?.() ?? 0}`)
  const program = join(directory, `${name}-${version}`)
  if (existsSync(program)) return program
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Under another name first: two runs may compile at the same time.
  const unfinished = `${program}.${process.pid}`
  runNow(['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', unfinished, source, ...LIBRARIES[name]])
  renameSync(unfinished, program)
  return program
}
